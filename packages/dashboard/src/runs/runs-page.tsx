import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useCallback, useMemo } from 'react';
import { overviewQuery, runsQuery } from '../api/queries.js';
import { flattenRunSearch, hasFilters, parseRunSearch, type RunSearch } from '../api/run-filters.js';
import { formatExact } from '../format.js';
import { PageError } from '../shell/page-states.js';
import { GettingStarted } from '../start/getting-started.js';
import { PageHeader } from '../ui/page-header.js';
import { useTitle } from '../ui/title.js';
import { RecentRuns } from './recent-runs.js';
import { RunFilterBar } from './run-filter-bar.js';
import { RunsTable } from './runs-table.js';

export function RunsPage() {
  const raw = useSearch({ from: '/' });
  const search = useMemo(() => parseRunSearch(raw), [raw]);
  const navigate = useNavigate({ from: '/' });
  const overview = useQuery(overviewQuery).data;
  const runs = useInfiniteQuery(runsQuery(search));
  const rows = useMemo(() => runs.data?.pages.flatMap((page) => page.runs) ?? [], [runs.data]);

  const setSearch = useCallback(
    (next: RunSearch, replace = false) => void navigate({ search: flattenRunSearch(next), replace }),
    [navigate],
  );
  const clear = useCallback(() => setSearch({}), [setSearch]);

  const filtered = hasFilters(search);
  useTitle('Runs');
  if (!filtered && rows.length === 0 && runs.isSuccess && (overview?.run_count ?? 0) === 0)
    return <GettingStarted />;

  return (
    <>
      <PageHeader title="Runs">
        {overview && (
          <Figures overview={overview} filtered={filtered} shown={rows.length} more={runs.hasNextPage} />
        )}
        <RecentRuns rows={rows} />
      </PageHeader>
      <RunFilterBar search={search} onChange={setSearch} busy={runs.isPlaceholderData} />
      {runs.isError && rows.length === 0 ? (
        <PageError error={runs.error} />
      ) : (
        <RunsTable
          rows={rows}
          loading={runs.isPending}
          dimmed={runs.isPlaceholderData}
          hasMore={runs.hasNextPage}
          loadMore={() => {
            if (!runs.isFetching) void runs.fetchNextPage();
          }}
          total={filtered ? undefined : overview?.run_count}
          listKey={JSON.stringify(raw)}
          onClear={filtered ? clear : undefined}
        />
      )}
    </>
  );
}

function Figures({
  overview,
  filtered,
  shown,
  more,
}: {
  overview: { run_count: number; error_count: number };
  filtered: boolean;
  shown: number;
  more: boolean;
}) {
  if (filtered) {
    return (
      <p className="num text-sm text-ink-3">
        {formatExact(shown)}
        {more ? '+' : ''} of {formatExact(overview.run_count)}
      </p>
    );
  }
  return <p className="num text-sm text-ink-3">{formatExact(overview.run_count)}</p>;
}
