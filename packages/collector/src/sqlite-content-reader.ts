import type { Message } from '@observatory/core/wire';
import { isObject } from './accept-fields.js';
import { isStoredList, isStoredMessages, isStoredRef, unpackBody } from './sqlite-contents.js';
import type { Database } from './sqlite-database.js';
import { type Gap, type ListRow, readListBody, type WholeList, wholeList } from './sqlite-lists.js';

/** What stands where a body has not arrived yet, or was never sent. */
const NOT_RECEIVED = '[content not received]';

/** Of a list its last contents are shown. */
const MAX_SHOWN_CONTENTS = 100_000;
/** Of all lists of one answer; once there were so many, each later list is shown with its last few. */
const MAX_ANSWERED_CONTENTS = 1_000_000;
const MIN_SHOWN_CONTENTS = 100;

/** Reads bodies, each once per reader. */
export interface ContentReader {
  /** JSON text, or undefined while it has not arrived. */
  body(key: number): string | undefined;
  hash(key: number): string;
  text(value: unknown): string | undefined;
  messages(value: unknown): Message[] | undefined;
  hashes(value: unknown): string[] | undefined;
  /** Parsed bodies, as they are. */
  values(value: unknown): unknown[] | undefined;
  list(key: number): ListRow | undefined;
  /** Whether contents stand in the value: in what it adds to another list, or also in that. */
  holds(value: unknown, key: number, where: 'own' | 'whole'): boolean;
}

export function createContentReader(db: Database): ContentReader {
  const read = new Map<number, { hash: string; body: string | undefined }>();
  const lists = new Map<number, ListRow | undefined>();
  const parsed = new Map<number, unknown>();
  /** A step's messages are asked for twice, as bodies and as hashes, and the two must match. */
  let last: { key: number; whole: WholeList } | undefined;
  let answered = 0;

  const load = (key: number) => {
    let content = read.get(key);
    if (!content) {
      const row = db.get('SELECT hash, body FROM contents WHERE key = ?', key);
      content = { hash: String(row?.hash ?? '').slice(2), body: unpackBody(row?.body) };
      read.set(key, content);
    }
    return content;
  };

  /** In an agent loop every step shows the messages of all before it: each is parsed once. */
  const parse = (key: number, body: string): unknown => {
    let value = parsed.get(key);
    if (value === undefined) {
      value = JSON.parse(body);
      parsed.set(key, value);
    }
    return value;
  };

  const contentsOf = (value: unknown): WholeList | undefined => {
    if (isStoredMessages(value)) return { keys: value.$m };
    if (!isStoredList(value)) return undefined;
    if (last?.key !== value.$l) {
      const left = Math.max(MIN_SHOWN_CONTENTS, MAX_ANSWERED_CONTENTS - answered);
      last = { key: value.$l, whole: wholeList(value.$l, reader.list, Math.min(MAX_SHOWN_CONTENTS, left)) };
      answered += last.whole.keys.length;
    }
    return last.whole;
  };

  const all = <Shown>(
    value: unknown,
    gap: (gap: Gap) => Shown,
    show: (key: number) => Shown,
  ): Shown[] | undefined => {
    const whole = contentsOf(value);
    if (!whole) return undefined;
    const shown = whole.keys.map(show);
    return whole.gap ? [gap(whole.gap), ...shown] : shown;
  };

  const reader: ContentReader = {
    body: (key) => load(key).body,
    hash: (key) => load(key).hash,
    text(value) {
      if (typeof value === 'string') return value;
      if (isStoredRef(value)) {
        const body = reader.body(value.$c);
        return body === undefined ? NOT_RECEIVED : (JSON.parse(body) as string);
      }
      if (isStoredMessages(value)) return `[${value.$m.map((key) => reader.body(key) ?? 'null').join(',')}]`;
      return undefined;
    },
    messages(value) {
      return all<Message>(value, gapMessage, (key) => {
        const body = reader.body(key);
        if (body === undefined) return { role: 'unknown', content: NOT_RECEIVED, not_received: true };
        const message = parse(key, body);
        return isObject(message) && typeof message.role === 'string'
          ? (message as Message)
          : { role: 'unknown', content: message };
      });
    },
    hashes: (value) =>
      all(
        value,
        ({ list }) => `@${reader.hash(list)}`,
        (key) => reader.hash(key),
      ),
    values: (value) =>
      all<unknown>(value, gapMessage, (key) => {
        const body = reader.body(key);
        return body === undefined ? { not_received: true } : parse(key, body);
      }),
    list(key) {
      if (lists.has(key)) return lists.get(key);
      const body = load(key).body;
      const list = body === undefined ? undefined : readListBody(body);
      lists.set(key, list);
      return list;
    },
    holds(value, key, where) {
      if (isStoredMessages(value)) return value.$m.includes(key);
      if (!isStoredList(value)) return isStoredRef(value) && value.$c === key;
      if (where === 'own') return reader.list(value.$l)?.keys.includes(key) ?? false;
      return contentsOf(value)?.keys.includes(key) ?? false;
    },
  };
  return reader;
}

const gapMessage = ({ why }: Gap): Message =>
  why === 'not received'
    ? { role: 'unknown', content: '[earlier messages not received]', not_received: true }
    : {
        role: 'unknown',
        content: '[earlier messages left out: the list is too long to be shown]',
        left_out: true,
      };
