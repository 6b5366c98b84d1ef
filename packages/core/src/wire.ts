/**
 * The wire: what `POST {url}/v1/events` carries. snake_case JSON, a superset of the seed product's items.
 *
 * - Times are ISO-8601 UTC with at least milliseconds.
 * - A later item for the same id amends the earlier one: fields present replace, fields absent stay.
 * - Delivery is at least once. Storage is idempotent by (project, id, seq): per field the highest `seq` wins, so neither
 *   order nor duplication nor how items were batched changes what is stored.
 */

/** 0 = ok, 2 = error (OpenTelemetry's codes; 1 is never sent). */
export type StatusCode = 0 | 2;

/**
 * How something ended. Absent while it is running.
 *
 * - `ok`, `error`
 * - `cancelled`: the host or its user stopped it (abort, disconnect, break)
 * - `interrupted`: it waits for a person
 * - `incomplete`: it broke off by itself (a truncated stream)
 * - `timed_out`: its own timeout closed it
 * - `abandoned`: nobody ended it; its run ended or its process died first
 *
 * `error`, `incomplete` and `timed_out` carry `status_code` 2, the others 0.
 */
export type Outcome = 'ok' | 'error' | 'cancelled' | 'interrupted' | 'incomplete' | 'timed_out' | 'abandoned';

/**
 * Weakest to strongest: of two outcomes for the same id the one further right is kept, whichever came first.
 * `abandoned` and `interrupted` say that the end is not known yet, so a real end replaces them; a real end only gets worse.
 */
export const OUTCOME_ORDER: readonly Outcome[] = [
  'abandoned',
  'interrupted',
  'ok',
  'cancelled',
  'incomplete',
  'timed_out',
  'error',
];

/** A chat message in the provider-neutral shape of OpenAI chat completions; unknown members are kept. */
export interface Message {
  role: string;
  content?: unknown;
  name?: string;
  tool_calls?: unknown;
  tool_call_id?: string;
  [key: string]: unknown;
}

export interface PromptFields {
  user_prompt?: string;
  system_prompt?: string;
  /** The raw request as the host got it, for replay. */
  full_input?: string;
}

export interface RunItem {
  type: 'run';
  run_id: string;
  start_time?: string;
  /** Absent while the run is running. */
  end_time?: string;
  prompt?: PromptFields;
  response?: string;
  full_output?: string;
  status_code?: StatusCode;
  status_message?: string;
  session_id?: string;
  conversational?: boolean;
  metadata?: Record<string, unknown>;
  /** The agent's or route's name, e.g. `support-agent` or `POST /chat`. */
  name?: string;
  outcome?: Outcome;
  user_id?: string;
  tags?: string[];
  parent_run_id?: string;
  parent_tool_call_id?: string;
  environment?: string;
  release?: string;
  /** What made the item, e.g. `@observatory/openai/0.1.0`. */
  sdk?: string;
  /** Grows with every item of the same id. */
  seq?: number;
}

export interface StepItem {
  type: 'step';
  run_id: string;
  step_id: string;
  start_time?: string;
  end_time?: string;
  prompt?: string;
  response?: string;
  status_code?: StatusCode;
  status_message?: string;
  outcome?: Outcome;
  model_requested?: string;
  model_used?: string;
  provider?: string;
  finish_reason?: string;
  /** Input tokens that were neither read from nor written to a cache. */
  prompt_uncached_tokens?: number;
  /** Input tokens read from a cache. */
  prompt_cached_tokens?: number;
  /** Input tokens written to a cache. */
  cache_write_tokens?: number;
  /** Output tokens, reasoning included. */
  completion_tokens?: number;
  /** The part of `completion_tokens` spent on reasoning. */
  reasoning_tokens?: number;
  /** US dollars, when the provider or the host knows it. */
  real_total_cost?: number;
  /** From the start of the step to the first content-bearing delta, in milliseconds. */
  time_to_first_token_ms?: number;
  /** The input messages in order. */
  messages?: ContentRefs;
  /** The output messages. */
  output?: ContentRefs;
  /** JSON text of the tool schemas, or refs to them. */
  tool_definitions?: string | ContentRefs;
  /** Sampling and other request parameters (temperature, max_tokens, …). */
  parameters?: Record<string, unknown>;
  /** Anything else worth keeping: request_id, attempts, kind (`chat`, `embedding`, `image`, …). */
  metadata?: Record<string, unknown>;
  seq?: number;
}

export interface ToolCallItem {
  type: 'tool_call';
  run_id: string;
  tool_call_id: string;
  tool_name?: string;
  start_time?: string;
  end_time?: string;
  /** Text; objects are JSON text. */
  args?: string;
  result?: string;
  status_code?: StatusCode;
  status_message?: string;
  outcome?: Outcome;
  /** The step that asked for this call. */
  step_id?: string;
  /** `function` (default), `retrieval`, `mcp`, `hosted`, … */
  kind?: string;
  metadata?: Record<string, unknown>;
  seq?: number;
}

/**
 * A list of messages or tool schemas, so that an agent loop, in which each step repeats all before it, sends each message once and
 * each list as what is new in it. A member is one of
 *
 * 1. the hash of a `content` item;
 * 2. the message or schema itself, an object. It counts as a `content` item whose hash is the content hash of its JSON text, and
 *    later refs may name it so;
 * 3. only as the first member, `"@<list hash>"`: everything in the list with that hash, then the rest. The hash of a list is the
 *    content hash of `JSON.stringify(refs)` as some item carried it, with objects replaced by their hashes and a leading `"@…"`
 *    left in place. Lists of two members and more have one.
 *
 * A content hash is the first 128 bits of the SHA-256 of a JSON text as `JSON.stringify` gives it, base64url: 22 characters.
 *
 * What a ref names may come later, in any order; until then a reader is told that it is missing.
 *
 * @example
 * ```json
 * {"type": "step", "step_id": "s1", "messages": [{"role": "system", "content": "…"}, {"role": "user", "content": "…"}], …}
 * {"type": "step", "step_id": "s2", "messages": ["@2Lk0aNqR5BzyJ8pXx0uV3w", "w0XcN8rT5s1qP4dYb7hJkA", {"role": "user", …}], …}
 * ```
 */
export type ContentRefs = (string | Record<string, unknown>)[];

/** A message or a tool schema, sent once per run and referred to by its hash. */
export interface ContentItem {
  type: 'content';
  /** Chosen by the client, at most 128 characters that do not begin with `@`; the first body of a hash stays. */
  hash: string;
  body: unknown;
}

export interface FeedbackItem {
  type: 'feedback';
  run_id: string;
  score?: 'thumbs_up' | 'thumbs_down';
  text?: string;
  /** Default: the collector's clock. */
  time?: string;
  seq?: number;
}

/** What a client lost and could not send. Counted, shown in the dashboard, never an error. */
export interface LossItem {
  type: 'loss';
  /** Unique, so that a re-sent report counts once. */
  loss_id: string;
  time: string;
  /** `memory_full`, `spool_full`, `rejected`, `unserialisable`, … */
  reason: string;
  items: number;
  runs?: number;
  sdk?: string;
}

export type WireItem = RunItem | StepItem | ToolCallItem | ContentItem | FeedbackItem | LossItem;

export interface WireBatch {
  type: 'batch';
  items: WireItem[];
}

/** The collector's answer to `POST /v1/events`: nothing in it is acknowledged before it is committed. */
export interface IngestReceipt {
  /** Items stored by this request. */
  accepted: number;
  /** Items that were already stored; nothing changed. */
  duplicate: number;
  /** Items refused, one by one; their neighbours are stored. */
  rejected: RejectedItem[];
}

export interface RejectedItem {
  /** Position in the batch, from 0. */
  index: number;
  /** The item's own id, where it has a readable one. */
  id?: string;
  /** What is wrong, which field, and what to send instead. */
  reason: string;
}
