import { type Done, type Enter, MAX_ITEMS } from './follow.js';
import { replace } from './follow-promise.js';
import { isObject } from './snapshot.js';

interface Step {
  done?: boolean;
  value?: unknown;
}

type Iterator = Record<PropertyKey, unknown>;

/** The same iterator, whose every pull runs in the call's scope: a generator's body runs in that of whoever pulls. */
export function followIterator(iterator: Iterator, enter: Enter, done: Done): Iterator {
  const items: unknown[] = [];
  const seen = (step: Step) => {
    if (step.done) done({ failed: false, value: step.value, items });
    else if (items.length < MAX_ITEMS) items.push(step.value);
    return step;
  };
  const left = (step: Step) => {
    if (step.done) done({ failed: false, cancelled: true, value: step.value, items });
    return step;
  };
  const failed = (error: unknown): never => {
    done({ failed: true, error, items });
    throw error;
  };
  for (const [name, observe] of [
    ['next', seen],
    ['return', left],
    ['throw', seen],
  ] as const) {
    const method = iterator[name];
    if (typeof method !== 'function') continue;
    replace(iterator, name, (...args: unknown[]) => {
      let step: unknown;
      try {
        step = enter(() => method.apply(iterator, args));
      } catch (error) {
        return failed(error);
      }
      return isObject(step) && typeof step.then === 'function'
        ? (step as unknown as Promise<Step>).then(observe, failed)
        : observe(step as Step);
    });
  }
  return iterator;
}

/** The same object, whose iterators are followed: OpenAI's streams, results of SDKs. Undefined where it takes no property. */
export function followIterable(iterable: Iterator, enter: Enter, done: Done): unknown {
  if (!Object.isExtensible(iterable)) return undefined;
  // OpenAI's and Anthropic's streams make every iterator, also those of tee() and toReadableStream(), with this method.
  const name: PropertyKey =
    Object.hasOwn(iterable, 'iterator') && typeof iterable.iterator === 'function'
      ? 'iterator'
      : Symbol.asyncIterator;
  const iterate = iterable[name] as (...args: never[]) => Iterator;
  replace(iterable, name, function (this: unknown, ...args: never[]) {
    return followIterator(
      enter(() => iterate.apply(this, args)),
      enter,
      done,
    );
  });
  return iterable;
}
