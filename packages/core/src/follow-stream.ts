import type { Done, Enter } from './follow.js';

/** The same bytes or values, read in the call's scope and only when the consumer asks for them. */
export function followStream(source: ReadableStream, enter: Enter, done: Done): ReadableStream {
  const bytes = isByteStream(source);
  const reader = source.getReader();
  const read = () => reader.read();
  const stream = {
    async pull(controller: ReadableStreamDefaultController | ReadableByteStreamController) {
      try {
        let { done: ended, value } = await enter(read);
        // A byte stream takes no empty chunk, and a pull that gives nothing is not repeated.
        while (bytes && !ended && (value as Uint8Array).byteLength === 0) {
          ({ done: ended, value } = await enter(read));
        }
        if (!ended) return controller.enqueue(value as never);
        done({ failed: false });
        controller.close();
        // Somebody who reads into a buffer of their own gets it back.
        if (bytes) (controller as ReadableByteStreamController).byobRequest?.respond(0);
      } catch (error) {
        done({ failed: true, error });
        throw error;
      }
    },
    cancel(reason: unknown) {
      done({ failed: false, cancelled: true });
      return enter(() => reader.cancel(reason));
    },
  };
  return bytes
    ? new ReadableStream({ ...stream, type: 'bytes' }, { highWaterMark: 0 })
    : new ReadableStream(stream, { highWaterMark: 0 });
}

/** Whether readers may bring buffers of their own. */
function isByteStream(source: ReadableStream): boolean {
  try {
    source.getReader({ mode: 'byob' }).releaseLock();
    return true;
  } catch {
    return false;
  }
}

/**
 * A response that the function made, with a followed body. One that came from the network stays the object it is: nothing runs
 * while its body is read, and its `url` and class would be lost.
 */
export function followResponse(response: Response, enter: Enter, done: Done): Response {
  const { url, body, bodyUsed, status, statusText, headers } = response;
  if (url !== '') {
    done({ failed: false, value: { status, url } });
    return response;
  }
  if (!body || bodyUsed || body.locked) {
    done({ failed: false, value: { status } });
    return response;
  }
  return new Response(followStream(body, enter, done), { status, statusText, headers });
}

interface NodeStream {
  readableEnded: boolean;
  errored?: unknown;
  once(event: 'close', listener: () => void): unknown;
}

export const isNodeStream = (value: object): value is NodeStream =>
  'readableEnded' in value && 'once' in value && typeof value.once === 'function';

/** The same stream. Its source is not re-entered: it runs where it was made. */
export function followNodeStream(stream: NodeStream, done: Done): NodeStream {
  stream.once('close', () => {
    if (stream.errored) done({ failed: true, error: stream.errored });
    else done({ failed: false, ...(stream.readableEnded ? {} : { cancelled: true }) });
  });
  return stream;
}
