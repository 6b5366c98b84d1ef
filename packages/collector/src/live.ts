import { randomBytes } from 'node:crypto';
import type { LiveEvent } from './api.js';
import type { Store } from './store.js';

/** What a reader of the live stream gets: the event and the id that resumes after it. */
export interface LiveMessage {
  id: string;
  event: LiveEvent;
}

/** Tells readers which runs are new or changed, at most a few times a second each. */
export interface Live {
  changed(runIds: Iterable<string>): void;
  deleted(runIds: string[]): void;
  /**
   * Calls `listener` for everything after `lastId`, then for everything new. Returns how to stop; `onClose` is
   * called when the collector closes.
   */
  subscribe(listener: (message: LiveMessage) => void, lastId?: string, onClose?: () => void): () => void;
  readers(): number;
  /** Sends what is waiting, now. */
  flush(): Promise<void>;
  close(): void;
}

const COALESCE_MS = 150;
/** As many as a reader that lost its connection for a moment can have missed. */
const REMEMBERED = 2000;
/** With no reader for so long, nobody comes back to resume: rows are not read for nothing. */
const REMEMBERED_UNREAD_MS = 60_000;
/** More changes at once than this are not read one by one: readers read their lists again. */
const MAX_EVENTS_AT_ONCE = 500;

export function createLive(store: Pick<Store, 'rows'>, onError: (error: unknown) => void): Live {
  // Ids of another process's stream must not be mistaken for ours.
  const epoch = randomBytes(4).toString('hex');
  const listeners = new Map<(message: LiveMessage) => void, (() => void) | undefined>();
  let sequence = 0;
  let ring: { sequence: number; message: LiveMessage }[] = [];
  let waiting = new Set<string>();
  let timer: NodeJS.Timeout | undefined;
  let closed = false;
  let lastRead = Number.NEGATIVE_INFINITY;

  function publish(event: LiveEvent): void {
    sequence++;
    const message = { id: `${epoch}-${sequence}`, event };
    ring.push({ sequence, message });
    if (ring.length > 2 * REMEMBERED) ring = ring.slice(-REMEMBERED);
    for (const listener of listeners.keys()) listener(message);
  }

  async function flush(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    const runIds = waiting;
    waiting = new Set();
    if (runIds.size === 0 || closed) return;
    const unread = listeners.size === 0 && Date.now() - lastRead > REMEMBERED_UNREAD_MS;
    if (unread || runIds.size > MAX_EVENTS_AT_ONCE) publish({ type: 'reset' });
    else for (const row of await store.rows(runIds)) publish({ type: 'run', ...row });
  }

  return {
    changed(runIds) {
      for (const id of runIds) waiting.add(id);
      if (waiting.size > 0 && timer === undefined && !closed) {
        timer = setTimeout(() => flush().catch(onError), COALESCE_MS);
        timer.unref();
      }
    },
    deleted(run_ids) {
      for (const id of run_ids) waiting.delete(id);
      if (run_ids.length > 0) publish({ type: 'deleted', run_ids });
    },
    subscribe(listener, lastId, onClose) {
      if (lastId !== undefined) {
        const [theirEpoch, number] = lastId.split('-');
        const after = Number(number);
        const oldest = ring[0]?.sequence ?? sequence + 1;
        if (theirEpoch !== epoch || !Number.isSafeInteger(after) || after < oldest - 1 || after > sequence) {
          listener({ id: `${epoch}-${sequence}`, event: { type: 'reset' } });
        } else for (const { sequence: n, message } of ring) if (n > after) listener(message);
      }
      listeners.set(listener, onClose);
      return () => {
        lastRead = Date.now();
        listeners.delete(listener);
      };
    },
    readers: () => listeners.size,
    flush,
    close() {
      closed = true;
      clearTimeout(timer);
      for (const onClose of [...listeners.values()]) onClose?.();
      listeners.clear();
    },
  };
}
