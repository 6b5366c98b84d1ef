import { defineHidden } from './own-data.js';

/** What the client's `responsePromise` resolves to once the headers are in. */
export interface Exchange {
  response?: { status?: number; headers?: { get?: (name: string) => string | null } };
  options?: { body?: unknown; stream?: unknown; path?: unknown };
  controller?: AbortController;
}

/** Hears what happens to one API call. None of its methods may throw. */
export interface CallObserver {
  /** The headers of a successful response are in. */
  sent(exchange: Exchange): void;
  /** The host asked for the parsed value (`await`, `then`, `withResponse`, …). */
  reading(): void;
  /** The host asked for the raw response. */
  raw(): void;
  /** The parsed value, before the client's own helpers changed it and before the host could. */
  parsed(value: unknown): void;
  /** The request failed, or its body could not be parsed, or a helper (`parse()`) rejected the value. */
  failed(error: unknown): void;
}

/** The client's lazy promise, the same from version 4 to 7. */
interface ApiPromise {
  responsePromise: Promise<Exchange>;
  parse(): Promise<unknown>;
  asResponse(): Promise<unknown>;
  _thenUnwrap?(transform: (value: unknown, ...rest: unknown[]) => unknown): unknown;
}

function isApiPromise(value: unknown): value is ApiPromise {
  const promise = value as Partial<ApiPromise> | null;
  return (
    typeof promise === 'object' &&
    promise !== null &&
    promise.responsePromise instanceof Promise &&
    typeof promise.parse === 'function' &&
    typeof promise.asResponse === 'function'
  );
}

const ignore = () => {};

/**
 * Listens to the client's own promise without taking part: the host gets the same object, reads the body when it would
 * have, and sees the same rejections handled and unhandled.
 *
 * @returns false, having done nothing, when this is not a promise of the shape the client makes
 */
export function tapPromise(promise: unknown, observer: CallObserver): boolean {
  if (!isApiPromise(promise)) return false;
  // Listening to `responsePromise` makes it a handled promise, which would hide a failed call that nobody awaits from the
  // process. So the branch made here rejects too, and counts as handled from the moment the host reads the call.
  const branch = promise.responsePromise.then(
    (exchange) => observer.sent(exchange),
    (error: unknown) => {
      observer.failed(error);
      throw error;
    },
  );
  let handled = false;
  tap(promise, observer, true, () => {
    if (handled) return;
    handled = true;
    branch.catch(ignore);
  });
  return true;
}

function tap(promise: ApiPromise, observer: CallObserver, first: boolean, handled: () => void): void {
  const { parse, asResponse, _thenUnwrap: thenUnwrap } = promise;
  let watched: unknown;
  defineHidden(promise, 'parse', function parseObserved(this: unknown) {
    handled();
    observer.reading();
    const parsed = parse.call(promise);
    if (parsed !== watched) {
      watched = parsed;
      // This branch is the first on the promise, so the value is seen before the host can change it. The host's own
      // branch decides whether a rejection is unhandled, as it does without this one: `then` always makes one.
      parsed.then(first ? (value) => observer.parsed(value) : ignore, (error: unknown) =>
        observer.failed(error),
      );
    }
    return parsed;
  });
  defineHidden(promise, 'asResponse', function asResponseObserved(this: unknown) {
    handled();
    observer.raw();
    return asResponse.call(promise);
  });
  if (typeof thenUnwrap !== 'function') return;
  // A derived promise parses the same response again, on its own; hear it through the transform it is made with.
  defineHidden(
    promise,
    '_thenUnwrap',
    function thenUnwrapObserved(this: unknown, transform: (value: unknown, ...rest: unknown[]) => unknown) {
      const derived = thenUnwrap.call(promise, (value, ...rest) => {
        if (first) observer.parsed(value);
        return transform(value, ...rest);
      });
      if (isApiPromise(derived)) tap(derived, observer, false, handled);
      return derived;
    },
  );
}
