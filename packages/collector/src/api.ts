/**
 * The query API under `/api`: what the dashboard and other readers get. The wire's names, snake_case.
 * Lists are newest first with keyset cursors; list rows carry previews of at most 200 characters, never bodies.
 */
import type { Message, Outcome, StatusCode } from '@observatory/core/wire';

export interface TokenTotals {
  /** Uncached + cached + cache_write. Absent when no step reported usage. */
  prompt_tokens?: number;
  cached_tokens?: number;
  cache_write_tokens?: number;
  completion_tokens?: number;
  reasoning_tokens?: number;
}

/** Where a cost comes from: the client said so, the price list, or only some of the steps have a known price. */
export type CostSource = 'client' | 'price_list' | 'partial';

export interface SessionRow extends TokenTotals {
  session_id: string;
  conversational: boolean;
  user_id?: string;
  run_count: number;
  error_count: number;
  /** Runs of the session that have not ended. */
  running_count: number;
  start_time: string;
  /** Of the run that ended last; absent when none has ended. */
  end_time?: string;
  last_activity_time: string;
  cost_usd?: number;
  first_prompt?: string;
  last_response?: string;
}

export interface SessionList {
  sessions: SessionRow[];
  next_cursor?: string;
}

export interface RunRow extends TokenTotals {
  run_id: string;
  session_id?: string;
  conversational?: boolean;
  name?: string;
  user_id?: string;
  tags?: string[];
  start_time: string;
  end_time?: string;
  duration_ms?: number;
  /** Absent while running. */
  status_code?: StatusCode;
  /** Absent while running. */
  outcome?: Outcome;
  status_message?: string;
  /** True until an end arrives. */
  running: boolean;
  /** At most 200 characters. */
  prompt_preview?: string;
  /** At most 200 characters. */
  response_preview?: string;
  step_count: number;
  tool_call_count: number;
  /** Steps and tool calls that ended in error, incomplete or timed_out. */
  error_count: number;
  cost_usd?: number;
  cost_source?: CostSource;
  /** Distinct models used by the run's steps. */
  models?: string[];
  time_to_first_token_ms?: number;
  parent_run_id?: string;
  parent_tool_call_id?: string;
  environment?: string;
  release?: string;
  feedback_score?: 'thumbs_up' | 'thumbs_down';
}

export interface RunList {
  runs: RunRow[];
  next_cursor?: string;
}

/** A run with its bodies. */
export interface RunBody extends RunRow {
  user_prompt?: string;
  system_prompt?: string;
  full_input?: string;
  response?: string;
  full_output?: string;
  metadata?: Record<string, unknown>;
  sdk?: string;
}

export interface SessionThread {
  session: SessionRow;
  /** Oldest first; nested runs are left out, their root shows them. */
  runs: RunBody[];
  next_cursor?: string;
}

export interface StepBody {
  step_id: string;
  run_id: string;
  start_time: string;
  end_time?: string;
  duration_ms?: number;
  status_code?: StatusCode;
  outcome?: Outcome;
  status_message?: string;
  running: boolean;
  model_requested?: string;
  model_used?: string;
  provider?: string;
  finish_reason?: string;
  prompt?: string;
  response?: string;
  /** Input messages, resolved. */
  messages?: Message[];
  /** Content hashes of `messages`, in order: equal hashes are equal messages, so a reader can show only what is new. */
  message_hashes?: string[];
  output?: Message[];
  tool_definitions?: unknown;
  parameters?: Record<string, unknown>;
  metadata?: Record<string, unknown>;
  prompt_uncached_tokens?: number;
  prompt_cached_tokens?: number;
  cache_write_tokens?: number;
  completion_tokens?: number;
  reasoning_tokens?: number;
  cost_usd?: number;
  cost_source?: CostSource;
  time_to_first_token_ms?: number;
}

export interface ToolCallBody {
  tool_call_id: string;
  run_id: string;
  step_id?: string;
  tool_name: string;
  kind?: string;
  start_time: string;
  end_time?: string;
  duration_ms?: number;
  status_code?: StatusCode;
  outcome?: Outcome;
  status_message?: string;
  running: boolean;
  args?: string;
  result?: string;
  metadata?: Record<string, unknown>;
}

export interface FeedbackBody {
  run_id: string;
  score?: 'thumbs_up' | 'thumbs_down';
  text?: string;
  time: string;
}

export interface RunDetail {
  run: RunBody;
  /** In time order. */
  steps: StepBody[];
  tool_calls: ToolCallBody[];
  /** Nested runs, whole, in time order. */
  runs: RunDetail[];
  feedback: FeedbackBody[];
  /** Own steps plus those of all nested runs. */
  subtree: TokenTotals & { cost_usd?: number; run_count: number };
}

export interface SearchHit {
  run_id: string;
  session_id?: string;
  /** Where the text stands. */
  where:
    | 'prompt'
    | 'system_prompt'
    | 'response'
    | 'step'
    | 'tool_args'
    | 'tool_result'
    | 'error'
    | 'metadata'
    | 'name';
  step_id?: string;
  tool_call_id?: string;
  /** Plain text; each match stands between U+0002 and U+0003. */
  snippet: string;
  run: RunRow;
}

export interface SearchResult {
  hits: SearchHit[];
  next_cursor?: string;
}

export interface FacetValue {
  value: string;
  count: number;
}

/** The most frequent values of what the runs list can be filtered by. */
export interface Facets {
  name: FacetValue[];
  outcome: FacetValue[];
  model: FacetValue[];
  tool: FacetValue[];
  user_id: FacetValue[];
  tag: FacetValue[];
  environment: FacetValue[];
  release: FacetValue[];
}

/** `GET /api/overview`: what stands at the top of the dashboard, and whether anything was lost. */
export interface Overview {
  run_count: number;
  session_count: number;
  running_count: number;
  error_count: number;
  cost_usd?: number;
  /** Items that clients reported as lost, by reason. */
  losses: { reason: string; items: number; runs: number; last_time: string }[];
}

/** `GET /api/live`, server-sent events: `event: run` carries a `RunRow` when it is new or changed; `id` resumes. */
export type LiveEvent =
  | { type: 'run'; run: RunRow; session?: SessionRow }
  | { type: 'deleted'; run_ids: string[] }
  /** The stream cannot resume from the given id: read the lists again. */
  | { type: 'reset' };

/** Every error of the API and of ingest. */
export interface ApiError {
  error: {
    /** What went wrong and what to do. */
    message: string;
    /** The field, parameter or header that is wrong, where there is one. */
    field?: string;
    code: string;
  };
}

/** Query parameters of `GET /api/runs`. Repeat a parameter to mean any of its values. */
export interface RunFilters {
  session_id?: string;
  user_id?: string;
  name?: string;
  /** `ok`, `error` or `running`. */
  status?: 'ok' | 'error' | 'running';
  outcome?: Outcome;
  model?: string;
  tool?: string;
  tag?: string;
  environment?: string;
  release?: string;
  min_cost?: number;
  min_duration_ms?: number;
  /** ISO-8601. */
  from?: string;
  to?: string;
  /** Full text. */
  q?: string;
}
