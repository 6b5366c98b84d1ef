import { enteredScope, within } from './ambient.js';
import type { Done, Enter } from './follow.js';

type Callback = (value: unknown) => unknown;

/** @param into follows what the promise resolves to, and ends there */
export function followThenable(
  promise: Record<PropertyKey, unknown>,
  enter: Enter,
  done: Done,
  into: (value: unknown) => unknown,
): unknown {
  if (promise.constructor === Promise) {
    return (promise as unknown as Promise<unknown>).then(into, (error: unknown) => {
      done({ failed: true, error });
      throw error;
    });
  }
  // A subclass or a lazy thenable: the same object, watched where its consumer looks, never asked by us.
  const then = promise.then as (...args: unknown[]) => unknown;
  replace(promise, 'then', function (this: unknown, onFulfilled?: unknown, onRejected?: unknown) {
    // A lazy one starts its work here, and that is part of the call; what the consumer goes on to do is not.
    const consumer = enteredScope();
    const outside = (callback: unknown, value: unknown) =>
      within(consumer, () => (callback as Callback)(value));
    return enter(() =>
      then.call(
        this,
        (value: unknown) => {
          const followed = into(value);
          return typeof onFulfilled === 'function' ? outside(onFulfilled, followed) : followed;
        },
        (error: unknown) => {
          done({ failed: true, error });
          if (typeof onRejected === 'function') return outside(onRejected, error);
          throw error;
        },
      ),
    );
  });
  // OpenAI's and Anthropic's promises have ways around `then`; those of plain subclasses lead through it.
  const { catch: caught, finally: finish } = promise as unknown as Promise<unknown>;
  if (typeof caught === 'function' && caught !== Promise.prototype.catch) {
    replace(promise, 'catch', function (this: Promise<unknown>, onRejected?: unknown) {
      return this.then(undefined, onRejected as Callback);
    });
  }
  if (typeof finish === 'function' && finish !== Promise.prototype.finally) {
    followMethod(promise, 'finally', enter, done, (value) => value);
  }
  followMethod(
    promise,
    'withResponse',
    enter,
    done,
    (both) => (both as { data?: unknown } | undefined)?.data,
  );
  followMethod(promise, 'asResponse', enter, done, () => undefined);
  return promise;
}

function followMethod(
  promise: Record<PropertyKey, unknown>,
  name: string,
  enter: Enter,
  done: Done,
  dataOf: (result: unknown) => unknown,
): void {
  const method = promise[name];
  if (typeof method !== 'function') return;
  replace(promise, name, function (this: unknown, ...args: unknown[]) {
    const result: unknown = enter(() => method.apply(this, args));
    if (!(result instanceof Promise)) return result;
    return result.then(
      (value: unknown) => {
        done({ failed: false, value: dataOf(value) });
        return value;
      },
      (error: unknown) => {
        done({ failed: true, error });
        throw error;
      },
    );
  });
}

/** Puts an own method over an inherited one, as an assignment would, but not enumerable. */
export function replace(object: object, name: PropertyKey, value: unknown): void {
  Object.defineProperty(object, name, { configurable: true, writable: true, value });
}
