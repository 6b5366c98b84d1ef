/** Where an item stands in a request body, in bytes. */
export interface ItemSpan {
  from: number;
  to: number;
  /** The deepest nesting inside it. */
  depth: number;
}

/** The body cannot be read at all; `message` says where and why. */
export class BodyError extends Error {}

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const isSpace = (byte: number): boolean => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;

/**
 * Finds the items of a body without parsing them, so that a body of a million items is parsed, checked and written in
 * slices, that nesting is bounded before anything recurses, and that one broken item costs only itself.
 *
 * Hot path: one pass over the bytes, no allocation but the spans.
 */
export function findItems(body: Buffer): ItemSpan[] {
  let at = body.length >= 3 && body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf ? 3 : 0; // UTF-8 BOM
  at = skipSpace(body, at);
  if (at === body.length)
    throw new BodyError('the body is empty: send one item or {"type": "batch", "items": [...]}');
  if (body[at] !== OPEN_OBJECT) {
    throw new BodyError('the body must be a JSON object: one item or {"type": "batch", "items": [...]}');
  }
  const start = at;
  const end = skipValue(body, at);
  const rest = skipSpace(body, end.to);
  if (rest < body.length) throw new BodyError(`the body goes on after its JSON object ends, at byte ${rest}`);

  // The members of the outer object: is it a batch, and where are its items?
  let isBatch = false;
  let items: ItemSpan[] | undefined;
  at = skipSpace(body, start + 1);
  while (body[at] === QUOTE) {
    const keyEnd = skipString(body, at);
    const key = body.toString('latin1', at + 1, keyEnd - 1);
    at = skipSpace(body, keyEnd);
    if (body[at] !== COLON) break;
    at = skipSpace(body, at + 1);
    const value = skipValue(body, at);
    if (key === 'type') isBatch = body.toString('latin1', at, value.to) === '"batch"';
    else if (key === 'items' && body[at] === OPEN_ARRAY) items = splitArray(body, at);
    at = skipSpace(body, value.to);
    if (body[at] !== COMMA) break;
    at = skipSpace(body, at + 1);
  }
  if (!isBatch) return [end];
  if (!items)
    throw new BodyError('"items" is missing or no array: a batch is {"type": "batch", "items": [...]}');
  return items;
}

function splitArray(body: Buffer, open: number): ItemSpan[] {
  const spans: ItemSpan[] = [];
  let at = skipSpace(body, open + 1);
  while (at < body.length && body[at] !== CLOSE_ARRAY) {
    const span = skipValue(body, at);
    // Something that is no JSON value takes no room: step over it so that its neighbours are still found.
    if (span.to === at) throw new BodyError(`"items" is not valid JSON at byte ${at}`);
    spans.push(span);
    at = skipSpace(body, span.to);
    if (body[at] === COMMA) at = skipSpace(body, at + 1);
  }
  return spans;
}

function skipSpace(body: Buffer, at: number): number {
  let next = at;
  while (next < body.length && isSpace(body[next]!)) next++;
  return next;
}

function skipString(body: Buffer, at: number): number {
  let next = at + 1;
  for (;;) {
    next = body.indexOf(QUOTE, next);
    if (next < 0)
      throw new BodyError(`the body ends inside a string that starts at byte ${at}: it is cut off`);
    let escapes = 0;
    while (body[next - 1 - escapes] === BACKSLASH) escapes++;
    next++;
    if (escapes % 2 === 0) return next;
  }
}

function skipValue(body: Buffer, from: number): ItemSpan {
  let depth = 0;
  let deepest = 0;
  let at = from;
  while (at < body.length) {
    const byte = body[at]!;
    if (byte === QUOTE) {
      at = skipString(body, at);
      if (depth === 0) return { from, to: at, depth: 0 };
      continue;
    }
    if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
      depth++;
      if (depth > deepest) deepest = depth;
    } else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) {
      if (depth === 0) return { from, to: at, depth: deepest };
      depth--;
      if (depth === 0) return { from, to: at + 1, depth: deepest };
    } else if (depth === 0 && (byte === COMMA || isSpace(byte))) {
      return { from, to: at, depth: 0 };
    }
    at++;
  }
  if (depth > 0) throw new BodyError('the body ends before its JSON is complete: it is cut off');
  return { from, to: at, depth: deepest };
}
