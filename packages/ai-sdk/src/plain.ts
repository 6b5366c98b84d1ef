/** Reading values whose shape differs between versions of the SDK: whatever is not as expected is absent. */
export type Fields = Record<string, unknown>;

export const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null;

export const fields = (value: unknown): Fields => (isFields(value) ? value : {});

export const text = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined;

/** A finite number that is not negative. */
export const count = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined;

export const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** Without members that are undefined. */
export function defined<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const result: Fields = {};
  for (const [key, member] of Object.entries(value)) if (member !== undefined) result[key] = member;
  return result as { [K in keyof T]: Exclude<T[K], undefined> };
}
