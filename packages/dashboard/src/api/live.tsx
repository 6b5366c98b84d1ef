import { useQueryClient } from '@tanstack/react-query';
import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from 'react';
import { CollectorError, collector } from './client.js';
import { createLiveCache, type LiveCache } from './live-cache.js';
import { type LiveState, openLiveStream } from './live-stream.js';

const LiveContext = createContext<{ state: LiveState; cache: LiveCache } | undefined>(undefined);

/** Opens the live stream for the page and keeps the query caches up to date with it. */
export function LiveProvider({ children }: { children: ReactNode }) {
  const client = useQueryClient();
  const cache = useMemo(() => createLiveCache(client), [client]);
  const [state, setState] = useState<LiveState>('connecting');

  useEffect(() => {
    const stream = openLiveStream({
      url: '/api/live',
      onEvents: (events) => cache.apply(events),
      onStale: () => cache.refresh(),
      onState: setState,
      probe: () =>
        collector.overview().then(
          () => true,
          (error: unknown) => error instanceof CollectorError,
        ),
    });
    return () => stream.close();
  }, [cache]);

  const value = useMemo(() => ({ state, cache }), [state, cache]);
  return <LiveContext value={value}>{children}</LiveContext>;
}

export function useLive(): { state: LiveState; cache: LiveCache } {
  const live = useContext(LiveContext);
  if (!live) throw new Error('useLive stands outside <LiveProvider>');
  return live;
}
