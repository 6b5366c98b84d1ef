import type { Message, Outcome, Scope, Step, StepFields } from '@observatory/core/recorder';
import type { Call } from './call.js';
import { errorFacts, errorText, outcomeOf } from './map-error.js';
import { assembled } from './map-messages.js';
import { mapCost, mapUsage } from './map-usage.js';
import { finishReasonOf, PartialAnswer } from './partial-answer.js';
import { count, defined, type Fields, fields, isFields, list, text } from './plain.js';
import { record } from './record.js';
import { type StreamObserver, tapStream } from './tap-stream.js';

/** A stream that breaks off is usually followed by the SDK's own word about it; without one it counts after this. */
const SDK_ANSWERS_WITHIN_MS = 1_000;

const EMPTY = 'The stream ended without an answer';

export interface ModelCallStart {
  kind?: string;
  provider?: string | undefined;
  modelId?: string | undefined;
  messages?: Message[] | undefined;
  tools?: unknown;
  parameters?: Fields | undefined;
}

/** One step: a model call with all its attempts. */
export class ModelCall implements StreamObserver {
  readonly step: Step;
  readonly scope: Scope;
  /** What stops the request: the host's signal, or one of the SDK's that knows of its time-outs, too. */
  signal: AbortSignal | undefined;
  attempts = 0;
  partial = new PartialAnswer();
  /** How it ended; `abandoned` may still change. */
  outcome: Outcome | undefined;
  /** What went wrong, as it may be shown. */
  error: string | undefined;
  /** What it answered: the whole text, or what came before it broke off. */
  text = '';
  readonly #call: Call;
  readonly #provider: string;
  readonly #requested: string | undefined;
  readonly #startedAt = performance.now();
  #streamed = false;
  #streamEnded = false;
  #lastError: unknown;
  #failedAttempt = false;
  /** Whether the SDK has said what the answer is. */
  #complete = false;

  constructor(call: Call, start: ModelCallStart) {
    this.#call = call;
    this.#provider = start.provider ?? '';
    this.#requested = start.modelId;
    const { kind, messages, parameters } = start;
    const definitions = call.inputs ? list(start.tools).filter(isFields).map(toolDefinition) : [];
    this.step = record.startStep(call.run, {
      kind,
      model: start.modelId === undefined ? undefined : { requested: start.modelId },
      provider: start.provider === undefined ? undefined : providerName(start.provider),
      parameters,
      messages: messages && (() => messages),
      contentBytes: messages && sizeOf(messages),
      toolDefinitions: definitions.length > 0 ? () => definitions : undefined,
    });
    this.scope = { run: call.run, step: this.step };
  }

  /** A request goes out; a retry is a further attempt of the same step. */
  attempt(): void {
    this.attempts++;
    this.#failedAttempt = false;
    this.#streamEnded = false;
    if (this.attempts > 1) this.partial = new PartialAnswer();
  }

  attemptFailed(error: unknown): void {
    this.#failedAttempt = true;
    this.#lastError = error;
    if (this.#call.finished) this.fail(error);
  }

  /** The provider answered: a whole result, or one with a stream that is watched from here on. */
  answered(result: unknown): void {
    const { stream } = fields(result);
    if (!(stream instanceof ReadableStream)) return;
    this.#streamed = true;
    // The SDK does not read what it asked for before it heard of the abort.
    const { aborted } = this.#call;
    if (aborted) this.#stop(aborted);
    const attempt = this.attempts;
    const current = () => attempt === this.attempts;
    tapStream(stream, {
      part: (part) => current() && this.part(part),
      ended: () => current() && this.ended(),
      failed: (error) => current() && this.failed(error),
      cancelled: () => current() && this.cancelled(),
      idle: () => current() && this.idle(),
    });
  }

  part(part: unknown): void {
    this.partial.add(part);
  }

  ended(): void {
    this.#streamEnded = true;
    this.#call.waitForReader();
    // Its tools may run on for long: the model is done now. What the SDK says of the answer is added when it does.
    if (this.partial.finish) {
      if (this.outcome === undefined) this.answer({});
    } else if (this.partial.content.length === 0) {
      // Older versions of SDK 7 say nothing of a stream that held nothing.
      this.#unlessEndedSoon(() => this.#call.stop('incomplete', EMPTY));
    }
  }

  failed(error: unknown): void {
    this.attemptFailed(error);
    this.#unlessEndedSoon(() => this.#call.fail(error));
  }

  cancelled(): void {
    this.#unlessEndedSoon(() => this.#call.stop('cancelled'));
  }

  idle(): void {
    if (this.outcome === undefined) this.#call.stop('abandoned');
  }

  #unlessEndedSoon(then: () => void): void {
    const attempts = this.attempts;
    const timer = setTimeout(() => {
      if (this.outcome === undefined && this.attempts === attempts) then();
    }, SDK_ANSWERS_WITHIN_MS);
    (timer as { unref?: () => void }).unref?.();
  }

  /** The model is done. Said twice it adds what is new. */
  answer(result: Fields): void {
    const reason = finishReasonOf(result.finishReason) ?? this.partial.finish?.reason;
    this.text = contentText(result) ?? this.partial.text;
    const failed = reason === 'error' || this.partial.failed;
    const broken = this.#streamed && this.#streamEnded && !this.partial.finish && !failed;
    if (failed) this.#say(this.partial.failed ? this.partial.error : this.#lastError);
    else if (broken) this.error = 'The stream ended before the model was done';
    this.#complete ||= contentParts(result) !== undefined;
    this.#end(failed ? 'error' : broken ? 'incomplete' : 'ok', this.#fields(result, reason));
  }

  /** The step is over without an answer. */
  fail(error: unknown): void {
    const cause = error ?? this.#lastError ?? (this.partial.failed ? this.partial.error : undefined);
    const outcome = outcomeOf(cause);
    this.#say(cause);
    this.#stop(outcome, errorFacts(cause));
  }

  /** It ends without an answer, with what there is of one. */
  stop(outcome: Outcome, message?: string): void {
    this.error = message;
    this.#stop(outcome);
  }

  #stop(outcome: Outcome, metadata: Fields = {}): void {
    this.text ||= this.partial.text;
    const known = this.#fields({}, this.partial.finish?.reason);
    this.#end(outcome, { ...known, metadata: { ...known.metadata, ...metadata } });
  }

  /** Why nothing came of it, if that is known. */
  get failure(): { error: unknown } | undefined {
    if (this.#failedAttempt) return { error: this.#lastError };
    return this.partial.failed ? { error: this.partial.error } : undefined;
  }

  get over(): boolean {
    return this.outcome !== undefined && this.outcome !== 'abandoned';
  }

  #say(error: unknown): void {
    if (error !== undefined) this.error = errorText(error, this.#call.inputs && this.#call.outputs);
  }

  #end(outcome: Outcome, known: StepFields): void {
    const again = this.outcome !== undefined;
    this.outcome = outcome;
    record.endStep(this.step, {
      ...known,
      outcome,
      error: outcome === 'ok' ? undefined : this.error,
      endTime: again && outcome !== 'ok' ? new Date() : undefined,
    });
  }

  /** Adds what the SDK says of a step that is over: all of it where the stream alone had told so far. */
  amend(result: Fields): void {
    if (!this.#complete) {
      this.#complete = true;
      record.amendStep(this.step, this.#fields(result, finishReasonOf(result.finishReason)));
      return;
    }
    const response = fields(result.response);
    const used = text(response.modelId) ?? this.partial.modelId;
    record.amendStep(this.step, {
      model: used === undefined ? undefined : { used },
      metadata: this.#metadata(result, text(response.id) ?? this.partial.responseId),
      cost: mapCost(result.providerMetadata),
    });
  }

  #fields(result: Fields, reason: string | undefined): StepFields {
    const { partial } = this;
    const response = fields(result.response);
    const metadata = result.providerMetadata ?? partial.finish?.providerMetadata;
    const used = text(response.modelId) ?? text(result.responseModelId) ?? partial.modelId;
    const responseId = text(response.id) ?? text(result.responseId) ?? partial.responseId;
    const first =
      partial.firstContentAt === undefined
        ? (count(fields(result.performance).timeToFirstOutputMs) ?? count(result.msToFirstChunk))
        : partial.firstContentAt - this.#startedAt;
    const output = this.#call.outputs ? assembled('assistant', contentParts(result) ?? partial.content) : [];
    return {
      model: used === undefined ? undefined : { requested: this.#requested, used },
      output: output.length > 0 ? () => output : undefined,
      contentBytes: output.length > 0 ? sizeOf(output) : undefined,
      finishReason: reason,
      tokens: mapUsage(result.usage ?? partial.finish?.usage, this.#provider, metadata),
      cost: mapCost(metadata),
      timeToFirstTokenMs: first,
      metadata: this.#metadata(result, responseId),
    };
  }

  #metadata(result: Fields, responseId: string | undefined): Fields {
    const metadata: Fields = {};
    if (this.attempts > 1) metadata.attempts = this.attempts;
    if (responseId) metadata.response_id = responseId;
    if (this.#streamed) metadata.stream = true;
    const raw = text(result.rawFinishReason);
    if (raw && raw !== finishReasonOf(result.finishReason)) metadata.raw_finish_reason = raw;
    const warnings = list(result.warnings);
    if (warnings.length > 0) {
      metadata.warnings = warnings
        .map(fields)
        .map(
          (warning) =>
            text(warning.message) ?? text(warning.feature) ?? text(warning.setting) ?? text(warning.type),
        );
    }
    return metadata;
  }
}

/** `openai.responses` is OpenAI, `google.generative-ai` Google. */
const providerName = (provider: string): string => provider.split('.')[0] ?? provider;

function contentParts(result: Fields): Fields[] | undefined {
  if (Array.isArray(result.content)) return result.content.filter(isFields);
  const object = text(result.objectText);
  return object === undefined ? undefined : [{ type: 'text', text: object }];
}

function contentText(result: Fields): string | undefined {
  const parts = contentParts(result);
  if (!parts) return undefined;
  return parts.map((part) => (part.type === 'text' ? (text(part.text) ?? '') : '')).join('');
}

function toolDefinition(tool: Fields): Fields {
  const { type, name, id, description, inputSchema, parameters, args } = tool;
  return type === 'function' || type === undefined
    ? { type: 'function', function: defined({ name, description, parameters: inputSchema ?? parameters }) }
    : defined({ type, id, name, args });
}

/** Roughly: what it takes in memory until it is sent. */
function sizeOf(messages: readonly Message[]): number {
  let bytes = 0;
  for (const { content } of messages) {
    bytes += 64;
    if (typeof content === 'string') bytes += content.length;
    else for (const part of list(content)) bytes += text(fields(part).text)?.length ?? 64;
  }
  return bytes;
}
