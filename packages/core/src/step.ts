import { newId } from './clock.js';
import { misuse } from './diagnostics.js';
import { failOpen, INSPECT, OWNER_RUN, outcomeOf, RECORDING, Recording, readId, STATE } from './recording.js';
import type { Run } from './run.js';
import { contentTexts } from './seal.js';
import { isObject, messageOf, toJson, toText } from './snapshot.js';
import type { Message } from './wire.js';

export interface StepOptions {
  /** Default: a new UUIDv7. */
  stepId?: string | undefined;
  /** Default: now. */
  startTime?: Date | undefined;
}

/** Disjoint parts of what a model call used; what is unknown is left out, never 0. */
export interface TokenUsage {
  /** Input neither read from nor written to a cache. */
  uncached?: number | undefined;
  /** Input read from a cache. */
  cached?: number | undefined;
  /** Input written to a cache. */
  cacheWrite?: number | undefined;
  /** Output, reasoning included. */
  completion?: number | undefined;
  /** The part of `completion` spent on reasoning. */
  reasoning?: number | undefined;
}

export type ModelConfig = { requested?: string | undefined; used?: string | undefined };

/** One model call. Made by `run.step()`. */
export class Step {
  /** @internal */
  readonly [RECORDING]: Recording;
  readonly stepId: string;
  /** @internal */
  readonly [OWNER_RUN]: Run;
  private hasPrompt = false;
  private hasResponse = false;

  /** @internal */
  constructor(run: Run, options: StepOptions) {
    const state = run[STATE];
    state.attach();
    this[OWNER_RUN] = run;
    this.stepId = readId(options.stepId, 'stepId') ?? newId();
    const ids = { type: 'step', run_id: run.runId, step_id: this.stepId } as const;
    this[RECORDING] = new Recording(ids, state, options.startTime ?? undefined);
    if (state.recording.ended) this[RECORDING].publish(false);
    else state.opened(this);
  }

  /** What the model got: text, or the messages. Each distinct message is sent once per run. */
  prompt(prompt: string | readonly object[]): this {
    failOpen(this[RECORDING].ledger.runId, () => {
      this.hasPrompt = true;
      if (Array.isArray(prompt)) this[RECORDING].setContents('messages', contentTexts(prompt));
      else if (prompt !== undefined && prompt !== null) this[RECORDING].setText('prompt', toText(prompt));
    });
    return this;
  }

  /** What the model answered: text, or the message. */
  response(response: string | Message | { readonly role: string }): this {
    failOpen(this[RECORDING].ledger.runId, () => {
      this.hasResponse = true;
      if (isObject(response) && typeof response.role === 'string') {
        this[RECORDING].setContents('output', contentTexts([response]));
      } else if (response !== undefined && response !== null) {
        this[RECORDING].setText('response', toText(response));
      }
    });
    return this;
  }

  /** The model's name, or the one asked for and the one that answered. */
  model(model: string | ModelConfig): this {
    failOpen(this[RECORDING].ledger.runId, () => {
      if (isObject(model)) {
        const { requested, used } = model as ModelConfig;
        if (requested) this[RECORDING].setText('model_requested', toText(requested));
        if (used) this[RECORDING].setText('model_used', toText(used));
      } else if (model !== undefined && model !== null) {
        this[RECORDING].setText('model_requested', toText(model));
        this[RECORDING].setText('model_used', toText(model));
      }
    });
    return this;
  }

  tokens(tokens: TokenUsage): this {
    failOpen(this[RECORDING].ledger.runId, () => setTokens(this[RECORDING], tokens));
    return this;
  }

  /** US dollars, where the provider or the host knows it; otherwise the collector's price list applies. */
  cost(usd: number): this {
    failOpen(this[RECORDING].ledger.runId, () => this[RECORDING].setNumber('real_total_cost', usd));
    return this;
  }

  finishReason(reason: string): this {
    failOpen(this[RECORDING].ledger.runId, () => {
      if (reason !== undefined && reason !== null) this[RECORDING].setText('finish_reason', toText(reason));
    });
    return this;
  }

  /** The schemas of the tools the model could call: JSON text or the list. */
  toolDefinitions(definitions: string | readonly unknown[]): this {
    failOpen(this[RECORDING].ledger.runId, () => {
      if (Array.isArray(definitions)) {
        this[RECORDING].setContents('tool_definitions', contentTexts(definitions));
      } else if (definitions !== undefined && definitions !== null) {
        this[RECORDING].setText('tool_definitions', toText(definitions));
      }
    });
    return this;
  }

  metadata(...records: Record<string, unknown>[]): this {
    failOpen(this[RECORDING].ledger.runId, () => this[RECORDING].mergeMetadata(records));
    return this;
  }

  status(code: number, message?: string): this {
    failOpen(this[RECORDING].ledger.runId, () => this[RECORDING].pinStatus(code, message));
    return this;
  }

  endTime(time: Date): this {
    failOpen(this[RECORDING].ledger.runId, () => this[RECORDING].pinEnd(time));
    return this;
  }

  end(): void {
    failOpen(this[RECORDING].ledger.runId, () => {
      if (endedTwice(this[RECORDING], 'step')) return;
      // A completion that only calls tools has no response; one that has neither was forgotten.
      if (!this.hasPrompt && !this.hasResponse) {
        misuse({
          kind: 'step-without-content',
          message:
            'A step ended without prompt and response. Call step.prompt() and step.response() before step.end().',
          runId: this[RECORDING].ledger.runId,
        });
      }
      this[RECORDING].finish(outcomeOf(this[RECORDING]));
      this[OWNER_RUN][STATE].childEnded(this);
    });
  }

  /** Ends the step as failed. Takes an Error or what to say. */
  error(message?: unknown): void {
    failOpen(this[RECORDING].ledger.runId, () => {
      endedTwice(this[RECORDING], 'step');
      this[RECORDING].finish('error', message === undefined ? undefined : messageOf(message));
      this[OWNER_RUN][STATE].childEnded(this);
    });
  }

  get ended(): boolean {
    return this[RECORDING].ended;
  }

  /** What console.log shows: not the bookkeeping. */
  [INSPECT](): string {
    return `Step { ${this.stepId} }`;
  }

  /** @internal */
  closeWithRun(outcome: 'abandoned' | 'error', message: string): void {
    this[RECORDING].finish(outcome, message);
  }
}

const TOKEN_FIELDS = {
  uncached: 'prompt_uncached_tokens',
  cached: 'prompt_cached_tokens',
  cacheWrite: 'cache_write_tokens',
  completion: 'completion_tokens',
  reasoning: 'reasoning_tokens',
} as const;

export function setTokens(recording: Recording, tokens: TokenUsage): void {
  if (!isObject(tokens)) {
    misuse({
      kind: 'invalid-tokens',
      message: `tokens() takes { uncached, cached, cacheWrite, completion, reasoning }, not ${toJson(tokens)}.`,
      runId: recording.ledger.runId,
    });
    return;
  }
  for (const name of Object.keys(TOKEN_FIELDS) as (keyof typeof TOKEN_FIELDS)[]) {
    recording.setNumber(TOKEN_FIELDS[name], (tokens as TokenUsage)[name]);
  }
}

/** Whether it had ended; if so that is said, and what came since is an amendment. */
export function endedTwice(recording: Recording, what: 'step' | 'tool call'): boolean {
  if (!recording.ended) return false;
  if (recording.outcome === 'abandoned') {
    // Its run ended first: this is the real end.
    recording.finish(outcomeOf(recording), undefined, performance.now() + recording.ledger.offset);
    return true;
  }
  misuse({
    kind: `${what.replace(' ', '-')}-ended-twice`,
    message: `A ${what} was ended twice. Call end() or error() once; the second call only adds what is new.`,
    runId: recording.ledger.runId,
  });
  return true;
}
