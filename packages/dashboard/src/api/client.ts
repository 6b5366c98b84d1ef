import type {
  ApiError,
  Facets,
  Overview,
  RunDetail,
  RunList,
  SearchResult,
  SessionList,
  SessionThread,
} from '@observatory/collector/api';

/** An answer of the collector that is not 2xx, in its own words. */
export class CollectorError extends Error {
  readonly status: number;
  readonly code: string;
  readonly field: string | undefined;

  constructor(status: number, code: string, message: string, field?: string) {
    super(message);
    this.name = 'CollectorError';
    this.status = status;
    this.code = code;
    this.field = field;
  }
}

async function get<T>(
  path: string,
  params: URLSearchParams | undefined,
  signal: AbortSignal | undefined,
): Promise<T> {
  const query = params && params.size > 0 ? `?${params}` : '';
  const response = await fetch(`/api/${path}${query}`, {
    headers: { accept: 'application/json' },
    ...(signal ? { signal } : {}),
  });
  if (!response.ok) {
    const body = (await response.json().catch(() => undefined)) as Partial<ApiError> | undefined;
    throw new CollectorError(
      response.status,
      body?.error?.code ?? 'unknown',
      body?.error?.message ?? `The collector answered ${response.status} ${response.statusText}`.trim(),
      body?.error?.field,
    );
  }
  return (await response.json()) as T;
}

/** Rows of the first page: a few screens, small enough to draw at once. */
const PAGE_SIZE = '100';
/** Rows of every further page: who scrolls on wants to get there. The collector gives no more at once. */
const NEXT_PAGE_SIZE = '200';
/** Turns of a conversation carry whole bodies. */
const THREAD_PAGE_SIZE = '30';

function paged(
  params: URLSearchParams,
  cursor: string | undefined,
  limit = cursor === undefined ? PAGE_SIZE : NEXT_PAGE_SIZE,
): URLSearchParams {
  const query = new URLSearchParams(params);
  query.set('limit', limit);
  if (cursor !== undefined) query.set('cursor', cursor);
  return query;
}

/** The collector's query API, as far as the dashboard uses it. */
export const collector = {
  overview: (signal?: AbortSignal) => get<Overview>('overview', undefined, signal),
  facets: (signal?: AbortSignal) => get<Facets>('facets', undefined, signal),
  runs: (params: URLSearchParams, cursor?: string, signal?: AbortSignal) =>
    get<RunList>('runs', paged(params, cursor), signal),
  run: (id: string, signal?: AbortSignal) =>
    get<RunDetail>(`runs/${encodeURIComponent(id)}`, undefined, signal),
  sessions: (params: URLSearchParams, cursor?: string, signal?: AbortSignal) =>
    get<SessionList>('sessions', paged(params, cursor), signal),
  session: (id: string, cursor?: string, signal?: AbortSignal) =>
    get<SessionThread>(
      `sessions/${encodeURIComponent(id)}`,
      paged(new URLSearchParams(), cursor, THREAD_PAGE_SIZE),
      signal,
    ),
  search: (q: string, cursor?: string, signal?: AbortSignal) =>
    get<SearchResult>('search', paged(new URLSearchParams({ q }), cursor, '30'), signal),
};
