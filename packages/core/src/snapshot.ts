/**
 * Host values as JSON, at the moment of the call and without ever throwing. A plain tree goes through the engine's own
 * JSON.stringify; anything else (cycles, BigInt, getters that throw, Map, Error, binary data, very deep trees) is copied
 * into a plain tree that says what stood there.
 */
const MAX_DEPTH = 100;
const MAX_NODES = 1_000_000;

/** JSON text of any value. */
export function toJson(value: unknown): string {
  try {
    if (isPlainTree(value, MAX_DEPTH)) {
      const json = JSON.stringify(value);
      if (json !== undefined) return json;
    }
  } catch {
    // Falls through to the copy, which names what could not be read.
  }
  try {
    return JSON.stringify(plainCopy(value)) ?? 'null';
  } catch (error) {
    return JSON.stringify(`[unserialisable: ${messageOf(error)}]`);
  }
}

/** Text as it is; anything else as JSON text. */
export const toText = (value: unknown): string => (typeof value === 'string' ? value : toJson(value));

/** What an error says, for a status message. */
export function messageOf(error: unknown): string {
  try {
    if (error instanceof Error || (isObject(error) && typeof error.message === 'string')) {
      const { name, message } = error as Error;
      return typeof name === 'string' && name !== '' && name !== 'Error' ? `${name}: ${message}` : message;
    }
    return toText(error);
  } catch {
    return 'an error that cannot be read';
  }
}

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;

function isPlainTree(value: unknown, depth: number): boolean {
  if (value === null) return true;
  const type = typeof value;
  if (type === 'string' || type === 'boolean' || type === 'number') return true;
  if (type !== 'object' || depth === 0) return false;
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) if (!isPlainTree(value[i], depth - 1)) return false;
    return true;
  }
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return false;
  for (const key of Object.keys(value as object)) {
    const member = (value as Record<string, unknown>)[key];
    if (member !== undefined && !isPlainTree(member, depth - 1)) return false;
  }
  return typeof (value as { toJSON?: unknown }).toJSON !== 'function';
}

/** Hot path: metadata and parameters are nearly always one level of texts and numbers. undefined for anything else. */
function flatCopy(value: unknown): Record<string, unknown> | undefined {
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) {
    return undefined;
  }
  const members: Record<string, unknown> = {};
  for (const key of Object.keys(value)) {
    const member = (value as Record<string, unknown>)[key];
    const type = typeof member;
    if (type !== 'string' && type !== 'boolean' && !(type === 'number' && Number.isFinite(member)))
      return undefined;
    if (key === '__proto__') return undefined;
    members[key] = member;
  }
  return members;
}

/** A copy of any value that JSON.stringify takes. */
export function plainCopy(value: unknown): unknown {
  try {
    const flat = flatCopy(value);
    if (flat) return flat;
  } catch {
    // A member that cannot be read is named below.
  }
  const ancestors = new Set<object>();
  let nodes = 0;

  const copy = (value: unknown, depth: number): unknown => {
    switch (typeof value) {
      case 'string':
      case 'boolean':
        return value;
      case 'number':
        return Number.isFinite(value) ? value : String(value);
      case 'bigint':
        return value.toString();
      case 'undefined':
        return undefined;
      case 'function':
        return `[function ${value.name || 'anonymous'}]`;
      case 'symbol':
        return value.toString();
    }
    if (value === null || typeof value !== 'object') return null;
    if (ancestors.has(value)) return '[circular]';
    if (depth === 0) return '[too deep]';
    if (++nodes > MAX_NODES) return '[too large]';
    ancestors.add(value);
    try {
      return copyObject(value, depth);
    } catch (error) {
      return `[unreadable: ${messageOf(error)}]`;
    } finally {
      ancestors.delete(value);
    }
  };

  const copyObject = (object: object, depth: number): unknown => {
    if (object instanceof Date) return Number.isNaN(object.getTime()) ? 'Invalid Date' : object.toISOString();
    if (object instanceof Error) {
      // name, message and stack are not enumerable, or not the error's own.
      const { name, message, stack, cause } = object;
      return copyMembers(Object.assign({ name, message, stack, cause }, object), depth);
    }
    if (object instanceof RegExp || object instanceof URL) return String(object);
    if (ArrayBuffer.isView(object) || object instanceof ArrayBuffer) {
      return `[${object.constructor.name}, ${object.byteLength} bytes]`;
    }
    if (typeof Blob !== 'undefined' && object instanceof Blob) {
      return `[${object.constructor.name} ${object.type || 'binary'}, ${object.size} bytes]`;
    }
    if (object instanceof Map) {
      const entries = [...object].map(([key, member]) => [copy(key, depth - 1), copy(member, depth - 1)]);
      return entries.every(([key]) => typeof key === 'string') ? Object.fromEntries(entries) : entries;
    }
    if (object instanceof Set) return [...object].map((member) => copy(member, depth - 1) ?? null);
    if (object instanceof Promise) return '[Promise]';
    if (typeof (object as { toJSON?: unknown }).toJSON === 'function') {
      const json = (object as { toJSON(): unknown }).toJSON();
      return json === object ? copyMembers(object, depth) : copy(json, depth - 1);
    }
    if (Array.isArray(object)) return object.map((member) => copy(member, depth - 1) ?? null);
    return copyMembers(object, depth);
  };

  const copyMembers = (object: object, depth: number): Record<string, unknown> => {
    const members: Record<string, unknown> = {};
    for (const key of Object.keys(object)) {
      let member: unknown;
      try {
        member = copy((object as Record<string, unknown>)[key], depth - 1);
      } catch (error) {
        member = `[unreadable: ${messageOf(error)}]`;
      }
      // Not an assignment: a member called __proto__ stays a member.
      Object.defineProperty(members, key, {
        value: member,
        enumerable: true,
        configurable: true,
        writable: true,
      });
    }
    return members;
  };

  return copy(value, MAX_DEPTH);
}
