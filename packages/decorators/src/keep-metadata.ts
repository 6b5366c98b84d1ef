/** What reflect-metadata puts on the global Reflect. */
interface ReflectMetadata {
  getOwnMetadataKeys?(target: object): unknown[];
  getOwnMetadata?(key: unknown, target: object): unknown;
  defineMetadata?(key: unknown, value: unknown, target: object): void;
}

/**
 * Gives a wrapper what frameworks noted on the function it wraps: NestJS keeps a route's path, guards and pipes there, and a
 * handler without them is no route any more.
 */
export function keepMetadata(from: object, to: object): void {
  const { getOwnMetadataKeys, getOwnMetadata, defineMetadata } = Reflect as ReflectMetadata;
  if (!getOwnMetadataKeys || !getOwnMetadata || !defineMetadata) return;
  for (const key of getOwnMetadataKeys(from)) defineMetadata(key, getOwnMetadata(key, from), to);
}
