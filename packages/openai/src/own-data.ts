/**
 * Reading the host's objects without running the host's code: a getter, a Proxy trap that throws or a `toJSON` with side
 * effects must behave as if nobody had looked. So only own data properties are read here.
 */
export type Bag = Record<string, unknown>;

interface ProcessLike {
  getBuiltinModule?: (name: string) => { types?: { isProxy?: (value: unknown) => boolean } };
}

/** Node tells Proxies apart without running their traps; elsewhere they are taken for plain objects. */
const isProxy: (value: unknown) => boolean = (() => {
  try {
    const { process } = globalThis as { process?: ProcessLike };
    return process?.getBuiltinModule?.('node:util')?.types?.isProxy ?? (() => false);
  } catch {
    return () => false;
  }
})();

export function isBag(value: unknown): value is Bag {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isProxy(value);
}

/** An own data property's value; undefined for getters, inherited members, Proxies and non-objects. */
export function ownData(holder: unknown, key: string): unknown {
  if (typeof holder !== 'object' || holder === null || isProxy(holder)) return undefined;
  try {
    const descriptor = Object.getOwnPropertyDescriptor(holder, key);
    return descriptor && 'value' in descriptor ? descriptor.value : undefined;
  } catch {
    return undefined;
  }
}

export function ownText(holder: unknown, key: string): string | undefined {
  const value = ownData(holder, key);
  return typeof value === 'string' ? value : undefined;
}

const OPAQUE = Symbol('opaque');
const COPY_DEPTH = 12;

/**
 * A copy of a plain tree of own data; undefined when there is anything in it that only the host's code could say, such as
 * a getter, a class instance or a `toJSON`.
 */
export function copyOwnData(value: unknown): unknown {
  const copied = copy(value, COPY_DEPTH);
  return copied === OPAQUE ? undefined : copied;
}

function copy(value: unknown, depth: number): unknown {
  if (typeof value === 'function' || typeof value === 'symbol' || typeof value === 'bigint') return OPAQUE;
  if (typeof value !== 'object' || value === null) return value;
  if (depth === 0 || isProxy(value)) return OPAQUE;
  const prototype = Object.getPrototypeOf(value);
  const list = Array.isArray(value);
  if (!list && prototype !== Object.prototype && prototype !== null) return OPAQUE;
  const result: Bag | unknown[] = list ? [] : {};
  for (const key of Object.keys(value)) {
    const descriptor = Object.getOwnPropertyDescriptor(value, key);
    if (!descriptor || !('value' in descriptor)) return OPAQUE;
    const member = copy(descriptor.value, depth - 1);
    if (member === OPAQUE) return OPAQUE;
    (result as Bag)[key] = member;
  }
  return result;
}

/**
 * Defines a member the way a class would: callable and replaceable, but absent from keys, JSON and inspection. One that the
 * object shows already goes on being shown.
 */
export function defineHidden(target: object, key: PropertyKey, value: unknown): void {
  // One descriptor for all: this runs several times a call.
  hidden.value = value;
  hidden.enumerable = Object.prototype.propertyIsEnumerable.call(target, key);
  Object.defineProperty(target, key, hidden);
  hidden.value = undefined;
}

const hidden = { value: undefined as unknown, configurable: true, writable: true, enumerable: false };
