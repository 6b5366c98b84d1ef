import { type Bag, isBag } from './own-data.js';

/** Below this a base64 text is cheaper to keep than to describe. */
const KEPT_LENGTH = 256;
const DATA_URL = /^data:([^;,]*)(?:;[^,]*)?;base64,/;

/** Members that hold bare base64 (no data URL) in the OpenAI protocol. */
const BASE64_MEMBERS = new Set([
  'b64_json',
  'file_data',
  'partial_image_b64',
  'encrypted_content',
  'image_data',
]);

/** How many bytes the base64 from `start` on holds. */
export function base64Bytes(text: string, start = 0): number {
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  return Math.max(0, Math.floor(((text.length - start) * 3) / 4) - padding);
}

function describe(mime: string, text: string, start: number): string {
  return `[binary: ${mime || 'application/octet-stream'}, ${base64Bytes(text, start)} bytes]`;
}

/**
 * The same value with every embedded file, image or recording replaced by its type and size. Values without any are
 * returned as they are; the value given is never changed.
 */
export function withoutBinary<T>(value: T): T {
  return walk(value, '', undefined) as T;
}

function walk(value: unknown, key: string, holder: Bag | undefined): unknown {
  if (typeof value === 'string') return text(value, key, holder);
  if (Array.isArray(value)) {
    let copy: unknown[] | undefined;
    for (let i = 0; i < value.length; i++) {
      const item = walk(value[i], key, undefined);
      if (item !== value[i]) {
        copy ??= value.slice();
        copy[i] = item;
      }
    }
    return copy ?? value;
  }
  if (isBag(value)) {
    let copy: Bag | undefined;
    for (const name of Object.keys(value)) {
      const item = walk(value[name], name, value);
      if (item !== value[name]) {
        copy ??= { ...value };
        copy[name] = item;
      }
    }
    return copy ?? value;
  }
  return value;
}

function text(value: string, key: string, holder: Bag | undefined): string {
  if (value.length < KEPT_LENGTH) return value;
  if (value.charCodeAt(0) === 100 /* d */) {
    const match = DATA_URL.exec(value);
    if (match) return describe(match[1] ?? '', value, match[0].length);
  }
  if (BASE64_MEMBERS.has(key)) return describe('', value, 0);
  // `input_audio: {data, format}` and the `audio: {data, transcript}` of an answer.
  if (key === 'data' && holder && ('format' in holder || 'transcript' in holder || 'expires_at' in holder))
    return describe(typeof holder.format === 'string' ? `audio/${holder.format}` : 'audio', value, 0);
  if (key === 'result' && holder?.type === 'image_generation_call') return describe('image', value, 0);
  return value;
}
