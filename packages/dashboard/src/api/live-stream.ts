import type { LiveEvent } from '@observatory/collector/api';

/**
 * - `connecting`: not yet
 * - `live`: the stream is open
 * - `polling`: the collector answers but the stream does not open (a proxy that buffers), so lists are read again on a timer
 * - `unreachable`: nothing answers; it is tried again
 */
export type LiveState = 'connecting' | 'live' | 'polling' | 'unreachable';

export interface LiveStreamOptions {
  url: string;
  /** All events since the last call, in order; at most one call per `batchMs`. */
  onEvents(events: LiveEvent[]): void;
  /** The stream opened again after it was lost, or a poll is due: what was missed must be read. */
  onStale(): void;
  onState(state: LiveState): void;
  /** Whether the collector answers at all. */
  probe(): Promise<boolean>;
  createSource?: (url: string) => EventSource;
  batchMs?: number;
  retryMs?: number;
  pollMs?: number;
}

/** Failures to open in a row, while the collector answers, before polling. */
const FAILURES_BEFORE_POLLING = 2;

/** The live stream: one EventSource that is opened again for as long as the page lives. `close()` ends it. */
export function openLiveStream(options: LiveStreamOptions): { close(): void } {
  const { batchMs = 120, retryMs = 1_500, pollMs = 4_000 } = options;
  const createSource = options.createSource ?? ((url) => new EventSource(url));
  let source: EventSource | undefined;
  let closed = false;
  let opened = false;
  let failures = 0;
  let state: LiveState = 'connecting';
  let lastId = '';
  let queue: LiveEvent[] = [];
  let batchTimer: ReturnType<typeof setTimeout> | undefined;
  let retryTimer: ReturnType<typeof setTimeout> | undefined;

  const setState = (next: LiveState) => {
    if (next === state) return;
    state = next;
    options.onState(next);
  };

  const deliver = () => {
    batchTimer = undefined;
    const events = queue;
    queue = [];
    if (events.length > 0) options.onEvents(events);
  };

  const receive = (type: LiveEvent['type']) => (message: MessageEvent<string>) => {
    if (message.lastEventId !== '') lastId = message.lastEventId;
    const event = readEvent(type, message.data);
    if (!event) return;
    queue.push(event);
    batchTimer ??= setTimeout(deliver, batchMs);
  };

  const connect = () => {
    retryTimer = undefined;
    if (closed) return;
    // A new EventSource cannot send Last-Event-ID, so the id travels in the query as well.
    const separator = options.url.includes('?') ? '&' : '?';
    source = createSource(
      lastId === '' ? options.url : `${options.url}${separator}last_event_id=${encodeURIComponent(lastId)}`,
    );
    for (const type of ['run', 'deleted', 'reset'] as const) source.addEventListener(type, receive(type));
    source.onopen = () => {
      const again = opened || state === 'polling';
      opened = true;
      failures = 0;
      setState('live');
      if (again) options.onStale();
    };
    source.onerror = () => {
      // We reconnect ourselves: the browser's own retry gives up on HTTP errors and says nothing about them.
      source?.close();
      source = undefined;
      failures++;
      void retry();
    };
  };

  const retry = async () => {
    const answers = await options.probe().catch(() => false);
    if (closed || source) return;
    if (!answers) {
      setState('unreachable');
      retryTimer = setTimeout(connect, retryMs);
    } else if (failures >= FAILURES_BEFORE_POLLING) {
      setState('polling');
      options.onStale();
      retryTimer = setTimeout(connect, pollMs);
    } else {
      retryTimer = setTimeout(connect, retryMs / 3);
    }
  };

  connect();
  return {
    close() {
      closed = true;
      source?.close();
      clearTimeout(batchTimer);
      clearTimeout(retryTimer);
    },
  };
}

/** The data of an event, with or without the envelope that `LiveEvent` describes; `undefined` when it cannot be read. */
function readEvent(type: LiveEvent['type'], data: string): LiveEvent | undefined {
  if (type === 'reset') return { type };
  try {
    const body = JSON.parse(data) as Record<string, unknown>;
    if (type === 'deleted')
      return Array.isArray(body.run_ids) ? { type, run_ids: body.run_ids as string[] } : undefined;
    if (body.run !== null && typeof body.run === 'object') return { ...(body as object), type } as LiveEvent;
    return typeof body.run_id === 'string' ? ({ type, run: body } as unknown as LiveEvent) : undefined;
  } catch {
    return undefined;
  }
}
