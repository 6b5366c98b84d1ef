import { useQuery } from '@tanstack/react-query';
import { useCanGoBack, useNavigate, useParams, useRouter, useSearch } from '@tanstack/react-router';
import { Tabs } from 'radix-ui';
import { useCallback, useMemo } from 'react';
import { runQuery } from '../api/queries.js';
import { FindContext } from '../content/find.js';
import { PageError } from '../shell/page-states.js';
import { useShortcuts } from '../shell/shortcuts.js';
import { useTitle } from '../ui/title.js';
import { RawView } from './raw-view.js';
import { RunHeader } from './run-header.js';
import { RunTranscript } from './run-transcript.js';
import { SelectionContext, useLanding } from './spot.js';
import { RUN_TABS, type RunTab } from './tabs.js';
import { spotsOf } from './transcript-model.js';
import { Waterfall } from './waterfall.js';

const TAB_LABELS: Record<RunTab, string> = { transcript: 'Transcript', waterfall: 'Waterfall', raw: 'Raw' };

export function RunPage() {
  const { runId } = useParams({ from: '/runs/$runId' });
  const { tab: chosen, at, find } = useSearch({ from: '/runs/$runId' });
  // Metadata stands with the raw data.
  const tab = chosen ?? (at === 'metadata' ? 'raw' : 'transcript');
  const navigate = useNavigate({ from: '/runs/$runId' });
  const router = useRouter();
  const canGoBack = useCanGoBack();
  const query = useQuery(runQuery(runId));
  const detail = query.data;
  useTitle(detail ? (detail.run.name ?? detail.run.user_prompt ?? 'Run') : undefined);

  const show = useCallback(
    (next: RunTab) =>
      void navigate({
        search: (now) => ({
          ...(next !== 'transcript' && { tab: next }),
          ...(now.at !== undefined && now.at !== 'metadata' && { at: now.at }),
        }),
        resetScroll: false,
      }),
    [navigate],
  );
  // Selecting is not a place of its own: the back button leaves the run.
  const select = useCallback(
    (spot: string) =>
      void navigate({
        search: (now) => ({ ...(now.tab && { tab: now.tab }), at: spot }),
        replace: true,
        resetScroll: false,
      }),
    [navigate],
  );
  const back = useCallback(() => {
    if (canGoBack) router.history.back();
    else void navigate({ to: '/' });
  }, [canGoBack, router, navigate]);

  const spots = useMemo(() => (detail ? spotsOf(detail) : []), [detail]);
  const move = (by: number) => {
    const index = at === undefined ? -1 : spots.indexOf(at);
    const next =
      spots[
        index < 0 ? (by > 0 ? 0 : spots.length - 1) : Math.min(Math.max(index + by, 0), spots.length - 1)
      ];
    if (next !== undefined) select(next);
  };
  useShortcuts({
    j: () => move(1),
    arrowdown: () => move(1),
    k: () => move(-1),
    arrowup: () => move(-1),
    escape: back,
    ...Object.fromEntries(RUN_TABS.map((name, index) => [String(index + 1), () => show(name)])),
  });
  useLanding(tab === 'waterfall' ? undefined : at, find, detail !== undefined);

  const selection = useMemo(() => ({ at, select }), [at, select]);
  if (query.isError && !detail) return <PageError error={query.error} />;
  if (!detail) return <RunSkeleton />;
  return (
    <SelectionContext value={selection}>
      <FindContext value={find ?? ''}>
        <Tabs.Root
          value={tab}
          onValueChange={(next) => show(next as RunTab)}
          className="flex min-h-0 flex-1 flex-col"
          activationMode="manual"
        >
          <div className="scroller">
            <RunHeader detail={detail} onBack={back} />
            <div className="sticky top-0 z-5 border-b bg-canvas px-4 sm:px-6">
              <Tabs.List aria-label="Views of this run" className="-mb-px flex gap-5">
                {RUN_TABS.map((name) => (
                  <Tabs.Trigger
                    key={name}
                    value={name}
                    className="h-9 border-b-2 border-transparent font-medium text-ink-3 transition-colors duration-(--quick) hover:text-ink data-[state=active]:border-accent data-[state=active]:text-ink"
                  >
                    {TAB_LABELS[name]}
                  </Tabs.Trigger>
                ))}
              </Tabs.List>
            </div>
            <Tabs.Content value="transcript" tabIndex={-1} className="outline-none">
              <RunTranscript detail={detail} />
            </Tabs.Content>
            <Tabs.Content value="waterfall" tabIndex={-1} className="outline-none">
              <Waterfall detail={detail} />
            </Tabs.Content>
            <Tabs.Content value="raw" tabIndex={-1} className="outline-none">
              <RawView detail={detail} />
            </Tabs.Content>
          </div>
        </Tabs.Root>
      </FindContext>
    </SelectionContext>
  );
}

function RunSkeleton() {
  return (
    <div className="space-y-6 px-4 py-5 sm:px-6" aria-hidden="true">
      <div className="skeleton h-5 w-72" />
      <div className="flex gap-10">
        {[0, 1, 2, 3].map((cell) => (
          <div key={cell} className="space-y-2">
            <div className="skeleton h-2.5 w-14" />
            <div className="skeleton h-4 w-20" />
          </div>
        ))}
      </div>
      <div className="max-w-[860px] space-y-3 pt-6">
        <div className="skeleton h-20 w-full rounded-lg" />
        <div className="skeleton h-9 w-full rounded-lg" />
        <div className="skeleton h-32 w-full rounded-lg" />
      </div>
    </div>
  );
}
