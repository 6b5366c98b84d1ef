import type { Outcome } from '@observatory/core/wire';
import type { Micros } from './time.js';

/** A filter over runs as a tree: each engine compiles it to its own language, and no text of a user becomes code. */
export type Filter =
  | { op: 'and'; of: Filter[] }
  | { op: 'or'; of: Filter[] }
  | { op: 'not'; of: Filter }
  | { op: 'is'; field: RunField; value: string }
  | { op: 'outcome'; value: Outcome }
  | { op: 'status'; value: 'ok' | 'error' | 'running' }
  | { op: 'at_least'; field: 'cost_usd' | 'duration_ms'; value: number }
  | { op: 'since'; value: Micros }
  | { op: 'until'; value: Micros }
  /** A model, tool or tag of the run, or one of its metadata values. */
  | { op: 'has'; label: 'model' | 'tool' | 'tag' | `metadata.${string}`; value: string }
  | { op: 'text'; query: TextQuery }
  /** Runs of their own, without the nested ones. */
  | { op: 'top_level' };

export type RunField = 'session_id' | 'user_id' | 'name' | 'environment' | 'release' | 'parent_run_id';

/** What a user typed into a search box: all terms must occur; the last characters of a term may be missing. */
export interface TextQuery {
  terms: string[];
}
