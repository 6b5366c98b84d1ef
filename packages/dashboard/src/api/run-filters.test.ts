import type { RunRow } from '@observatory/collector/api';
import { describe, expect, it } from 'vitest';
import { flattenRunSearch, hasFilters, matchesRow, parseRunSearch, runParams } from './run-filters.js';
import { parseSearch, stringifySearch } from './search-params.js';

const NOW = Date.parse('2026-11-22T12:00:00Z');
const row: RunRow = {
  run_id: 'r',
  start_time: '2026-11-22T11:50:00.000Z',
  running: false,
  status_code: 0,
  outcome: 'ok',
  name: 'agent',
  models: ['m1', 'm2'],
  tags: ['a'],
  user_id: 'u',
  environment: 'prod',
  release: '1',
  session_id: 's',
  duration_ms: 1_500,
  cost_usd: 0.02,
  step_count: 1,
  tool_call_count: 0,
  error_count: 0,
};

describe('the filters of the runs list', () => {
  it('survive the way through the URL', () => {
    const search = {
      q: 'a "b" & c',
      status: 'error' as const,
      model: ['gpt 5', 'ä&b'],
      tag: ['x'],
      range: '24h' as const,
      min_cost: 0.5,
      metadata: { 'plan.tier': ['pro'] },
    };
    expect(parseRunSearch(parseSearch(stringifySearch(flattenRunSearch(search))))).toEqual(search);
  });

  it('leave out what cannot be read', () => {
    expect(
      parseRunSearch({
        status: 'maybe',
        outcome: ['ok', 'great'],
        min_cost: '-1',
        min_duration_ms: 'x',
        from: 'yesterday',
        range: '5y',
        model: ['', 'm', 'm'],
        'metadata.': 'x',
      }),
    ).toEqual({ outcome: ['ok'], model: ['m'] });
    expect(hasFilters(parseRunSearch({}))).toBe(false);
    expect(parseRunSearch(parseSearch('?__proto__=x&constructor=y'))).toEqual({});
  });

  it('become the query of the API, repeated for several values, with a relative range as a time', () => {
    const params = runParams(
      { model: ['a', 'b'], range: '1h', min_duration_ms: 5, metadata: { k: ['v'] } },
      NOW,
    );
    expect([...params]).toEqual([
      ['model', 'a'],
      ['model', 'b'],
      ['from', '2026-11-22T11:00:00.000Z'],
      ['min_duration_ms', '5'],
      ['metadata.k', 'v'],
    ]);
  });

  it('tell whether a row that arrives belongs on the list', () => {
    expect(matchesRow({}, row, NOW)).toBe(true);
    expect(
      matchesRow(
        {
          model: ['x', 'm2'],
          tag: ['a'],
          user_id: ['u'],
          environment: ['prod'],
          release: ['1'],
          session_id: ['s'],
          name: ['agent'],
          outcome: ['ok'],
          status: 'ok',
          range: '15m',
          min_cost: 0.01,
          min_duration_ms: 1_000,
        },
        row,
        NOW,
      ),
    ).toBe(true);
    for (const search of [
      { model: ['x'] },
      { status: 'error' as const },
      { status: 'running' as const },
      { min_cost: 1 },
      { min_duration_ms: 2_000 },
      { to: '2026-11-22T11:00:00Z' },
      { from: '2026-11-22T11:55:00Z' },
      { outcome: ['error' as const] },
      { name: ['b'], q: 'x' },
    ]) {
      expect(matchesRow(search, row, NOW)).toBe(false);
    }
  });

  it('say when only the collector can tell', () => {
    expect(matchesRow({ q: 'words' }, row, NOW)).toBeUndefined();
    expect(matchesRow({ tool: ['t'] }, row, NOW)).toBeUndefined();
    expect(matchesRow({ metadata: { k: ['v'] } }, row, NOW)).toBeUndefined();
  });
});
