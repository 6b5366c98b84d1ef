import { watchIdle } from './idle.js';

/** What somebody who watches a model's stream hears. Nothing it throws reaches the stream. */
export interface StreamObserver {
  part(part: unknown): void;
  /** The source ended by itself. */
  ended(): void;
  failed(error: unknown): void;
  /** The consumer left before the end. */
  cancelled(reason: unknown): void;
  /** Nobody has asked for the next part for long. They may still do so. */
  idle(): void;
}

/**
 * Lets an observer see what a stream carries, without touching it: whoever reads the stream, pipes or cancels it, gets the
 * same parts with the same back-pressure through a watched reader.
 *
 * The stream object stays the same one. SDK 7 hands hooks a copy of a provider's result where the original holds
 * credentials, and takes the original back only if the copy itself is returned; both refer to this one stream.
 */
export function tapStream(stream: ReadableStream, observer: StreamObserver): void {
  let watched: ReadableStream | undefined;
  const tapped = () => {
    if (!watched) {
      for (const name of NAMES) delete (stream as unknown as Record<PropertyKey, unknown>)[name];
      watched = watchedStream(stream, observer);
      redirect();
    }
    return watched;
  };
  const redirect = () => {
    for (const name of NAMES) {
      if (typeof (stream as unknown as Record<PropertyKey, unknown>)[name] !== 'function') continue;
      Object.defineProperty(stream, name, {
        configurable: true,
        writable: true,
        value: (...args: unknown[]) => {
          const target = tapped() as unknown as Record<PropertyKey, (...args: unknown[]) => unknown>;
          return target[name]?.(...args);
        },
      });
    }
  };
  try {
    redirect();
  } catch {
    // A frozen stream is read unseen; what the SDK reports at the end of the step is all there is.
  }
}

const NAMES = [
  'getReader',
  'pipeThrough',
  'pipeTo',
  'tee',
  'cancel',
  'values',
  Symbol.asyncIterator,
] as const;

function watchedStream(source: ReadableStream, observer: StreamObserver): ReadableStream {
  const reader = source.getReader();
  const quietly = (tell: () => void) => {
    try {
      tell();
    } catch {
      // Recording must not end the stream it watches.
    }
  };
  const idle = watchIdle(() => {
    quietly(() => observer.idle());
    return true;
  });
  return new ReadableStream(
    {
      // One promise a part and no async function: this runs once for every token.
      pull(controller) {
        idle.busy();
        return reader.read().then(
          ({ done, value }) => {
            if (done) {
              idle.stop();
              quietly(() => observer.ended());
              controller.close();
              return;
            }
            try {
              observer.part(value);
            } catch {
              // Recording must not end the stream it watches.
            }
            idle.waiting();
            controller.enqueue(value);
          },
          (error) => {
            idle.stop();
            quietly(() => observer.failed(error));
            throw error;
          },
        );
      },
      cancel(reason) {
        idle.stop();
        quietly(() => observer.cancelled(reason));
        return reader.cancel(reason);
      },
    },
    // Nothing is read ahead of the consumer.
    { highWaterMark: 0 },
  );
}
