import type { Live, LiveMessage } from './live.js';

/** Keeps proxies from closing a quiet stream. */
const HEARTBEAT_MS = 15_000;
/** A reader that is this far behind is cut off; it comes back with Last-Event-ID. */
const MAX_WAITING_BYTES = 4 * 1024 * 1024;

/** `GET /api/live`: server-sent events. */
export function liveStream(live: Live, lastId: string | undefined, signal: AbortSignal): Response {
  const encoder = new TextEncoder();
  let stop = () => {};
  const stream = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        const send = (text: string) => {
          controller.enqueue(encoder.encode(text));
          if ((controller.desiredSize ?? 0) < -MAX_WAITING_BYTES) end();
        };
        const write = ({ id, event }: LiveMessage) =>
          send(`id: ${id}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
        const heartbeat = setInterval(() => send(': alive\n\n'), HEARTBEAT_MS);
        heartbeat.unref();
        let unsubscribe = () => {};
        const end = () => {
          stop();
          try {
            controller.close();
          } catch {
            // The reader closed it first.
          }
        };
        stop = () => {
          clearInterval(heartbeat);
          unsubscribe();
          signal.removeEventListener('abort', end);
          stop = () => {};
        };
        signal.addEventListener('abort', end);
        send('retry: 1000\n: connected\n\n');
        unsubscribe = live.subscribe(write, lastId, end);
      },
      cancel: () => stop(),
    },
    { highWaterMark: 1, size: (chunk) => chunk?.byteLength ?? 0 },
  );
  return new Response(stream, {
    headers: {
      'Content-Type': 'text/event-stream; charset=utf-8',
      'Cache-Control': 'no-store',
      'X-Accel-Buffering': 'no',
    },
  });
}
