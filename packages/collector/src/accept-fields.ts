import type { Outcome } from '@observatory/core/wire';
import { OUTCOME_ORDER } from '@observatory/core/wire';
import type { ContentEntry } from './entry.js';
import type { Limits } from './limits.js';
import { parseTime } from './time.js';

/**
 * Why one item is refused: names the field and what to send instead. No Error, whose stack would cost more than the item when a
 * client sends a million of them.
 */
export class Refusal {
  readonly message: string;

  constructor(message: string) {
    this.message = message;
  }
}

/**
 * `strict` refuses an item over a wrong type, so that a client's bug is seen where it is made. `lenient` is for the seed
 * product's clients, which drop a whole run on any refusal: it converts what it can and notes what it could not.
 */
export type Manner = 'strict' | 'lenient';

export interface Reading {
  item: Record<string, unknown>;
  manner: Manner;
  limits: Limits;
  /** What was sent but could not be taken as it was: ends up in metadata under `observatory.`. */
  notes: Record<string, string>;
  /** Contents that stand in the item itself: they are split out of it. */
  contents: ContentEntry[];
}

export type Read = (reading: Reading, name: string, value: unknown) => unknown;

const kindOf = (value: unknown): string =>
  value === null
    ? 'null'
    : Array.isArray(value)
      ? 'an array'
      : typeof value === 'object'
        ? 'an object'
        : `a ${typeof value}`;

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function note(reading: Reading, name: string, value: unknown): undefined {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  reading.notes[`invalid_${name}`] = text.slice(0, 200);
  return undefined;
}

export function wrong(reading: Reading, name: string, value: unknown, wanted: string): undefined {
  if (reading.manner === 'lenient') return note(reading, name, value);
  throw new Refusal(`"${name}" is ${kindOf(value)}: send ${wanted}, or leave it out`);
}

export const text: Read = (reading, name, value) => {
  if (typeof value === 'string') return value;
  if (reading.manner === 'lenient') return typeof value === 'object' ? JSON.stringify(value) : String(value);
  return wrong(reading, name, value, 'a string');
};

export const time: Read = (reading, name, value) => {
  if (typeof value !== 'string' && typeof value !== 'number') {
    return wrong(reading, name, value, 'an ISO-8601 time such as "2026-01-31T12:00:00.000Z"');
  }
  // An unreadable time loses the time, not the item: the receive time stands in, and the original is kept beside it.
  return parseTime(value) ?? note(reading, name, value);
};

/** Token counts and milliseconds: a finite number, 0 or more. NaN arrives as null, which counts as absent. */
export const amount: Read = (reading, name, value) => {
  const number = typeof value === 'string' && reading.manner === 'lenient' ? Number(value) : value;
  if (typeof number === 'number' && Number.isFinite(number) && number >= 0) return number;
  return wrong(reading, name, value, 'a number, 0 or more');
};

export const tokens: Read = (reading, name, value) => {
  const read = amount(reading, name, value);
  return typeof read === 'number' ? Math.round(read) : read;
};

export const flag: Read = (reading, name, value) => {
  if (typeof value === 'boolean') return value;
  if (value === 'true' || value === 'false') return value === 'true';
  return wrong(reading, name, value, 'true or false');
};

export const record: Read = (reading, name, value) =>
  isObject(value) ? value : wrong(reading, name, value, 'an object');

export const texts: Read = (reading, name, value) => {
  if (Array.isArray(value) && value.every((entry) => typeof entry === 'string')) return value;
  return wrong(reading, name, value, 'an array of strings');
};

export const statusCode: Read = (reading, name, value) => {
  const code = typeof value === 'string' && reading.manner === 'lenient' ? Number(value) : value;
  if (code === 0 || code === 1) return 0; // OpenTelemetry's UNSET and OK
  if (code === 2) return 2;
  if (reading.manner === 'lenient' && typeof code === 'number' && code > 2) {
    note(reading, name, value);
    return 2;
  }
  return wrong(reading, name, value, '0 (ok) or 2 (error)');
};

export const prompt: Read = (reading, name, value) => {
  if (typeof value === 'string') return { user_prompt: value };
  if (!isObject(value)) return wrong(reading, name, value, '{"user_prompt": "…"}');
  const parts: Record<string, unknown> = {};
  for (const part of ['user_prompt', 'system_prompt', 'full_input']) {
    if (value[part] !== undefined && value[part] !== null)
      parts[part] = text(reading, `prompt.${part}`, value[part]);
  }
  return Object.keys(parts).length > 0 ? parts : undefined;
};

/** An id: any string, not assumed to be a UUID. */
export const id: Read = (reading, name, value) => {
  const read = typeof value === 'number' && reading.manner === 'lenient' ? String(value) : value;
  if (typeof read !== 'string') return wrong(reading, name, value, 'a string');
  if (read.length > reading.limits.maxIdLength) {
    throw new Refusal(
      `"${name}" has ${read.length} characters: ids may have ${reading.limits.maxIdLength}, send a shorter one`,
    );
  }
  // Half a character has no place in an address: nobody could ask for the id.
  return read.toWellFormed();
};

export function outcomeOf(reading: Reading): Outcome | undefined {
  const value = reading.item.outcome;
  if (value === undefined || value === null) return undefined;
  if (OUTCOME_ORDER.includes(value as Outcome)) return value as Outcome;
  return wrong(reading, 'outcome', value, `one of ${OUTCOME_ORDER.join(', ')}`);
}

export function seqOf(reading: Reading): number | undefined {
  const value = reading.item.seq;
  if (value === undefined || value === null) return undefined;
  if (Number.isSafeInteger(value) && (value as number) >= 0) return value as number;
  return wrong(reading, 'seq', value, 'a whole number, 0 or more, that grows with every item of the same id');
}

/** Reads each named member that is there; null counts as absent, unknown members are passed over. */
export function readFields(reading: Reading, spec: Record<string, Read>): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  for (const name in spec) {
    const value = reading.item[name];
    if (value === undefined || value === null) continue;
    const read = spec[name]!(reading, name, value);
    if (read !== undefined) fields[name] = read;
  }
  return fields;
}
