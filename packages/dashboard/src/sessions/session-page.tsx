import { useInfiniteQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { ArrowLeft } from 'lucide-react';
import { useEffect, useMemo, useRef } from 'react';
import { sessionQuery } from '../api/queries.js';
import { Line } from '../content/captured.js';
import { formatTime, plural } from '../format.js';
import { PageError } from '../shell/page-states.js';
import { CopyButton } from '../ui/copy-button.js';
import { useListKeys } from '../ui/list-keys.js';
import { Ago } from '../ui/times.js';
import { useTitle } from '../ui/title.js';
import { Cost, Tokens, totalTokens } from '../ui/usage.js';
import { Conversation } from './conversation.js';
import { TaskList } from './task-list.js';

/** One continuous conversation when its runs are turns of one, a list of independent tasks when not. */
export function SessionPage() {
  const { sessionId } = useParams({ from: '/sessions/$sessionId' });
  const { run: openRun } = useSearch({ from: '/sessions/$sessionId' });
  const navigate = useNavigate({ from: '/sessions/$sessionId' });
  const thread = useInfiniteQuery(sessionQuery(sessionId));
  const runs = useMemo(() => thread.data?.pages.flatMap((page) => page.runs) ?? [], [thread.data]);
  // Every page repeats the session; the last read is the newest.
  const session = thread.data?.pages.at(-1)?.session;
  useTitle(session ? session.first_prompt || session.session_id : undefined);
  const bottom = useRef<HTMLDivElement>(null);
  const selected = useListKeys({
    ids: useMemo(() => runs.map((run) => run.run_id), [runs]),
    open: (id) => void navigate({ to: '/runs/$runId', params: { runId: id } }),
    show: (index) => document.getElementById(`turn-${index}`)?.scrollIntoView({ block: 'nearest' }),
    onEscape: () => void navigate({ to: '/sessions' }),
  });

  const { hasNextPage, isFetching, fetchNextPage } = thread;
  useEffect(() => {
    const element = bottom.current;
    if (!element || !hasNextPage || isFetching) return;
    const observer = new IntersectionObserver(
      (entries) => {
        if (entries.some((entry) => entry.isIntersecting)) void fetchNextPage();
      },
      { rootMargin: '600px' },
    );
    observer.observe(element);
    return () => observer.disconnect();
  }, [hasNextPage, isFetching, fetchNextPage]);

  const toggle = (runId: string) =>
    void navigate({ search: openRun === runId ? {} : { run: runId }, replace: true, resetScroll: false });

  if (thread.isError && !session) return <PageError error={thread.error} />;
  return (
    <div className="scroller">
      <header className="sticky top-0 z-5 border-b bg-canvas/95 px-4 py-3 backdrop-blur sm:px-6">
        <div className="flex items-center gap-3">
          <Link to="/sessions" className="btn btn-quiet btn-icon -ml-2" aria-label="Back to the sessions">
            <ArrowLeft size={15} aria-hidden />
          </Link>
          <h1 className="flex min-w-0 text-md font-semibold">
            {session ? (
              <Line text={session.first_prompt || sessionId} />
            ) : (
              <span className="skeleton h-4 w-64" />
            )}
          </h1>
        </div>
        {session && (
          <div className="num mt-1 flex flex-wrap items-center gap-x-4 gap-y-0.5 text-sm text-ink-3">
            <span className="font-medium text-ink-2">
              {session.conversational ? 'Conversation' : 'Independent tasks'}
            </span>
            <span>{plural(session.run_count, session.conversational ? 'turn' : 'task')}</span>
            {session.error_count > 0 && (
              <span className="font-medium text-error">{session.error_count} failed</span>
            )}
            {session.running_count > 0 && (
              <span className="font-medium text-accent">{session.running_count} running</span>
            )}
            {totalTokens(session) !== undefined && (
              <span>
                <Tokens of={session} /> tokens
              </span>
            )}
            {session.cost_usd !== undefined && <Cost usd={session.cost_usd} />}
            {session.user_id !== undefined && (
              <Link to="/" search={{ user_id: session.user_id }} className="flex max-w-44 hover:text-ink">
                <Line text={session.user_id} />
              </Link>
            )}
            <span title={formatTime(session.start_time)}>
              started <Ago time={session.start_time} sentence />
            </span>
            <span className="flex min-w-0 items-center font-mono text-xs">
              <Line text={sessionId} className="max-w-52" />
              <CopyButton text={sessionId} label="Copy the session id" className="-my-1.5" />
            </span>
          </div>
        )}
      </header>
      {thread.isPending && <ThreadSkeleton />}
      {session?.conversational ? (
        <Conversation runs={runs} openRun={openRun} toggle={toggle} selected={selected} />
      ) : (
        session && <TaskList runs={runs} openRun={openRun} toggle={toggle} selected={selected} />
      )}
      <div ref={bottom} className="h-16">
        {thread.isFetchingNextPage && <ThreadSkeleton />}
      </div>
    </div>
  );
}

function ThreadSkeleton() {
  return (
    <div className="mx-auto max-w-[860px] space-y-8 px-4 py-8 sm:px-6" aria-hidden="true">
      {[0, 1].map((turn) => (
        <div key={turn} className="space-y-4">
          <div className="skeleton ml-auto h-10 w-1/2 rounded-2xl" />
          <div className="space-y-2">
            <div className="skeleton h-3.5 w-11/12" />
            <div className="skeleton h-3.5 w-10/12" />
            <div className="skeleton h-3.5 w-7/12" />
          </div>
        </div>
      ))}
    </div>
  );
}
