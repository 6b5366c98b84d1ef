import type { SessionRow } from '@observatory/collector/api';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useVirtualizer } from '@tanstack/react-virtual';
import { ListTodo, MessagesSquare } from 'lucide-react';
import { memo, useEffect, useMemo, useRef } from 'react';
import { overviewQuery, sessionsQuery } from '../api/queries.js';
import { Line } from '../content/captured.js';
import { plainPreview } from '../content/plain-preview.js';
import { formatExact, plural } from '../format.js';
import { PageError } from '../shell/page-states.js';
import { GettingStarted } from '../start/getting-started.js';
import { useListKeys } from '../ui/list-keys.js';
import { useMedia } from '../ui/media.js';
import { PageHeader } from '../ui/page-header.js';
import { QueryField } from '../ui/query-field.js';
import { Ago } from '../ui/times.js';
import { useTitle } from '../ui/title.js';
import { Cost, Tokens } from '../ui/usage.js';

const ROW = 68;
const PHONE_ROW = 92;

export function SessionsPage() {
  const search = useSearch({ from: '/sessions' });
  const navigate = useNavigate();
  const overview = useQuery(overviewQuery).data;
  useTitle('Sessions');
  const sessions = useInfiniteQuery(sessionsQuery(search.q === undefined ? {} : { q: search.q }));
  const rows = useMemo(() => sessions.data?.pages.flatMap((page) => page.sessions) ?? [], [sessions.data]);
  const ids = useMemo(() => rows.map((row) => row.session_id), [rows]);
  const scroller = useRef<HTMLDivElement>(null);
  const height = useMedia('(max-width: 639px)') ? PHONE_ROW : ROW;
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => height,
    getItemKey: (index) => ids[index] ?? index,
    overscan: 8,
    paddingEnd: 16,
  });
  const measure = virtual.measure;
  // biome-ignore lint/correctness/useExhaustiveDependencies: another row height makes every size wrong
  useEffect(() => measure(), [measure, height]);
  const selected = useListKeys({
    ids,
    open: (id) => void navigate({ to: '/sessions/$sessionId', params: { sessionId: id } }),
    show: (index) => virtual.scrollToIndex(index, { align: 'auto' }),
  });
  const items = virtual.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  const { hasNextPage, isFetching, fetchNextPage } = sessions;
  useEffect(() => {
    if (hasNextPage && !isFetching && last >= rows.length - 20) void fetchNextPage();
  }, [hasNextPage, isFetching, fetchNextPage, last, rows.length]);

  if (rows.length === 0 && sessions.isSuccess && overview?.run_count === 0) return <GettingStarted />;
  return (
    <>
      <PageHeader title="Sessions">
        {overview && <p className="num text-sm text-ink-3">{formatExact(overview.session_count)}</p>}
        <div className="ml-auto w-full sm:w-auto">
          <QueryField
            q={search.q}
            label="Search in sessions"
            busy={sessions.isPlaceholderData}
            onChange={(q) => void navigate({ to: '/sessions', search: q === undefined ? {} : { q } })}
          />
        </div>
      </PageHeader>
      {sessions.isError && rows.length === 0 ? (
        <PageError error={sessions.error} />
      ) : (
        <div ref={scroller} className="scroller border-t">
          {sessions.isPending && <Skeletons height={height} />}
          <ul aria-label="Sessions" className="relative" style={{ height: virtual.getTotalSize() }}>
            {items.map((item) => {
              const row = rows[item.index];
              return (
                row && (
                  <SessionItem
                    key={row.session_id}
                    row={row}
                    top={item.start}
                    height={height}
                    selected={row.session_id === selected}
                  />
                )
              );
            })}
          </ul>
          {sessions.isSuccess && rows.length === 0 && search.q !== undefined && (
            <p className="px-6 py-20 text-center font-medium">No session matches</p>
          )}
          {sessions.isSuccess && rows.length === 0 && search.q === undefined && (
            <div className="flex flex-col items-center gap-2 px-6 py-20 text-center">
              <p className="font-medium">No sessions yet</p>
              <p className="max-w-md text-ink-3">
                Runs that share a <code className="font-mono text-sm">sessionId</code> are shown together
                here: a conversation, a workflow, a batch.
              </p>
              <Link to="/" className="btn mt-2">
                All runs
              </Link>
            </div>
          )}
        </div>
      )}
    </>
  );
}

const SessionItem = memo(function SessionItem({
  row,
  top,
  height,
  selected,
}: {
  row: SessionRow;
  top: number;
  height: number;
  selected: boolean;
}) {
  const Icon = row.conversational ? MessagesSquare : ListTodo;
  const kind = row.conversational ? 'Conversation' : 'Independent tasks';
  return (
    <li
      data-session={row.session_id}
      className={`absolute inset-x-0 flex items-center gap-4 border-b px-4 transition-colors duration-(--quick) hover:bg-hover sm:px-6 ${
        selected ? 'bg-active shadow-[inset_2px_0_0_var(--accent)]' : ''
      }`}
      style={{ top, height }}
    >
      <span
        className="hidden size-8 shrink-0 place-items-center rounded-lg border bg-surface text-ink-3 sm:grid"
        title={kind}
      >
        <Icon size={15} aria-hidden />
        <span className="sr-only">{kind}</span>
      </span>
      <div className="min-w-0 flex-1 sm:max-w-[60%]">
        <Link
          to="/sessions/$sessionId"
          params={{ sessionId: row.session_id }}
          className="flex font-medium before:absolute before:inset-0"
          aria-current={selected ? 'true' : undefined}
        >
          <Line text={row.first_prompt || row.session_id} />
        </Link>
        <p className="flex min-w-0 text-sm text-ink-3">
          {row.last_response ? (
            <Line text={plainPreview(row.last_response)} />
          ) : row.running_count > 0 ? (
            'No answer yet'
          ) : (
            'No response'
          )}
        </p>
        <p className="num mt-0.5 flex items-center gap-3 text-sm text-ink-3 sm:hidden">
          <State row={row} />
          <span>{counted(row)}</span>
          <span className="ml-auto">
            <Ago time={row.last_activity_time} />
          </span>
        </p>
      </div>
      <div className="num ml-auto hidden shrink-0 items-center gap-4 text-right text-sm text-ink-2 sm:flex">
        <span className="hidden w-36 justify-end text-ink-3 xl:flex">
          {row.user_id !== undefined && <Line text={row.user_id} />}
        </span>
        <span className="flex w-20 justify-end">
          <State row={row} />
        </span>
        <span className="w-16">{counted(row)}</span>
        <span className="hidden w-14 md:inline">
          <Tokens of={row} />
        </span>
        <span className="hidden w-18 md:inline">
          <Cost usd={row.cost_usd} />
        </span>
        <span className="w-10 text-ink-3">
          <Ago time={row.last_activity_time} />
        </span>
      </div>
    </li>
  );
});

/** What stands out about a session: something runs, or something failed. */
function State({ row }: { row: SessionRow }) {
  if (row.running_count > 0) {
    return (
      <span className="flex items-center gap-1.5 font-medium text-accent">
        <span className="breathing size-2 rounded-full bg-accent" />
        {row.running_count === 1 ? 'Running' : `${row.running_count} running`}
      </span>
    );
  }
  return row.error_count > 0 ? (
    <span className="font-medium text-error">{row.error_count} failed</span>
  ) : null;
}

function counted(row: SessionRow): string {
  return plural(row.run_count, row.conversational ? 'turn' : 'task');
}

function Skeletons({ height }: { height: number }) {
  return Array.from({ length: 9 }, (_, index) => (
    <div
      // biome-ignore lint/suspicious/noArrayIndexKey: placeholders have no other name
      key={index}
      className="flex items-center gap-4 border-b px-4 sm:px-6"
      style={{ height }}
      aria-hidden="true"
    >
      <div className="skeleton size-8 rounded-lg" />
      <div className="flex-1 space-y-2">
        <div className="skeleton h-3" style={{ width: `${22 + ((index * 29) % 30)}%` }} />
        <div className="skeleton h-3" style={{ width: `${34 + ((index * 41) % 30)}%` }} />
      </div>
      <div className="skeleton h-3 w-24" />
    </div>
  ));
}
