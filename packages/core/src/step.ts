import { newId } from './clock.js';
import { misuse } from './diagnostics.js';
import { change, RecordedChild } from './recorded.js';
import { type Recording, readId, STATE } from './recording.js';
import type { Run } from './run.js';
import { contentTexts } from './seal.js';
import { isObject, toJson } from './snapshot.js';
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
export class Step extends RecordedChild {
  readonly stepId: string;
  private hasPrompt = false;
  private hasResponse = false;

  /** @internal */
  constructor(run: Run, options: StepOptions) {
    run[STATE].attach();
    const stepId = readId(options.stepId, 'stepId') ?? newId();
    super(run, { type: 'step', run_id: run.runId, step_id: stepId }, options.startTime ?? undefined);
    this.stepId = stepId;
    this.begin();
  }

  /** What the model got: text, or the messages. Each distinct message is sent once per run. */
  prompt(prompt: string | readonly object[]): this {
    return change(this, (recording) => {
      this.hasPrompt = true;
      if (Array.isArray(prompt)) recording.setContents('messages', contentTexts(prompt));
      else recording.setAsText('prompt', prompt);
    });
  }

  /** What the model answered: text, or the message. */
  response(response: string | Message | { readonly role: string }): this {
    return change(this, (recording) => {
      this.hasResponse = true;
      if (isObject(response) && typeof response.role === 'string') {
        recording.setContents('output', contentTexts([response]));
      } else recording.setAsText('response', response);
    });
  }

  /** The model's name, or the one asked for and the one that answered. */
  model(model: string | ModelConfig): this {
    return change(this, (recording) => {
      const { requested, used } = isObject(model)
        ? (model as ModelConfig)
        : { requested: model, used: model };
      recording.setAsText('model_requested', requested || undefined);
      recording.setAsText('model_used', used || undefined);
    });
  }

  tokens(tokens: TokenUsage): this {
    return change(this, (recording) => setTokens(recording, tokens));
  }

  /** US dollars, where the provider or the host knows it; otherwise the collector's price list applies. */
  cost(usd: number): this {
    return change(this, (recording) => recording.setNumber('real_total_cost', usd));
  }

  finishReason(reason: string): this {
    return change(this, (recording) => recording.setAsText('finish_reason', reason));
  }

  /** The schemas of the tools the model could call: JSON text or the list. */
  toolDefinitions(definitions: string | readonly unknown[]): this {
    return change(this, (recording) => {
      if (Array.isArray(definitions)) {
        recording.setContents('tool_definitions', contentTexts(definitions));
      } else recording.setAsText('tool_definitions', definitions);
    });
  }

  /** @internal A completion that only calls tools has no response; one that has neither was forgotten. */
  protected missing() {
    if (this.hasPrompt || this.hasResponse) return undefined;
    return {
      kind: 'step-without-content',
      message:
        'A step ended without prompt and response. Call step.prompt() and step.response() before step.end().',
    };
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
