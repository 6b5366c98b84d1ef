import type {
  Facets,
  FeedbackBody,
  Overview,
  RunBody,
  RunDetail,
  RunRow,
  SearchHit,
  SessionRow,
} from './api.js';
import type { Entry } from './entry.js';
import type { Filter, TextQuery } from './filter.js';
import type { Micros } from './time.js';

export type WriteResult = 'accepted' | 'duplicate';

export interface WriteReceipt {
  /** One per entry, in order. */
  results: WriteResult[];
  /** Runs that are new or changed. */
  runIds: Set<string>;
}

export interface Page<Row> {
  rows: Row[];
  /** Opaque; absent on the last page. */
  next?: string;
}

export interface PageRequest {
  limit: number;
  cursor?: string;
}

/** A cursor that this store did not make. */
export class CursorError extends Error {}

/**
 * Where runs live. One small interface, one conformance suite, two engines: SQLite here, ClickHouse later.
 *
 * `write` is idempotent (merge.ts) and has committed when it returns; calls do not overlap (writer.ts).
 */
export interface Store {
  write(entries: readonly Entry[], receivedAt: Micros): WriteReceipt;

  runs(filter: Filter, page: PageRequest): Promise<Page<RunRow>>;
  run(runId: string): Promise<RunDetail | undefined>;
  /** Rows of runs by id, and of their sessions. */
  rows(runIds: Iterable<string>): Promise<{ run: RunRow; session?: SessionRow }[]>;
  sessions(page: PageRequest & { query?: TextQuery; text?: string }): Promise<Page<SessionRow>>;
  session(sessionId: string): Promise<SessionRow | undefined>;
  thread(sessionId: string, page: PageRequest): Promise<Page<RunBody>>;
  search(query: TextQuery, page: PageRequest): Promise<Page<SearchHit>>;
  facets(): Promise<Facets>;
  overview(): Promise<Overview>;
  feedback(runId: string): Promise<FeedbackBody[]>;

  /** Closes open runs of which nothing was heard since `before`. Returns their ids. */
  abandon(before: Micros, liveWithin: Micros, limit: number): string[];
  /** Runs that started before a time, oldest first: what retention removes. */
  runsBefore(time: Micros, limit: number): Promise<string[]>;
  /** Removes runs with all that hangs on them, nested runs included. Returns the ids of what was there. */
  deleteRuns(runIds: readonly string[]): string[];
  runIdsOf(owner: { session_id: string } | { user_id: string }, limit: number): Promise<string[]>;
  /** Every stored thing as wire items, runs oldest first. */
  export(): AsyncIterable<Record<string, unknown>>;

  counts(): { runs: number; steps: number; tool_calls: number; contents: number; bytes: number };
  close(): void;
}
