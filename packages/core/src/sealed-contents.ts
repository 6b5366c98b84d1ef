import { contentHash } from './content.js';
import type { SealedContent } from './content-refs.js';

interface Remembered extends SealedContent {
  /** As it was before it was sealed. */
  raw: string;
}

/** UTF-16 units of all remembered texts. */
const MAX_CHARACTERS = 1024 * 1024;
const MAX_TEXT_CHARACTERS = 64 * 1024;
const SAMPLES = 16;

const remembered = new Map<number, Remembered>();
let characters = 0;
let sealedUnder: number | undefined;

/**
 * Contents sealed lately: a system prompt, a tool schema and a history are read for secrets and hashed once, and not again in
 * every step that repeats them. `limit` is the setting that sealing depends on: what was sealed under another one is forgotten.
 */
export function sealedContent(raw: string, limit: number, seal: (raw: string) => string): SealedContent {
  if (limit !== sealedUnder) forget();
  sealedUnder = limit;
  const key = sample(raw);
  const known = remembered.get(key);
  if (known?.raw === raw) return known;
  const json = seal(raw);
  const content = { raw, json, hash: contentHash(json) };
  if (raw.length > MAX_TEXT_CHARACTERS) return content;
  const size = raw.length + (json === raw ? 0 : json.length);
  if (known) characters -= known.raw.length + (known.json === known.raw ? 0 : known.json.length);
  if (characters + size > MAX_CHARACTERS) forget();
  characters += size;
  remembered.set(key, content);
  return content;
}

function forget(): void {
  remembered.clear();
  characters = 0;
}

/** A few characters tell most texts apart, and comparing two texts is quick; a hash of all characters costs as much as sealing. */
function sample(text: string): number {
  const { length } = text;
  let key = length;
  for (let i = 1; i <= SAMPLES; i++)
    key = (Math.imul(key, 31) + text.charCodeAt(((length - 1) * i) >> 4)) | 0;
  return key;
}
