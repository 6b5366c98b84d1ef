import type { Message, StepFields } from '@observatory/core/recorder';
import type { RequestBody } from './request-body.js';

/** A tool call the model asked for and the host will run. */
export interface RequestedCall {
  /** The provider's id; some servers send none, or the same one twice. */
  id?: string | undefined;
  name?: string | undefined;
  /** JSON text, or free text for custom tools. */
  args?: string | undefined;
  kind?: string | undefined;
}

/** A tool the provider ran by itself during the model call. */
export interface HostedCall {
  id?: string | undefined;
  name: string;
  kind: string;
  args?: unknown;
  result?: unknown;
  error?: string | undefined;
  /** Milliseconds since the epoch, when a stream told them. */
  startTime?: number | undefined;
  endTime?: number | undefined;
}

export type AnswerOutcome = 'ok' | 'error' | 'cancelled' | 'incomplete';

/** What a model call brought, in the recorder's terms. */
export interface Answer {
  model?: string | undefined;
  output?: Message[];
  finishReason?: string | undefined;
  tokens?: StepFields['tokens'];
  cost?: number | undefined;
  metadata: Record<string, unknown>;
  calls: RequestedCall[];
  hosted: HostedCall[];
  /** The answer's text, for a run that this call alone makes up. */
  text?: string | undefined;
  responseId?: string | undefined;
  outcome: AnswerOutcome;
  error?: string | undefined;
  /** The provider goes on working on it (a background response). */
  pending?: boolean;
  /** Whether this kind of answer is expected to carry usage. */
  countsTokens: boolean;
}

/** Builds an answer from stream events, without keeping any of them. */
export interface Accumulator {
  /** @returns whether the event carried content: text, reasoning, a refusal, arguments, audio. */
  add(event: unknown): boolean;
  /** Whether the provider said that it is done. */
  readonly finished: boolean;
  /** What has come so far. */
  answer(): Answer;
}

/** How one endpoint's requests and answers map onto a step. */
export interface Mapping {
  kind: string;
  input(body: RequestBody): StepFields;
  answer(value: unknown): Answer;
  accumulate(): Accumulator;
}

export function emptyAnswer(countsTokens: boolean): Answer {
  return { metadata: {}, calls: [], hosted: [], outcome: 'ok', countsTokens };
}
