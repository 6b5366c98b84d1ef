import type {
  LiveEvent,
  RunDetail,
  RunList,
  RunRow,
  SessionList,
  SessionRow,
  SessionThread,
} from '@observatory/collector/api';
import type { InfiniteData, QueryClient, QueryKey } from '@tanstack/react-query';
import { matchesRow, type RunSearch } from './run-filters.js';

/**
 * Applies live events to whatever is cached: lists are patched in place, open runs and conversations are read again, at
 * most once per `READ_AGAIN_MS` each, however fast events come.
 */

const READ_AGAIN_MS = 400;
const OVERVIEW_MS = 1_000;
/** Rows that may pile up on the first page of a list that is left open, before it is read afresh. */
const FIRST_PAGE_BOUND = 1_000;

type Pages<T> = InfiniteData<T, string | undefined>;

export interface LiveCache {
  apply(events: LiveEvent[]): void;
  /** The stream had a gap: everything shown is read again. */
  refresh(): void;
  /** When a row last arrived or changed by the live stream (milliseconds) and how often, so that it pulses once each time. */
  arrival(runId: string): { time: number; count: number } | undefined;
}

export function createLiveCache(client: QueryClient, now: () => number = Date.now): LiveCache {
  const readAgain = createReadAgain(client);
  const arrivals = new Map<string, { time: number; count: number }>();

  const applyRuns = (rows: RunRow[]) => {
    for (const query of client.getQueryCache().findAll({ queryKey: ['runs'] })) {
      const search = (query.meta?.search ?? {}) as RunSearch;
      const data = query.state.data as Pages<RunList> | undefined;
      if (!data) continue;
      const { pages, unsure } = patchRuns(data.pages, rows, (row) => matchesRow(search, row, now()));
      if (pages !== data.pages) client.setQueryData(query.queryKey, { ...data, pages });
      if (unsure || (pages[0]?.runs.length ?? 0) > FIRST_PAGE_BOUND) readAgain.firstPage(query.queryKey);
    }
  };

  const applySessions = (sessions: SessionRow[]) => {
    for (const query of client.getQueryCache().findAll({ queryKey: ['sessions'] })) {
      const data = query.state.data as Pages<SessionList> | undefined;
      if (!data) continue;
      const filtered = Object.keys((query.queryKey[1] ?? {}) as object).length > 0;
      const pages = patchSessions(data.pages, sessions, !filtered);
      if (pages !== data.pages) client.setQueryData(query.queryKey, { ...data, pages });
      if ((pages[0]?.sessions.length ?? 0) > FIRST_PAGE_BOUND) readAgain.firstPage(query.queryKey);
    }
  };

  const readOpen = (rows: RunRow[]) => {
    const runs = new Set(
      rows.flatMap((row) => (row.parent_run_id ? [row.run_id, row.parent_run_id] : [row.run_id])),
    );
    for (const query of client.getQueryCache().findAll({ queryKey: ['run'] })) {
      const detail = query.state.data as RunDetail | undefined;
      const id = String(query.queryKey[1]);
      if (runs.has(id) || (detail && holdsAny(detail, runs))) readAgain.query(query.queryKey, READ_AGAIN_MS);
    }
    for (const row of rows) {
      if (row.session_id !== undefined) readAgain.query(['session', row.session_id], READ_AGAIN_MS);
    }
    readAgain.query(['overview'], OVERVIEW_MS);
  };

  return {
    apply(events) {
      const rows = new Map<string, RunRow>();
      const sessions = new Map<string, SessionRow>();
      const gone: string[] = [];
      for (const event of events) {
        if (event.type === 'reset') return this.refresh();
        if (event.type === 'deleted') gone.push(...event.run_ids);
        else {
          rows.set(event.run.run_id, event.run);
          if (event.session) sessions.set(event.session.session_id, event.session);
          else if (event.run.session_id !== undefined) readAgain.firstPages('sessions');
        }
      }
      const time = now();
      if (arrivals.size > 5_000) arrivals.clear();
      for (const id of rows.keys()) arrivals.set(id, { time, count: (arrivals.get(id)?.count ?? 0) + 1 });
      if (rows.size > 0) {
        applyRuns([...rows.values()]);
        if (sessions.size > 0) applySessions([...sessions.values()]);
        readOpen([...rows.values()]);
      }
      if (gone.length > 0) {
        removeRuns(client, new Set(gone));
        readAgain.firstPages('sessions');
        readAgain.query(['overview'], OVERVIEW_MS);
      }
    },
    refresh() {
      readAgain.firstPages('runs');
      readAgain.firstPages('sessions');
      for (const key of ['run', 'session', 'overview', 'facets'])
        void client.invalidateQueries({ queryKey: [key] });
    },
    arrival: (id) => arrivals.get(id),
  };
}

/**
 * Rows that are listed are replaced where they stand; new ones that belong go in by start time, newest first.
 * `unsure` says that some new row may belong and only the collector can tell.
 */
export function patchRuns(
  pages: RunList[],
  rows: RunRow[],
  belongs: (row: RunRow) => boolean | undefined,
): { pages: RunList[]; unsure: boolean } {
  const next = [...pages];
  // One pass over what is loaded, however many rows arrive at once: a list may hold a hundred thousand.
  const wanted = new Map(rows.map((row) => [row.run_id, belongs(row)] as const));
  const latest = new Map(rows.map((row) => [row.run_id, row] as const));
  const listed = new Set<string>();
  let changed = false;
  for (const [index, page] of pages.entries()) {
    if (!page.runs.some((run) => wanted.has(run.run_id))) continue;
    const runs: RunRow[] = [];
    for (const run of page.runs) {
      const row = latest.get(run.run_id);
      if (row) listed.add(run.run_id);
      if (!row) runs.push(run);
      else if (wanted.get(run.run_id) !== false) runs.push(row);
    }
    next[index] = { ...page, runs };
    changed = true;
  }
  let unsure = false;
  for (const [id, row] of latest) {
    if (listed.has(id)) continue;
    const verdict = wanted.get(id);
    if (verdict === undefined) unsure = true;
    // A nested run is shown by its root, as the collector lists it.
    else if (verdict && row.parent_run_id === undefined) changed = insert(next, row) || changed;
  }
  return { pages: changed ? next : pages, unsure };
}

function insert(pages: RunList[], row: RunRow): boolean {
  for (const [index, page] of pages.entries()) {
    const at = page.runs.findIndex((r) => r.start_time <= row.start_time);
    const last = index === pages.length - 1;
    if (at < 0 && !(last && page.next_cursor === undefined)) continue;
    pages[index] = { ...page, runs: page.runs.toSpliced(at < 0 ? page.runs.length : at, 0, row) };
    return true;
  }
  return false;
}

/** A session that had activity moves to the top. */
export function patchSessions(
  pages: SessionList[],
  sessions: SessionRow[],
  insertNew: boolean,
): SessionList[] {
  let next = pages;
  for (const session of sessions) {
    const same = (s: SessionRow) => s.session_id === session.session_id;
    const listed = next.some((page) => page.sessions.some(same));
    if (!listed && !insertNew) continue;
    next = next.map((page, index) => {
      const others = listed ? page.sessions.filter((s) => !same(s)) : page.sessions;
      if (index > 0) return others.length === page.sessions.length ? page : { ...page, sessions: others };
      const at = others.findIndex((s) => s.last_activity_time <= session.last_activity_time);
      return { ...page, sessions: others.toSpliced(at < 0 ? others.length : at, 0, session) };
    });
  }
  return next;
}

function holdsAny(detail: RunDetail, ids: Set<string>): boolean {
  return detail.runs.some((nested) => ids.has(nested.run.run_id) || holdsAny(nested, ids));
}

function removeRuns(client: QueryClient, gone: Set<string>): void {
  client.setQueriesData<Pages<RunList>>(
    { queryKey: ['runs'] },
    (data) =>
      data && {
        ...data,
        pages: data.pages.map((page) => ({ ...page, runs: page.runs.filter((r) => !gone.has(r.run_id)) })),
      },
  );
  client.setQueriesData<Pages<SessionThread>>(
    { queryKey: ['session'] },
    (data) =>
      data && {
        ...data,
        pages: data.pages.map((page) => ({ ...page, runs: page.runs.filter((r) => !gone.has(r.run_id)) })),
      },
  );
  for (const id of gone) void client.invalidateQueries({ queryKey: ['run', id] });
}

/** Reads queries again, the first time at once after a pause, then at most once per interval. */
function createReadAgain(client: QueryClient) {
  const due = new Map<string, ReturnType<typeof setTimeout>>();
  const later = (name: string, ms: number, read: () => void) => {
    if (due.has(name)) return;
    due.set(
      name,
      setTimeout(() => {
        due.delete(name);
        read();
      }, ms),
    );
  };
  const firstPage = (queryKey: QueryKey) =>
    later(`first ${JSON.stringify(queryKey)}`, READ_AGAIN_MS, () => {
      const query = client.getQueryCache().find({ queryKey, exact: true });
      if (!query) return;
      if (!query.isActive()) return client.removeQueries({ queryKey, exact: true });
      // Only the first page: reading a thousand pages again because one row is new would never end.
      client.setQueryData(
        queryKey,
        (data: Pages<unknown> | undefined) =>
          data && { pages: data.pages.slice(0, 1), pageParams: data.pageParams.slice(0, 1) },
      );
      void client.invalidateQueries({ queryKey, exact: true });
    });
  return {
    query: (queryKey: QueryKey, ms: number) =>
      later(JSON.stringify(queryKey), ms, () => void client.invalidateQueries({ queryKey, exact: true })),
    firstPage,
    firstPages(name: string) {
      for (const query of client.getQueryCache().findAll({ queryKey: [name] })) firstPage(query.queryKey);
    },
  };
}
