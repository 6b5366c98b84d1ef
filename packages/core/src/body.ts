import { MAX_BATCH_BYTES } from './batch.js';

/** Writes bodies of requests where the socket or the compressor reads them, once, into memory that is used again. */
export interface BodyWriter {
  /** A single item travels bare. */
  write(lines: readonly string[]): Uint8Array<ArrayBuffer>;
  /** Nobody reads this body any more. */
  release(body: Uint8Array<ArrayBuffer>): void;
}

const HEAD = '{"type":"batch","items":[';
const TAIL = ']}';
/** Memory for a body that is larger than this is not kept. */
const LARGEST_KEPT_BYTES = 4 * MAX_BATCH_BYTES;

const encoder = new TextEncoder();
/** Buffer writes text of one byte a character five times as fast; fresh memory from either costs more than the writing. */
const native = typeof Buffer === 'function';
const allocate = (bytes: number): Uint8Array<ArrayBuffer> =>
  native ? Buffer.allocUnsafeSlow(bytes) : new Uint8Array(bytes);
const put = (text: string, bytes: Uint8Array, at: number): number =>
  at + (native ? (bytes as Buffer).write(text, at) : encoder.encodeInto(text, bytes.subarray(at)).written);

export function createBodyWriter(): BodyWriter {
  let spare = allocate(0);
  return {
    write(lines) {
      const many = lines.length > 1;
      let size = HEAD.length + TAIL.length;
      let longest = 0;
      for (const { length } of lines) {
        size += length + 1;
        if (length > longest) longest = length;
      }
      let bytes = spare;
      spare = allocate(0);
      // As much as plain ASCII needs, and room to find out whether the last line is.
      if (bytes.length < size + 2 * longest) bytes = allocate(size + 2 * longest);
      let at = many ? put(HEAD, bytes, 0) : 0;
      for (const line of lines) {
        // A character takes three bytes at most.
        if (bytes.length - at < 3 * line.length + TAIL.length) {
          const larger = allocate(2 * bytes.length + 3 * line.length);
          larger.set(bytes.subarray(0, at));
          bytes = larger;
        }
        at = put(line, bytes, at);
        if (many) bytes[at++] = 0x2c;
      }
      if (many) at = put(TAIL, bytes, at - 1);
      return bytes.subarray(0, at);
    },
    release({ buffer }) {
      if (buffer.byteLength <= spare.length || buffer.byteLength > LARGEST_KEPT_BYTES) return;
      spare = native ? Buffer.from(buffer) : new Uint8Array(buffer);
    },
  };
}
