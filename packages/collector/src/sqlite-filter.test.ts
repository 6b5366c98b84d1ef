import { describe, expect, it } from 'vitest';
import { temporaryFolder } from './collector.test.fixture.js';
import { encodeCursor } from './cursor.js';
import type { Filter } from './filter.js';
import { openDatabase } from './sqlite-database.js';
import { compileFilter, runsQuery } from './sqlite-filter.js';

const topLevel = (...filters: Filter[]): Filter => ({ op: 'and', of: [...filters, { op: 'top_level' }] });

describe('a list of runs', () => {
  it.each([
    ['all', topLevel(), 'runs_by_time'],
    ['nested ones too', { op: 'and', of: [] }, 'runs_by_start'],
    ['of a user', topLevel({ op: 'is', field: 'user_id', value: 'u' }), 'runs_by_user'],
    ['of a session', topLevel({ op: 'is', field: 'session_id', value: 's' }), 'runs_by_session'],
    ['of a name', topLevel({ op: 'is', field: 'name', value: 'n' }), 'runs_by_name'],
    ['of an environment', topLevel({ op: 'is', field: 'environment', value: 'e' }), 'runs_by_environment'],
    ['of a release', topLevel({ op: 'is', field: 'release', value: 'r' }), 'runs_by_release'],
    ['of an outcome', topLevel({ op: 'outcome', value: 'timed_out' }), 'runs_by_outcome'],
    ['that are running', topLevel({ op: 'status', value: 'running' }), 'runs_open'],
    ['that failed', topLevel({ op: 'status', value: 'error' }), 'runs_failed'],
  ] as [string, Filter, string][])(
    'is read in order from an index, without sorting: %s',
    async (_, filter, index) => {
      const db = openDatabase(await temporaryFolder());
      try {
        for (const cursor of [undefined, encodeCursor([5, 'x'])]) {
          const { sql, values } = runsQuery(filter, { limit: 50, ...(cursor !== undefined && { cursor }) });
          const plan = db.all(`EXPLAIN QUERY PLAN ${sql}`, ...values).map((row) => row.detail as string);
          expect(plan.join('\n')).toContain(index);
          expect(plan.join('\n')).not.toMatch(/TEMP B-TREE|SCAN r(?! USING)/);
        }
      } finally {
        db.close();
      }
    },
  );
});

describe('a filter', () => {
  it('becomes SQL of our own words only: every value is bound', () => {
    const evil = `'; DROP TABLE runs; --`;
    const { sql, values } = compileFilter({
      op: 'or',
      of: [
        { op: 'not', of: { op: 'is', field: 'name', value: evil } },
        { op: 'has', label: `metadata.${evil}`, value: evil },
        { op: 'text', query: { terms: [evil] } },
      ],
    });
    expect(sql).not.toContain('DROP');
    expect(values.filter((value) => String(value).includes('DROP'))).toHaveLength(4);
  });

  it('without parts holds for all, or for none', () => {
    expect(compileFilter({ op: 'and', of: [] }).sql).toBe('1');
    expect(compileFilter({ op: 'or', of: [] }).sql).toBe('0');
    expect(compileFilter({ op: 'text', query: { terms: [] } }).sql).toBe('0');
  });
});
