import type { SQLInputValue } from 'node:sqlite';
import { decodeCursor } from './cursor.js';
import type { Filter } from './filter.js';
import { ftsQuery } from './search-text.js';
import type { PageRequest } from './store.js';

/** A condition over `runs r`, with its values apart. */
export interface Condition {
  sql: string;
  values: SQLInputValue[];
}

/**
 * Runs, steps, tool calls and contents whose text matches, as keys of runs. Of a word that stands everywhere the latest texts
 * count: who looks for "the" wants the newest runs, not all of them.
 */
export const MATCHING_RUNS = `
  WITH hits AS MATERIALIZED (SELECT rowid AS key FROM search WHERE search MATCH ? ORDER BY rowid DESC LIMIT 20000)
  SELECT key FROM hits
  UNION ALL SELECT s.run_key FROM hits JOIN steps s ON s.key = hits.key
  UNION ALL SELECT t.run_key FROM hits JOIN tool_calls t ON t.key = hits.key
  UNION ALL SELECT u.run_key FROM hits JOIN content_uses u ON u.content_key = hits.key`;

/** A page of runs, newest first, one row more than asked. */
export function runsQuery(filter: Filter, request: PageRequest): Condition {
  const { sql, values } = compileFilter(filter);
  const after = request.cursor === undefined ? [] : decodeCursor(request.cursor, 'number,string');
  return {
    sql: `SELECT r.row, r.start_us, r.run_id FROM runs r
      WHERE r.listed >= 0 AND ${sql} ${after.length > 0 ? 'AND (r.start_us, r.run_id) < (?, ?)' : ''}
      ORDER BY r.start_us DESC, r.run_id DESC LIMIT ?`,
    values: [...values, ...after, request.limit + 1],
  };
}

const STATUS = {
  ok: 'r.status = 0',
  error: 'r.status = 2',
  running: 'r.running = 1',
};

/** Compiles a filter. Only this file's own text becomes SQL; every value of a caller is bound. */
export function compileFilter(filter: Filter): Condition {
  switch (filter.op) {
    case 'and':
    case 'or': {
      if (filter.of.length === 0) return { sql: filter.op === 'and' ? '1' : '0', values: [] };
      const parts = filter.of.map(compileFilter);
      return {
        sql: `(${parts.map((part) => part.sql).join(filter.op === 'and' ? ' AND ' : ' OR ')})`,
        values: parts.flatMap((part) => part.values),
      };
    }
    case 'not': {
      const inner = compileFilter(filter.of);
      return { sql: `NOT (${inner.sql})`, values: inner.values };
    }
    case 'is':
      return { sql: `r.${filter.field} = ?`, values: [filter.value] };
    case 'outcome':
      return { sql: 'r.outcome = ?', values: [filter.value] };
    case 'status':
      return { sql: STATUS[filter.value], values: [] };
    case 'at_least':
      return filter.field === 'cost_usd'
        ? { sql: 'r.cost_nano >= ?', values: [Math.round(filter.value * 1e9)] }
        : { sql: 'r.duration_us >= ?', values: [Math.round(filter.value * 1000)] };
    case 'since':
      return { sql: 'r.start_us >= ?', values: [filter.value] };
    case 'until':
      return { sql: 'r.start_us <= ?', values: [filter.value] };
    case 'has':
      return {
        sql: 'r.key IN (SELECT run_key FROM labels WHERE kind = ? AND value = ?)',
        values: [filter.label, filter.value],
      };
    case 'text':
      if (filter.query.terms.length === 0) return { sql: '0', values: [] };
      return { sql: `r.key IN (${MATCHING_RUNS})`, values: [ftsQuery(filter.query)] };
    case 'top_level':
      return { sql: 'r.listed = 1', values: [] };
  }
}
