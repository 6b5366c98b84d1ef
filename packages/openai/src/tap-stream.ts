import { defineHidden } from './own-data.js';

/** Hears what happens to one stream. None of its methods may throw. */
export interface StreamObserver {
  chunk(value: unknown): void;
  /** The stream ended by itself. */
  done(): void;
  /** The host left early: `break`, `return`, a consumer that threw, a cancelled reader. */
  left(): void;
  broke(error: unknown): void;
}

interface ClientStream {
  iterator: (...args: unknown[]) => unknown;
  controller?: AbortController;
}

type Next = (...args: unknown[]) => unknown;

/**
 * Listens to the client's own `Stream` through the one place below `for await`, `tee()` and `toReadableStream()`: its
 * `iterator` factory. Chunks, their order, back-pressure and identity stay as they are.
 *
 * @returns false, having done nothing, when this is not a stream of the shape the client makes
 */
export function tapStream(stream: unknown, observer: StreamObserver): boolean {
  const candidate = stream as Partial<ClientStream> | null;
  if (typeof candidate !== 'object' || candidate === null) return false;
  if (typeof candidate.iterator !== 'function' || typeof candidate.controller !== 'object') return false;
  const iterate = candidate.iterator;
  let observed = false;
  candidate.iterator = function iteratorObserved(this: unknown, ...args: unknown[]) {
    const iterator = iterate.apply(this ?? stream, args);
    // Only the first consumer gets the events; a second one gets the client's own error.
    if (!observed && typeof iterator === 'object' && iterator !== null) {
      observed = true;
      observe(iterator as Record<string, unknown>, observer);
    }
    return iterator;
  };
  return true;
}

function observe(iterator: Record<string, unknown>, observer: StreamObserver): void {
  const next = iterator.next as Next | undefined;
  if (typeof next !== 'function') return;
  const seen = (result: IteratorResult<unknown>) =>
    result?.done ? observer.done() : observer.chunk(result?.value);
  const failed = (error: unknown) => observer.broke(error);
  // Hot path: one more reaction on the promise the host gets, which runs before the host's own.
  defineHidden(iterator, 'next', function nextObserved(value?: unknown) {
    const result = value === undefined ? next.call(iterator) : next.call(iterator, value);
    if (result instanceof Promise) result.then(seen, failed);
    return result;
  });
  for (const name of ['return', 'throw'] as const) {
    const leave = iterator[name] as Next | undefined;
    if (typeof leave !== 'function') continue;
    defineHidden(iterator, name, function leaveObserved(...args: unknown[]) {
      observer.left();
      return leave.apply(iterator, args);
    });
  }
}
