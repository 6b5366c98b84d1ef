import type { Recorder, Run, Scope, Step, StepFields } from '@observatory/core/recorder';
import { report } from '@observatory/core/recorder';
import { type Accumulator, type Answer, emptyAnswer, type Mapping } from './answer.js';
import { awaitResponse } from './background.js';
import { readError } from './call-error.js';
import { monotonicClock, wallClock } from './clock.js';
import { type ImplicitRun, type ImplicitRunOptions, ImplicitRuns } from './implicit-run.js';
import { chatMapping } from './map-chat.js';
import { binaryAnswer, isBinary, otherMappings } from './map-other.js';
import { responseMapping } from './map-responses.js';
import { ownData, ownText } from './own-data.js';
import { providerOf } from './provider.js';
import { answerFields, type CallFacts, recordHosted, transportMetadata } from './record-answer.js';
import { RequestBody } from './request-body.js';
import type { SurfaceName } from './surface.js';
import type { CallObserver, Exchange } from './tap-promise.js';
import { type StreamObserver, tapStream } from './tap-stream.js';
import { PendingCalls, toolResultsIn } from './tool-results.js';
import type { OutgoingCall } from './transport.js';

/** One observed client: where it records to, and how. */
export interface ObservedClient {
  recorder: Recorder;
  client: object;
  options: ImplicitRunOptions & { provider?: string };
}

const implicitRuns = new ImplicitRuns();
const pendingOfRuns = new WeakMap<Run, PendingCalls>();

/** The tool calls of an ambient run that wait for a result. */
export function pendingOf(recorder: Recorder, run: Run): PendingCalls {
  let pending = pendingOfRuns.get(run);
  if (!pending) {
    pending = new PendingCalls(recorder);
    pendingOfRuns.set(run, pending);
  }
  return pending;
}

/** A run for a loop that has none, opened before its first call. */
export function openRunFor(recorder: Recorder, options: ImplicitRunOptions, body: RequestBody): Run {
  return implicitRuns.open(recorder, options, body, wallClock()).run;
}

/** A stream that nobody ever iterates has no other end than being collected. */
const unread =
  typeof FinalizationRegistry === 'function'
    ? new FinalizationRegistry<ModelCall>((call) => call.forgotten())
    : undefined;

const mappingOf = (surface: SurfaceName): Mapping =>
  surface === 'chat' ? chatMapping : surface === 'response' ? responseMapping : otherMappings[surface];

/** One model call: from `post()` to its answer, its error, or its last chunk. */
export class ModelCall implements CallObserver, StreamObserver, OutgoingCall {
  readonly #observed: ObservedClient;
  readonly #mapping: Mapping;
  readonly #scope: Scope | undefined;
  /** The step of an adapter above that records this same call. */
  readonly #outer: Step | undefined;
  readonly #startTime = wallClock();
  readonly #started = monotonicClock();
  #run: Run | undefined;
  #step: Step | undefined;
  #implicit: ImplicitRun | undefined;
  #pending: PendingCalls | undefined;
  #body: RequestBody | undefined;
  #model: string | undefined;
  #attempts = 0;
  #headersAfter: number | undefined;
  #readAfter: number | undefined;
  #firstTokenAfter: number | undefined;
  #requestId: string | undefined;
  #controller: AbortController | undefined;
  #accumulator: Accumulator | undefined;
  #rawTaken = false;
  #answered = false;
  #ended = false;

  constructor(observed: ObservedClient, surface: SurfaceName) {
    this.#observed = observed;
    this.#mapping = mappingOf(surface);
    this.#scope = observed.recorder.scope();
    this.#outer = observed.recorder.outerStep();
  }

  /** The call is on its way, and the client's promise can be listened to. */
  start(options: unknown): void {
    this.#guarded(() => {
      if (this.#outer || !this.#scope) return;
      // Inside a run the step exists from here on. Outside one, the request has to be read first: it may go on with a loop.
      this.#startStep(this.#scope.run, {
        model: { requested: ownText(ownData(options, 'body'), 'model') },
      });
    });
  }

  attempt(body: RequestBody): void {
    if (this.#ended) return;
    this.#guarded(() => {
      this.#attempts++;
      if (this.#attempts === 1) this.#begin(body);
    });
  }

  sent(exchange: Exchange): void {
    this.#guarded(() => {
      this.#headersAfter = this.#elapsed();
      this.#controller = exchange.controller;
      this.#requestId = exchange.response?.headers?.get?.('x-request-id') ?? undefined;
      if (!this.#body) this.#begin(new RequestBody(exchange.options?.body, undefined));
      if (this.#readAfter !== undefined) return;
      if (this.#rawTaken) this.#finishRaw();
      // Nobody has asked for the body yet. They may do so later, or never.
      else this.#implicit?.unread();
    });
  }

  reading(): void {
    this.#readAfter ??= this.#elapsed();
  }

  raw(): void {
    // `withResponse()` asks for both; then the parsed value is what counts.
    if (this.#readAfter !== undefined) return;
    this.#rawTaken = true;
    if (this.#headersAfter !== undefined) this.#guarded(() => this.#finishRaw());
  }

  /** This was no call of a shape that can be listened to. */
  ignore(): void {
    this.#ended = true;
  }

  parsed(value: unknown): void {
    this.#guarded(() => {
      if (this.#answered) return;
      this.#answered = true;
      if (this.#outer) {
        this.#addToOuter();
        return;
      }
      if (tapStream(value, this)) {
        this.#accumulator = this.#mapping.accumulate();
        unread?.register(value as object, this);
        return;
      }
      this.#finish(isBinary(value) ? binaryAnswer(value) : this.#mapping.answer(value));
    });
  }

  /** The answer comes as events that are handed to `chunk()`. */
  streams(): void {
    if (this.#answered || this.#outer) return;
    this.#answered = true;
    this.#accumulator = this.#mapping.accumulate();
  }

  failed(error: unknown): void {
    this.#guarded(() => {
      // A helper (`parse()`) that rejects the model's answer does not undo the answer.
      if (this.#answered && !this.#accumulator) {
        if (this.#step) this.#amend({ metadata: { helper_error: readError(error).message } });
        return;
      }
      this.#answered = true;
      this.#fail(error, this.#accumulator?.answer() ?? emptyAnswer(false));
    });
  }

  chunk(value: unknown): void {
    try {
      const content = this.#accumulator?.add(value);
      if (content && this.#firstTokenAfter === undefined) this.#firstTokenAfter = this.#elapsed();
    } catch (cause) {
      this.#fault(cause);
    }
  }

  done(): void {
    this.#guarded(() => {
      const answer = this.#accumulator?.answer();
      if (!answer || !this.#accumulator) return;
      if (!this.#accumulator.finished) {
        if (this.#controller?.signal.aborted) answer.outcome = 'cancelled';
        else {
          answer.outcome = 'incomplete';
          answer.error = 'The stream ended before the model was done.';
        }
      }
      this.#finish(answer);
    });
  }

  left(): void {
    this.#guarded(() => {
      const answer = this.#accumulator?.answer();
      if (!answer) return;
      if (!this.#accumulator?.finished) answer.outcome = 'cancelled';
      this.#finish(answer);
    });
  }

  broke(error: unknown): void {
    this.#guarded(() => {
      const answer = this.#accumulator?.answer();
      if (answer) this.#fail(error, answer);
    });
  }

  /** The stream was collected without ever having been read. */
  forgotten(): void {
    this.#guarded(() => {
      if (this.#ended || !this.#accumulator) return;
      const answer = this.#accumulator.answer();
      const step = this.#step;
      if (!step) return;
      const outcome = this.#controller?.signal.aborted ? 'cancelled' : 'abandoned';
      this.#observed.recorder.endStep(step, { ...this.#fields(answer), outcome });
      this.#release(answer);
    });
  }

  /** A background response has come to its end. */
  complete(answer: Answer): void {
    this.#guarded(() => this.#finish(answer));
  }

  #elapsed(): number {
    return monotonicClock() - this.#started;
  }

  #startStep(run: Run, fields: StepFields): void {
    const { recorder, options, client } = this.#observed;
    this.#run = run;
    fields.provider = options.provider ?? providerOf(client);
    this.#step = recorder.startStep(run, { ...fields, startTime: this.#startTime });
  }

  /** The request is known: what it says, which tool calls it answers, and, outside a run, which loop it goes on with. */
  #begin(body: RequestBody): void {
    if (this.#body || this.#outer || this.#ended) return;
    this.#body = body;
    this.#model = body.model;
    const { recorder, options } = this.#observed;
    const results = toolResultsIn(body);
    const fields = this.#mapping.input(body);
    fields.contentBytes = body.wire?.length;
    fields.parameters = body.parameters();
    fields.model = { requested: body.model };
    if (this.#run) {
      this.#pending = pendingOf(recorder, this.#run);
      if (results.length > 0) this.#pending.close(results, this.#startTime);
      this.#amend(fields);
      return;
    }
    this.#implicit =
      implicitRuns.continuing(body, results) ?? implicitRuns.open(recorder, options, body, this.#startTime);
    this.#implicit.stepStarted();
    this.#pending = this.#implicit.pending;
    if (results.length > 0) this.#pending.close(results, this.#startTime);
    this.#startStep(this.#implicit.run, fields);
  }

  #amend(fields: StepFields): void {
    if (this.#step) this.#observed.recorder.amendStep(this.#step, fields);
  }

  #addToOuter(): void {
    if (!this.#outer || this.#ended) return;
    this.#ended = true;
    this.#observed.recorder.amendStep(this.#outer, { metadata: transportMetadata(this.#facts()) });
  }

  #facts(): CallFacts {
    return {
      kind: this.#mapping.kind,
      model: this.#model,
      requestId: this.#requestId,
      attempts: this.#attempts,
      headersAfter: this.#headersAfter,
      firstTokenAfter: this.#firstTokenAfter,
      streamed: this.#accumulator !== undefined,
    };
  }

  #fields(answer: Answer): StepFields {
    return answerFields(answer, this.#facts());
  }

  /** When the answer was there: a host that awaits late does not make the model slow. */
  #endTime(): number | undefined {
    if (this.#accumulator || this.#headersAfter === undefined || this.#readAfter === undefined)
      return undefined;
    const waited = this.#readAfter - this.#headersAfter;
    return waited > 1 ? this.#startTime + this.#elapsed() - waited : undefined;
  }

  #finish(answer: Answer): void {
    const step = this.#step;
    const run = this.#run;
    if (this.#ended || !step || !run) return;
    const { recorder } = this.#observed;
    if (this.#goesOn(answer)) return;
    recorder.endStep(step, {
      ...this.#fields(answer),
      outcome: answer.outcome,
      error: answer.error,
      endTime: this.#endTime(),
    });
    recordHosted(recorder, run, step, answer, this.#startTime);
    if (answer.calls.length > 0) this.#pending?.open(run, step, answer.calls);
    this.#release(answer);
  }

  /** The host reads the response itself: the call is over, its content unknown, unless it is parsed after all. */
  #finishRaw(): void {
    if (this.#ended || this.#answered) return;
    if (this.#outer) this.#addToOuter();
    if (this.#outer || !this.#step) return;
    const answer = emptyAnswer(false);
    answer.metadata.response = 'raw';
    this.#observed.recorder.endStep(this.#step, { ...this.#fields(answer), outcome: 'ok' });
    this.#implicit?.stepEnded(answer);
    this.#implicit = undefined;
  }

  /** A background response is worked on whether or not somebody listens: a later request brings its end. */
  #goesOn(answer: Answer): boolean {
    const unfinished = this.#accumulator
      ? !this.#accumulator.finished && this.#body?.now('background') === true
      : answer.pending === true;
    answer.pending = unfinished && answer.responseId !== undefined;
    if (!answer.pending || answer.responseId === undefined) return false;
    awaitResponse(answer.responseId, this);
    if (this.#implicit) {
      implicitRuns.remember(this.#implicit, answer);
      this.#implicit.answering();
    }
    this.#amend(this.#fields(answer));
    return true;
  }

  #fail(error: unknown, answer: Answer): void {
    if (this.#ended) return;
    if (this.#outer) {
      this.#addToOuter();
      return;
    }
    if (!this.#step) this.#begin(new RequestBody(undefined, undefined));
    const step = this.#step;
    if (!step || (this.#accumulator && this.#goesOn(answer))) return;
    const failure = readError(error);
    const fields = this.#fields(answer);
    this.#observed.recorder.endStep(step, {
      ...fields,
      metadata: { ...fields.metadata, ...failure.metadata },
      outcome: failure.outcome,
      error: failure.message || 'The request failed.',
    });
    answer.error ??= failure.message;
    answer.outcome = failure.outcome === 'cancelled' ? 'cancelled' : 'error';
    // The calls of a broken answer are not going to be made.
    this.#release({ ...answer, calls: [] });
  }

  #release(answer: Answer): void {
    this.#ended = true;
    const implicit = this.#implicit;
    if (implicit) {
      implicitRuns.remember(implicit, answer);
      implicit.stepEnded(answer);
    }
    // A pooled socket keeps the context of the call that opened it, and with it this object.
    this.#body = undefined;
    this.#accumulator = undefined;
    this.#controller = undefined;
    this.#implicit = undefined;
    this.#pending = undefined;
  }

  #guarded(fn: () => void): void {
    try {
      fn();
    } catch (cause) {
      this.#fault(cause);
    }
  }

  #fault(cause: unknown): void {
    const message = 'A model call could not be recorded; the call itself is not affected.';
    report({ kind: 'openai-adapter', message, cause });
  }
}
