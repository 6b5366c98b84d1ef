import { type Fields, fields, isFields, text } from './plain.js';

/** Images, audio and files are named and sized, never shipped; a link stays a link. */
export function mapFile(part: Fields): Fields {
  const held = fields(part.file);
  const data = part.data ?? part.image ?? part.url ?? held.base64Data ?? held.uint8ArrayData ?? part.file;
  const named: Fields = {};
  const filename = text(part.filename);
  const mediaType =
    text(part.mediaType) ??
    text(part.mimeType) ??
    text(held.mediaType) ??
    (part.type === 'image' ? 'image/*' : undefined);
  if (filename) named.filename = filename;
  if (mediaType) named.media_type = mediaType;
  const link = linkOf(data);
  if (link) named.url = link;
  else {
    const bytes = sizeOf(data);
    if (bytes !== undefined) named.bytes = bytes;
  }
  return { type: 'file', file: named };
}

function linkOf(data: unknown): string | undefined {
  if (data instanceof URL) return data.protocol === 'data:' ? undefined : data.href;
  if (typeof data === 'string')
    return /^(?:https?|gs|s3|file):\/\//i.test(data.slice(0, 16)) ? data : undefined;
  return isFields(data) && data.type === 'url' ? linkOf(data.url) : undefined;
}

/** Bytes of binary data, of base64 text or of a data URL. */
function sizeOf(data: unknown): number | undefined {
  if (data instanceof URL) return sizeOf(data.href);
  if (typeof data === 'string') {
    const start = data.startsWith('data:') ? data.indexOf(',') + 1 : 0;
    const padding = data.endsWith('==') ? 2 : data.endsWith('=') ? 1 : 0;
    return Math.max(0, Math.floor(((data.length - start) * 3) / 4) - padding);
  }
  if (data instanceof ArrayBuffer || ArrayBuffer.isView(data)) return data.byteLength;
  if (isFields(data)) {
    if (data.type === 'data') return sizeOf(data.data);
    if (data.type === 'text' && typeof data.text === 'string') return data.text.length;
  }
  return undefined;
}
