import type { RequestRun } from './request-run.js';

/** How the body of a response ended. */
export interface BodyEnd {
  how: 'completed' | 'disconnected' | 'failed';
  error?: unknown;
}

/**
 * The same bytes, read in the request's run: the source of a stream runs in the context of whoever reads it, and that is the
 * server, which stands in nobody's run.
 *
 * Nothing is read before it is asked for and nothing is kept, so the source feels the client's pace as if this were not there.
 */
export function boundBody(
  body: ReadableStream<Uint8Array>,
  requestRun: RequestRun,
  ended: (end: BodyEnd) => void,
  firstRead: () => void,
): ReadableStream<Uint8Array> {
  const reader = requestRun.enter(() => body.getReader());
  let begun = false;
  const read = () => {
    if (!begun) {
      begun = true;
      firstRead();
    }
    return reader.read();
  };
  // Per chunk: no async function, no closure, one entry into the context.
  let controller: ReadableStreamDefaultController<Uint8Array>;
  const onRead = ({ done, value }: Awaited<ReturnType<typeof reader.read>>) => {
    if (done) {
      ended({ how: 'completed' });
      controller.close();
    } else controller.enqueue(value);
  };
  const onError = (error: unknown) => {
    ended({ how: 'failed', error });
    throw error;
  };
  return new ReadableStream<Uint8Array>(
    {
      start(own) {
        controller = own;
      },
      pull: () => requestRun.enter(read).then(onRead, onError),
      cancel(reason) {
        ended({ how: 'disconnected' });
        return requestRun.enter(() => reader.cancel(reason));
      },
    },
    { highWaterMark: 0 },
  );
}

const STREAMED = /event-stream|ndjson|jsonl|stream\+json|octet-stream/i;

/** Whether a response is written while it is made, by its headers: to look at its body costs what it would save. */
export function isStreamed(headers: Headers): boolean {
  const type = headers.get('content-type');
  if (type !== null && STREAMED.test(type)) return true;
  if (headers.has('x-vercel-ai-ui-message-stream') || headers.has('x-vercel-ai-data-stream')) return true;
  if (headers.get('transfer-encoding')?.includes('chunked')) return true;
  if (headers.has('content-length')) return false;
  // AI SDK's text streams look like any other text.
  return type === null || type.startsWith('text/plain');
}
