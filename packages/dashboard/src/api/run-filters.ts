import type { RunRow } from '@observatory/collector/api';
import type { Outcome } from '@observatory/core/wire';
import { OUTCOMES } from '../ui/outcome.js';

/** What the runs list is filtered by, as it stands in the URL. Several values of one filter mean any of them. */
export interface RunSearch {
  q?: string;
  status?: 'ok' | 'error' | 'running';
  outcome?: Outcome[];
  name?: string[];
  model?: string[];
  tool?: string[];
  tag?: string[];
  user_id?: string[];
  session_id?: string[];
  environment?: string[];
  release?: string[];
  range?: TimeRange;
  /** ISO-8601; only without `range`. */
  from?: string;
  to?: string;
  min_duration_ms?: number;
  min_cost?: number;
  /** `metadata.KEY` filters, passed through as they are. */
  metadata?: Record<string, string[]>;
}

export type TimeRange = '15m' | '1h' | '24h' | '7d' | '30d';

export const TIME_RANGES: Record<TimeRange, { label: string; ms: number }> = {
  '15m': { label: 'Last 15 minutes', ms: 15 * 60_000 },
  '1h': { label: 'Last hour', ms: 3_600_000 },
  '24h': { label: 'Last 24 hours', ms: 86_400_000 },
  '7d': { label: 'Last 7 days', ms: 7 * 86_400_000 },
  '30d': { label: 'Last 30 days', ms: 30 * 86_400_000 },
};

/** Filters whose values come from `/api/facets` (`session_id` only from links). */
export const VALUE_FILTERS = [
  'outcome',
  'name',
  'model',
  'tool',
  'tag',
  'user_id',
  'session_id',
  'environment',
  'release',
] as const;
export type ValueFilter = (typeof VALUE_FILTERS)[number];

export const FILTER_LABELS: Record<ValueFilter, string> = {
  outcome: 'Outcome',
  name: 'Name',
  model: 'Model',
  tool: 'Tool',
  tag: 'Tag',
  user_id: 'User',
  session_id: 'Session',
  environment: 'Environment',
  release: 'Release',
};

type RawSearch = Record<string, unknown>;

function strings(value: unknown): string[] | undefined {
  const list = (Array.isArray(value) ? value : [value]).filter(
    (v): v is string => typeof v === 'string' && v !== '',
  );
  return list.length > 0 ? [...new Set(list)] : undefined;
}

function positive(value: unknown): number | undefined {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) && number > 0 ? number : undefined;
}

function time(value: unknown): string | undefined {
  return typeof value === 'string' && !Number.isNaN(Date.parse(value)) ? value : undefined;
}

/** Reads the URL; whatever does not parse is left out, so that an edited or old link still opens. */
export function parseRunSearch(raw: RawSearch): RunSearch {
  const search: RunSearch = {};
  const q = strings(raw.q)?.[0];
  if (q !== undefined) search.q = q;
  const status = strings(raw.status)?.[0];
  if (status === 'ok' || status === 'error' || status === 'running') search.status = status;
  for (const key of VALUE_FILTERS) {
    const values = strings(raw[key]);
    if (!values) continue;
    if (key === 'outcome') {
      const known = values.filter((v): v is Outcome => Object.hasOwn(OUTCOMES, v));
      if (known.length > 0) search.outcome = known;
    } else search[key] = values;
  }
  const range = strings(raw.range)?.[0];
  if (range !== undefined && Object.hasOwn(TIME_RANGES, range)) search.range = range as TimeRange;
  else {
    const from = time(raw.from);
    const to = time(raw.to);
    if (from !== undefined) search.from = from;
    if (to !== undefined) search.to = to;
  }
  const duration = positive(raw.min_duration_ms);
  const cost = positive(raw.min_cost);
  if (duration !== undefined) search.min_duration_ms = duration;
  if (cost !== undefined) search.min_cost = cost;
  const metadata: Record<string, string[]> = {};
  for (const [key, value] of Object.entries(raw)) {
    const values = key.startsWith('metadata.') && key.length > 9 ? strings(value) : undefined;
    if (values) metadata[key.slice(9)] = values;
  }
  if (Object.keys(metadata).length > 0) search.metadata = metadata;
  return search;
}

/** The flat form for the URL and for the API. */
export function flattenRunSearch(search: RunSearch): Record<string, string | number | string[]> {
  const { metadata, ...rest } = search;
  const flat: Record<string, string | number | string[]> = { ...rest };
  for (const [key, values] of Object.entries(metadata ?? {})) flat[`metadata.${key}`] = values;
  return flat;
}

/** The query of `GET /api/runs`; a relative range becomes a time now. */
export function runParams(search: RunSearch, now: number): URLSearchParams {
  const params = new URLSearchParams();
  for (const [key, value] of Object.entries(flattenRunSearch(search))) {
    if (key === 'range') params.set('from', new Date(now - TIME_RANGES[search.range!].ms).toISOString());
    else for (const one of Array.isArray(value) ? value : [value]) params.append(key, String(one));
  }
  return params;
}

export function hasFilters(search: RunSearch): boolean {
  return Object.keys(search).length > 0;
}

/**
 * Whether a run that just arrived belongs on a filtered list: `undefined` when only the collector can tell
 * (full text, tool and metadata are not in a row).
 */
export function matchesRow(search: RunSearch, row: RunRow, now: number): boolean | undefined {
  const any = (wanted: readonly string[] | undefined, has: readonly (string | undefined)[]) =>
    wanted === undefined || has.some((value) => value !== undefined && wanted.includes(value));
  const start = Date.parse(row.start_time);
  const known =
    (search.status === undefined ||
      (search.status === 'running'
        ? row.running
        : !row.running && (row.status_code === 2) === (search.status === 'error'))) &&
    any(search.outcome, [row.outcome]) &&
    any(search.name, [row.name]) &&
    any(search.model, row.models ?? []) &&
    any(search.tag, row.tags ?? []) &&
    any(search.user_id, [row.user_id]) &&
    any(search.session_id, [row.session_id]) &&
    any(search.environment, [row.environment]) &&
    any(search.release, [row.release]) &&
    (search.range === undefined || start >= now - TIME_RANGES[search.range].ms) &&
    (search.from === undefined || start >= Date.parse(search.from)) &&
    (search.to === undefined || start <= Date.parse(search.to)) &&
    (search.min_duration_ms === undefined || (row.duration_ms ?? 0) >= search.min_duration_ms) &&
    (search.min_cost === undefined || (row.cost_usd ?? 0) >= search.min_cost);
  if (!known) return false;
  return search.q === undefined && search.tool === undefined && search.metadata === undefined
    ? true
    : undefined;
}
