import { hash } from 'node:crypto';
import { isObject, type Read, type Reading, Refusal, text, wrong } from './accept-fields.js';
import type { ContentList } from './entry.js';
import type { Limits } from './limits.js';

/** As wire.ts says it: the first 128 bits of the SHA-256 of a JSON text, base64url. */
export const contentHashOf = (json: string): string => hash('sha256', json, 'base64url').slice(0, 22);

const LIST_REFERENCE = /^@[A-Za-z0-9_-]{22}$/;

/** Content hashes, contents themselves, and before them the list that they go on from. Contents are split out of the item. */
export const refs: Read = (reading, name, value) => {
  if (!Array.isArray(value)) {
    return wrong(reading, name, value, 'an array of content hashes, or of the contents themselves');
  }
  let base: string | undefined;
  const own: string[] = [];
  for (let i = 0; i < value.length; i++) {
    const ref: unknown = value[i];
    if (typeof ref === 'string' && ref.startsWith('@')) base = listReference(name, i, ref);
    else if (isObject(ref)) own.push(contentIn(reading, ref));
    else own.push(contentHash(reading.limits, `${name}[${i}]`, ref));
  }
  const list: ContentList = { $list: own.map((one) => `c:${one}`) };
  if (base !== undefined) list.base = `l:${base}`;
  // A reference to a list of one would be as long as what it stands for.
  if (value.length > 1) {
    const named = base === undefined ? own : [`@${base}`, ...own];
    list.hash = `l:${contentHashOf(JSON.stringify(named))}`;
  }
  return list;
};

function listReference(name: string, at: number, ref: string): string {
  if (at > 0) {
    throw new Refusal(
      `"${name}[${at}]" refers to a list ("@…"): that may only stand first, name contents by hash after it`,
    );
  }
  if (LIST_REFERENCE.test(ref)) return ref.slice(1);
  throw new Refusal(
    `"${name}[${at}]" is no reference to a list: send "@" and the 22 characters of the list's hash`,
  );
}

function contentIn(reading: Reading, body: Record<string, unknown>): string {
  const json = JSON.stringify(body);
  const name = contentHashOf(json);
  reading.contents.push({ kind: 'content', hash: `c:${name}`, body: json });
  return name;
}

export function contentHash(limits: Limits, name: string, value: unknown): string {
  if (typeof value === 'string' && value !== '' && value.length <= limits.maxHashLength) return value;
  throw new Refusal(
    `"${name}" must be a content hash, a string of 1 to ${limits.maxHashLength} characters${name === 'hash' ? '' : ', or the content itself, an object'}`,
  );
}

/** JSON text, or refs; what is neither becomes text, as the seed product's clients expect. */
export const textOrRefs: Read = (reading, name, value) => {
  if (Array.isArray(value) && value.every((ref) => typeof ref === 'string' || isRefObject(reading, ref))) {
    return refs(reading, name, value);
  }
  return text(
    reading,
    name,
    reading.manner === 'strict' && typeof value === 'object' ? JSON.stringify(value) : value,
  );
};

/** The seed product's clients get back the very text of what they sent. */
const isRefObject = (reading: Reading, ref: unknown): boolean => reading.manner === 'strict' && isObject(ref);
