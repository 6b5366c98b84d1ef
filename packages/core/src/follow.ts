import { followIterable, followIterator } from './follow-iterator.js';
import { followThenable } from './follow-promise.js';
import { followNodeStream, followResponse, followStream, isNodeStream } from './follow-stream.js';
import { isObject } from './snapshot.js';

/** How a returned value ended. */
export interface Settled {
  failed: boolean;
  error?: unknown;
  /** The consumer left a generator or stream before its end. */
  cancelled?: boolean;
  value?: unknown;
  /** What a generator or iterable gave out, the first {@link MAX_ITEMS} of it. */
  items?: readonly unknown[];
}

/** Runs what belongs to the call in its scope. */
export type Enter = <R>(fn: () => R) => R;
/** Only the first end counts. */
export type Done = (end: Settled) => void;

/** How much of what a generator gives out is kept. */
export const MAX_ITEMS = 1_000;

/**
 * Watches how what a function returned ends, without changing what its caller sees: sync stays sync, promises keep their
 * class and laziness, generators their two-way values, streams their back-pressure. The body of a generator and the source
 * of a stream run in the consumer's context, so they are re-entered on every pull. A promise of one of these is followed
 * into it.
 */
export function follow<T>(result: T, enter: Enter, settled: Done): T {
  let over = false;
  const done = (end: Settled) => {
    if (over) return;
    over = true;
    settled(end);
  };
  return followValue(result, enter, done) as T;
}

function followValue(result: unknown, enter: Enter, done: Done): unknown {
  try {
    const followed = followKind(result, enter, done);
    if (followed !== undefined) return followed;
  } catch {
    // A result whose members throw when they are looked at is handed on untouched.
  }
  done({ failed: false, value: result });
  return result;
}

/** The followed value, or undefined for one that is already what it will ever be. */
function followKind(result: unknown, enter: Enter, done: Done): unknown {
  if (!isObject(result) && typeof result !== 'function') return undefined;
  const value = result as unknown as Record<PropertyKey, unknown>;
  if (typeof value.then === 'function') {
    return followThenable(value, enter, done, (resolved) => followValue(resolved, enter, done));
  }
  if (typeof value.next === 'function' && (Symbol.iterator in value || Symbol.asyncIterator in value)) {
    return followIterator(value, enter, done);
  }
  if (typeof ReadableStream !== 'undefined' && result instanceof ReadableStream) {
    return result.locked ? undefined : followStream(result, enter, done);
  }
  if (typeof Response !== 'undefined' && result instanceof Response) {
    return followResponse(result, enter, done);
  }
  if (isNodeStream(value)) return followNodeStream(value, done);
  if (typeof value[Symbol.asyncIterator] === 'function') return followIterable(value, enter, done);
  return undefined;
}
