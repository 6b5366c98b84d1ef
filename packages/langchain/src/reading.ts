/**
 * LangChain's objects are read by shape and never by class: an app may hold several copies of `@langchain/core`, and what
 * arrives may as well be a plain object, a tuple or something hostile.
 */
export type Bag = Readonly<Record<string, unknown>>;

const EMPTY: Bag = {};

/** The value if it is an object (no array), else an empty one. */
export function bag(value: unknown): Bag {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Bag) : EMPTY;
}

export const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** The value if it is a text that is not empty. */
export const text = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined;

/** A count as providers send it; undefined for anything that is none. */
export const count = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined;

/** What can be read, or undefined where a getter or Proxy of the host throws. */
export function readable<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
