import type { RunList, RunRow, SessionRow } from '@observatory/collector/api';
import { QueryClient } from '@tanstack/react-query';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createLiveCache, patchRuns, patchSessions } from './live-cache.js';
import { runsQuery } from './queries.js';

const row = (run_id: string, second: number, more: Partial<RunRow> = {}): RunRow => ({
  run_id,
  start_time: new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString(),
  running: false,
  step_count: 0,
  tool_call_count: 0,
  error_count: 0,
  ...more,
});
const ids = (pages: RunList[]) => pages.map((page) => page.runs.map((run) => run.run_id));
const always = () => true;

describe('patching the runs list', () => {
  const pages: RunList[] = [
    { runs: [row('d', 40), row('c', 30)], next_cursor: 'x' },
    { runs: [row('b', 20)], next_cursor: 'y' },
  ];

  it('puts a new run where its start time says', () => {
    expect(ids(patchRuns(pages, [row('e', 50)], always).pages)).toEqual([['e', 'd', 'c'], ['b']]);
    expect(ids(patchRuns(pages, [row('x', 35)], always).pages)).toEqual([['d', 'x', 'c'], ['b']]);
  });

  it('leaves a run older than what is loaded to the next page', () => {
    expect(patchRuns(pages, [row('a', 5)], always).pages).toBe(pages);
  });

  it('replaces a listed run in place and takes out one that no longer belongs', () => {
    const replaced = patchRuns(pages, [row('c', 30, { outcome: 'ok' })], always).pages;
    expect(ids(replaced)).toEqual(ids(pages));
    expect(replaced[0]!.runs[1]!.outcome).toBe('ok');
    expect(ids(patchRuns(pages, [row('c', 30)], () => false).pages)).toEqual([['d'], ['b']]);
  });

  it('does not list nested runs, and says when only the collector can tell', () => {
    expect(patchRuns(pages, [row('n', 50, { parent_run_id: 'd' })], always).pages).toBe(pages);
    expect(patchRuns(pages, [row('e', 50)], () => undefined)).toEqual({ pages, unsure: true });
  });

  it('fills an empty list', () => {
    expect(ids(patchRuns([{ runs: [] }], [row('a', 1), row('b', 2)], always).pages)).toEqual([['b', 'a']]);
  });

  it('comes to the same list in whatever order and however often rows arrive', () => {
    const rows = [row('e', 50), row('f', 60), row('g', 70)];
    const one = patchRuns(pages, rows, always).pages;
    const other = patchRuns(pages, [rows[2]!, rows[0]!, rows[1]!, rows[0]!, rows[2]!], always).pages;
    expect(ids(other)).toEqual(ids(one));
  });
});

describe('patching the sessions list', () => {
  const session = (session_id: string, second: number): SessionRow => ({
    session_id,
    conversational: true,
    run_count: 1,
    error_count: 0,
    running_count: 0,
    start_time: row('x', 0).start_time,
    last_activity_time: row('x', second).start_time,
  });
  it('moves a session with new activity to the top, from any page', () => {
    const pages = [
      { sessions: [session('c', 30), session('b', 20)], next_cursor: 'x' },
      { sessions: [session('a', 10)] },
    ];
    expect(
      patchSessions(pages, [session('a', 40)], true).map((page) => page.sessions.map((s) => s.session_id)),
    ).toEqual([['a', 'c', 'b'], []]);
    expect(patchSessions(pages, [session('new', 40)], false)).toBe(pages);
  });
});

describe('the live cache', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('patches every cached list by its own filters', () => {
    const client = new QueryClient();
    const all = runsQuery({});
    const failed = runsQuery({ status: 'error' });
    for (const query of [all, failed]) {
      client
        .getQueryCache()
        .build(client, query as never)
        .setData({ pages: [{ runs: [] }], pageParams: [undefined] } as never);
    }
    const cache = createLiveCache(client);
    cache.apply([
      { type: 'run', run: row('ok', 1, { status_code: 0 }) },
      { type: 'run', run: row('bad', 2, { status_code: 2 }) },
    ]);
    const listed = (query: typeof all) =>
      ids((client.getQueryData(query.queryKey) as { pages: RunList[] }).pages);
    expect(listed(all)).toEqual([['bad', 'ok']]);
    expect(listed(failed)).toEqual([['bad']]);
    expect(cache.arrival('ok')).toMatchObject({ count: 1 });
    expect(cache.arrival('other')).toBeUndefined();
    cache.apply([{ type: 'deleted', run_ids: ['bad'] }]);
    expect(listed(all)).toEqual([['ok']]);
    client.clear();
  });

  it('reads an open run again at most once per interval, also for events of its nested runs', async () => {
    const client = new QueryClient();
    const invalidate = vi.spyOn(client, 'invalidateQueries');
    client.setQueryData(['run', 'root'], { runs: [{ run: { run_id: 'child' }, runs: [] }] });
    const cache = createLiveCache(client);
    for (let i = 0; i < 50; i++)
      cache.apply([{ type: 'run', run: row('child', 1, { parent_run_id: 'unknown' }) }]);
    await vi.advanceTimersByTimeAsync(500);
    expect(
      invalidate.mock.calls.filter(([filters]) => JSON.stringify(filters?.queryKey) === '["run","root"]'),
    ).toHaveLength(1);
    client.clear();
  });
});
