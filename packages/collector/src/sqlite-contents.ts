import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { isObject } from './accept-fields.js';
import type { ContentEntry, ContentList, ContentRef, MessagesRef } from './entry.js';
import type { Fields } from './merge.js';
import { indexText, textsIn } from './search-text.js';
import type { Database } from './sqlite-database.js';
import { listBody } from './sqlite-lists.js';

/** Bodies stored once per collector, by key. Fields hold keys where entries hold hashes. */
export interface Contents {
  /** Stores a body; false when its hash already has one (the first stays). */
  put(entry: ContentEntry): boolean;
  /** Replaces the hashes in fields by keys, and counts the run among their users. */
  intern(fields: Fields, runKey: number): Fields;
  /** Forgets what it remembers of keys, after a rollback or a deletion. */
  forget(): void;
}

/** A text by reference, as stored. */
export interface StoredRef {
  $c: number;
  preview: string;
}

export interface StoredMessages {
  $m: number[];
}

/** A list by the key of its row (sqlite-lists.ts). */
export interface StoredList {
  $l: number;
}

/** From here on, deflating a body saves more disk than it costs time. */
const COMPRESS_FROM_CHARACTERS = 4096;
const MAX_REMEMBERED = 50_000;

export const isStoredRef = (value: unknown): value is StoredRef =>
  isObject(value) && typeof value.$c === 'number';
export const isStoredMessages = (value: unknown): value is StoredMessages =>
  isObject(value) && Array.isArray(value.$m);
export const isStoredList = (value: unknown): value is StoredList =>
  isObject(value) && typeof value.$l === 'number';

export function createContents(db: Database): Contents {
  const known = new Map<string, { key: number; hasBody: boolean }>();
  const uses = new Set<string>();

  function find(hash: string): { key: number; hasBody: boolean } {
    let content = known.get(hash);
    if (!content) {
      const row = db.get('SELECT key, body IS NOT NULL AS has FROM contents WHERE hash = ?', hash);
      if (row) content = { key: row.key as number, hasBody: row.has === 1 };
      else {
        content = { key: db.nextKey(), hasBody: false };
        db.run('INSERT INTO contents (key, hash) VALUES (?, ?)', content.key, hash);
      }
      if (known.size >= MAX_REMEMBERED) known.clear();
      known.set(hash, content);
    }
    return content;
  }

  function use(hash: string, runKey: number): number {
    const { key } = find(hash);
    const pair = `${key}:${runKey}`;
    if (!uses.has(pair)) {
      if (uses.size >= MAX_REMEMBERED) uses.clear();
      uses.add(pair);
      db.run('INSERT OR IGNORE INTO content_uses (content_key, run_key) VALUES (?, ?)', key, runKey);
    }
    return key;
  }

  /**
   * Every list that another may go on from is a row of its own, so that the lists of an agent loop take as much room as its messages
   * and not as their number squared. The run counts as a user of the list and of what it names itself.
   */
  function internList({ $list, base, hash }: ContentList, runKey: number): StoredMessages | StoredList {
    const keys = $list.map((one) => use(one, runKey));
    const baseKey = base === undefined ? undefined : use(base, runKey);
    if (hash === undefined) return baseKey === undefined ? { $m: keys } : { $l: baseKey };
    const list = find(hash);
    use(hash, runKey);
    if (!list.hasBody) {
      db.run(
        'UPDATE contents SET body = ? WHERE key = ?',
        packBody(listBody({ base: baseKey, keys })),
        list.key,
      );
      list.hasBody = true;
    }
    return { $l: list.key };
  }

  function internValue(value: unknown, runKey: number): unknown {
    if (!isObject(value)) return value;
    if (typeof value.$hash === 'string') {
      const ref = value as unknown as ContentRef;
      return { $c: use(ref.$hash, runKey), preview: ref.preview } satisfies StoredRef;
    }
    if (Array.isArray(value.$list)) return internList(value as unknown as ContentList, runKey);
    if (Array.isArray(value.$messages)) {
      const ref = value as unknown as MessagesRef;
      return { $m: ref.$messages.map((hash) => use(hash, runKey)) } satisfies StoredMessages;
    }
    return value;
  }

  return {
    put(entry) {
      const content = find(entry.hash);
      if (content.hasBody) return false;
      db.run('UPDATE contents SET body = ? WHERE key = ?', packBody(entry.body), content.key);
      content.hasBody = true;
      const text = indexText(textsIn(JSON.parse(entry.body)));
      if (text !== '') db.run('INSERT INTO search (rowid, body) VALUES (?, ?)', content.key, text);
      return true;
    },
    intern(fields, runKey) {
      const interned: Fields = {};
      for (const [name, value] of Object.entries(fields)) {
        if (name === 'prompt' && isObject(value) && !('$hash' in value) && !('$messages' in value)) {
          const prompt: Fields = {};
          for (const [part, text] of Object.entries(value)) prompt[part] = internValue(text, runKey);
          interned.prompt = prompt;
        } else if (name === 'metadata' || name === 'parameters' || name === 'notes') interned[name] = value;
        else interned[name] = internValue(value, runKey);
      }
      return interned;
    },
    forget() {
      known.clear();
      uses.clear();
    },
  };
}

function packBody(body: string): string | Uint8Array {
  // SQLite keeps text as UTF-8, where half a character has no place; JSON text escapes it.
  if (body.length < COMPRESS_FROM_CHARACTERS) return body;
  const packed = deflateRawSync(body, { level: 1 });
  return packed.length < body.length * 0.8 ? packed : body;
}

export const unpackBody = (body: unknown): string | undefined =>
  typeof body === 'string'
    ? body
    : body instanceof Uint8Array
      ? inflateRawSync(body).toString('utf8')
      : undefined;
