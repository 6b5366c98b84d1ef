/**
 * State that every copy of this package in one process shares: an app that bundles two copies, or loads the package from
 * two folders, still has one ambient run, one configuration and one outbox.
 */
const registry = globalThis as unknown as Record<symbol, unknown>;

export function shared<T>(name: string, create: () => T): T {
  const key = Symbol.for(`observatory.${name}.v1`);
  const existing = registry[key];
  if (existing !== undefined) return existing as T;
  const created = create();
  // Not enumerable: a host that copies or prints globalThis never sees it.
  Object.defineProperty(registry, key, { value: created, configurable: true, writable: true });
  return created;
}
