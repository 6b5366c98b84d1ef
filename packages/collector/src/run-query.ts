import { OUTCOME_ORDER, type Outcome } from '@observatory/core/wire';
import { RequestProblem } from './body.js';
import type { Filter, RunField, TextQuery } from './filter.js';
import { MAX_QUERY_CHARACTERS, parseQuery } from './search-text.js';
import type { PageRequest } from './store.js';
import { parseTime } from './time.js';

const FIELDS: readonly RunField[] = [
  'session_id',
  'user_id',
  'name',
  'environment',
  'release',
  'parent_run_id',
];
const LABELS = ['model', 'tool', 'tag'] as const;
const STATUSES = ['ok', 'error', 'running'] as const;
const PAGING = ['limit', 'cursor'];

const MAX_LIMIT = 200;
const DEFAULT_LIMIT = 50;

export const badParameter = (name: string, message: string): RequestProblem =>
  new RequestProblem(400, 'bad_parameter', `"${name}" ${message}`, name);

/** Reads the query parameters of `GET /api/runs`; a repeated one means any of its values. */
export function readRunQuery(parameters: URLSearchParams): { filter: Filter; page: PageRequest } {
  const of: Filter[] = [];
  const anyOf = (filters: Filter[]) =>
    of.push(filters.length === 1 ? filters[0]! : { op: 'or', of: filters });
  let nested = false;
  for (const name of new Set(parameters.keys())) {
    const values = parameters.getAll(name);
    const [first] = values as [string];
    if ((FIELDS as readonly string[]).includes(name)) {
      if (name === 'parent_run_id') nested = true;
      anyOf(values.map((value) => ({ op: 'is', field: name as RunField, value })));
    } else if ((LABELS as readonly string[]).includes(name)) {
      anyOf(values.map((value) => ({ op: 'has', label: name as (typeof LABELS)[number], value })));
    } else if (name.startsWith('metadata.') && name.length > 'metadata.'.length) {
      anyOf(values.map((value) => ({ op: 'has', label: name as `metadata.${string}`, value })));
    } else if (name === 'status') {
      anyOf(values.map((value) => ({ op: 'status', value: oneOf(name, value, STATUSES) })));
    } else if (name === 'outcome') {
      anyOf(values.map((value) => ({ op: 'outcome', value: oneOf<Outcome>(name, value, OUTCOME_ORDER) })));
    } else if (name === 'min_cost') {
      of.push({ op: 'at_least', field: 'cost_usd', value: readNumber(name, first) });
    } else if (name === 'min_duration_ms') {
      of.push({ op: 'at_least', field: 'duration_ms', value: readNumber(name, first) });
    } else if (name === 'from' || name === 'to') {
      const value = parseTime(first);
      if (value === undefined)
        throw badParameter(name, 'is no time: send ISO-8601 such as 2026-01-31T12:00:00Z');
      of.push({ op: name === 'from' ? 'since' : 'until', value });
    } else if (name === 'q') {
      if (first.trim() !== '') of.push({ op: 'text', query: readText(name, first) });
    } else if (name === 'include_nested') {
      nested = nested || oneOf(name, first, ['true', 'false']) === 'true';
    } else if (!PAGING.includes(name)) {
      throw badParameter(
        name,
        `is not a filter of runs: there are ${[...FIELDS, ...LABELS].join(', ')}, metadata.KEY, status, outcome, min_cost, min_duration_ms, from, to, q, include_nested, limit and cursor`,
      );
    }
  }
  if (!nested) of.push({ op: 'top_level' });
  return { filter: { op: 'and', of }, page: readPage(parameters) };
}

export function readPage(parameters: URLSearchParams, defaultLimit = DEFAULT_LIMIT): PageRequest {
  const limit = parameters.get('limit');
  const cursor = parameters.get('cursor');
  const wanted = limit === null ? defaultLimit : Number(limit);
  if (!Number.isInteger(wanted) || wanted < 1 || wanted > MAX_LIMIT) {
    throw badParameter('limit', `must be a whole number from 1 to ${MAX_LIMIT}`);
  }
  return { limit: wanted, ...(cursor !== null && cursor !== '' && { cursor }) };
}

export function readText(name: string, value: string): TextQuery {
  if (value.length > MAX_QUERY_CHARACTERS) {
    throw badParameter(
      name,
      `has ${value.length} characters: at most ${MAX_QUERY_CHARACTERS} are searched for`,
    );
  }
  return parseQuery(value);
}

function oneOf<Value extends string>(name: string, value: string, allowed: readonly Value[]): Value {
  if (allowed.includes(value as Value)) return value as Value;
  throw badParameter(name, `must be one of ${allowed.join(', ')}`);
}

function readNumber(name: string, value: string): number {
  const number = value.trim() === '' ? Number.NaN : Number(value);
  if (Number.isFinite(number) && number >= 0) return number;
  throw badParameter(name, 'must be a number, 0 or more');
}
