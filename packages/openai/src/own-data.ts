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

/**
 * Defines a member the way a class would: callable and replaceable, but absent from keys, JSON and inspection. One that the
 * object shows already goes on being shown.
 */
export function defineHidden(target: object, key: PropertyKey, value: unknown): void {
  const enumerable = Object.getOwnPropertyDescriptor(target, key)?.enumerable ?? false;
  Object.defineProperty(target, key, { value, configurable: true, writable: true, enumerable });
}
