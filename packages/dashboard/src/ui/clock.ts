import { useSyncExternalStore } from 'react';

/** One timer for everything that ticks, at most as fast as its fastest reader asks, and none while nobody reads. */
function createClock(intervalMs: number) {
  const readers = new Set<() => void>();
  let now = Date.now();
  let timer: ReturnType<typeof setInterval> | undefined;
  return {
    subscribe(reader: () => void) {
      readers.add(reader);
      timer ??= setInterval(() => {
        now = Date.now();
        for (const read of readers) read();
      }, intervalMs);
      return () => {
        readers.delete(reader);
        if (readers.size > 0) return;
        clearInterval(timer);
        timer = undefined;
      };
    },
    now() {
      // A page that was idle starts from the right time.
      if (timer === undefined) now = Math.floor(Date.now() / intervalMs) * intervalMs;
      return now;
    },
  };
}

const slow = createClock(1_000);
const fast = createClock(100);

/** The current time, once a second. */
export function useNow(): number {
  return useSyncExternalStore(slow.subscribe, slow.now);
}

/** The current time ten times a second, for what is running. */
export function useFastNow(): number {
  return useSyncExternalStore(fast.subscribe, fast.now);
}
