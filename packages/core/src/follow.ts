import { isObject } from './snapshot.js';

/** How a returned value ended. */
export interface Settled {
  failed: boolean;
  error?: unknown;
  /** The consumer left a generator or stream before its end. */
  cancelled?: boolean;
  value?: unknown;
}

type Enter = <R>(fn: () => R) => R;

/**
 * Watches how what a function returned ends, without changing what its caller sees: sync stays sync, promises keep their
 * class and laziness, generators their two-way values, streams their back-pressure. The body of a generator and the source
 * of a stream run in the consumer's context, so they are re-entered on every pull.
 */
export function follow<T>(result: T, enter: Enter, settled: (end: Settled) => void): T {
  let over = false;
  const done = (end: Settled) => {
    if (over) return;
    over = true;
    settled(end);
  };
  try {
    const followed = followKind(result, enter, done);
    if (followed !== undefined) return followed as T;
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
  if (typeof value.then === 'function') return followThenable(value, done);
  if (typeof value.next === 'function' && (Symbol.iterator in value || Symbol.asyncIterator in value)) {
    return followIterator(value, enter, done);
  }
  if (typeof ReadableStream !== 'undefined' && result instanceof ReadableStream) {
    return result.locked ? undefined : followStream(result, enter, done);
  }
  if (typeof Response !== 'undefined' && result instanceof Response) {
    if (!result.body || result.bodyUsed || result.body.locked) return undefined;
    const { status, statusText, headers } = result;
    return new Response(followStream(result.body, enter, done), { status, statusText, headers });
  }
  if (typeof value[Symbol.asyncIterator] === 'function' && Object.isExtensible(value)) {
    const iterate = value[Symbol.asyncIterator] as () => Record<PropertyKey, unknown>;
    Object.defineProperty(value, Symbol.asyncIterator, {
      configurable: true,
      writable: true,
      value(this: unknown) {
        return followIterator(
          enter(() => iterate.call(this)),
          enter,
          done,
        );
      },
    });
    return result;
  }
  return undefined;
}

type Done = (end: Settled) => void;

function followThenable(promise: Record<PropertyKey, unknown>, done: Done): unknown {
  const then = promise.then as (...args: unknown[]) => unknown;
  const fulfilled = (value: unknown) => done({ failed: false, value });
  const rejected = (error: unknown) => done({ failed: true, error });
  if (promise.constructor === Promise) {
    return (promise as unknown as Promise<unknown>).then(
      (value) => {
        fulfilled(value);
        return value;
      },
      (error) => {
        rejected(error);
        throw error;
      },
    );
  }
  // A subclass or a lazy thenable: the same object, watched where its consumer looks, never asked by us.
  Object.defineProperty(promise, 'then', {
    configurable: true,
    writable: true,
    value(this: unknown, onFulfilled?: unknown, onRejected?: unknown) {
      return then.call(
        this,
        (value: unknown) => {
          fulfilled(value);
          return typeof onFulfilled === 'function' ? onFulfilled(value) : value;
        },
        (error: unknown) => {
          rejected(error);
          if (typeof onRejected === 'function') return onRejected(error);
          throw error;
        },
      );
    },
  });
  return promise;
}

interface Step {
  done?: boolean;
  value?: unknown;
}

function followIterator(
  iterator: Record<PropertyKey, unknown>,
  enter: Enter,
  done: Done,
): Record<PropertyKey, unknown> {
  const seen = (step: Step) => {
    if (step.done) done({ failed: false, value: step.value });
    return step;
  };
  const left = (step: Step) => {
    if (step.done) done({ failed: false, cancelled: true, value: step.value });
    return step;
  };
  const failed = (error: unknown): never => {
    done({ failed: true, error });
    throw error;
  };
  for (const [name, observe] of [
    ['next', seen],
    ['return', left],
    ['throw', seen],
  ] as const) {
    const method = iterator[name];
    if (typeof method !== 'function') continue;
    Object.defineProperty(iterator, name, {
      configurable: true,
      writable: true,
      value(this: unknown, ...args: unknown[]) {
        let step: unknown;
        try {
          step = enter(() => method.apply(iterator, args));
        } catch (error) {
          return failed(error);
        }
        return isObject(step) && typeof step.then === 'function'
          ? (step as unknown as Promise<Step>).then(observe, failed)
          : observe(step as Step);
      },
    });
  }
  return iterator;
}

function followStream(source: ReadableStream, enter: Enter, done: Done): ReadableStream {
  const reader = source.getReader();
  return new ReadableStream(
    {
      async pull(controller) {
        try {
          const { done: ended, value } = await enter(() => reader.read());
          if (ended) {
            done({ failed: false });
            controller.close();
          } else controller.enqueue(value);
        } catch (error) {
          done({ failed: true, error });
          throw error;
        }
      },
      cancel(reason) {
        done({ failed: false, cancelled: true });
        return enter(() => reader.cancel(reason));
      },
    },
    // Nothing is read ahead of the consumer.
    { highWaterMark: 0 },
  );
}
