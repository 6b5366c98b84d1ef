import type { RunList, SessionList } from '@observatory/collector/api';
import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query';
import { collector } from './client.js';
import { flattenRunSearch, type RunSearch, runParams } from './run-filters.js';

/**
 * The live stream keeps what is cached up to date, so nothing goes stale by itself; after a gap in the stream it is read again.
 */
const LIVE = { staleTime: Number.POSITIVE_INFINITY } as const;

const nextCursor = (page: { next_cursor?: string }) => page.next_cursor;

export const overviewQuery = queryOptions({
  queryKey: ['overview'],
  queryFn: ({ signal }) => collector.overview(signal),
  ...LIVE,
});

export const facetsQuery = queryOptions({
  queryKey: ['facets'],
  queryFn: ({ signal }) => collector.facets(signal),
  staleTime: 15_000,
});

export const runsQuery = (search: RunSearch) =>
  infiniteQueryOptions({
    queryKey: ['runs', flattenRunSearch(search)],
    queryFn: ({ pageParam, signal }): Promise<RunList> =>
      collector.runs(runParams(search, Date.now()), pageParam, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: nextCursor,
    meta: { search },
    placeholderData: keepPreviousData,
    ...LIVE,
  });

export const runQuery = (id: string) =>
  queryOptions({ queryKey: ['run', id], queryFn: ({ signal }) => collector.run(id, signal), ...LIVE });

export const sessionsQuery = (params: Record<string, string>) =>
  infiniteQueryOptions({
    queryKey: ['sessions', params],
    queryFn: ({ pageParam, signal }): Promise<SessionList> =>
      collector.sessions(new URLSearchParams(params), pageParam, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: nextCursor,
    placeholderData: keepPreviousData,
    ...LIVE,
  });

export const sessionQuery = (id: string) =>
  infiniteQueryOptions({
    queryKey: ['session', id],
    queryFn: ({ pageParam, signal }) => collector.session(id, pageParam, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: nextCursor,
    ...LIVE,
  });

export const searchQuery = (q: string) =>
  infiniteQueryOptions({
    queryKey: ['search', q],
    queryFn: ({ pageParam, signal }) => collector.search(q, pageParam, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: nextCursor,
    enabled: q.trim() !== '',
    placeholderData: keepPreviousData,
    staleTime: 10_000,
  });
