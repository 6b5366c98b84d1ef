import { builtin } from './platform.js';

const crypto = builtin('node:crypto') as Partial<typeof import('node:crypto')> | undefined;

/** SHA-256 of a text, as base64url, by the runtime itself; undefined where it can only do that asynchronously. */
export const nativeSha256: ((text: string) => string) | undefined = crypto?.hash
  ? (text) => crypto.hash!('sha256', text, 'base64url')
  : crypto?.createHash && ((text) => crypto.createHash!('sha256').update(text).digest('base64url'));

/** SHA-256 (FIPS 180-4) where the runtime has none. */
const K = /* @__PURE__ */ (() => {
  const constants = new Uint32Array(64);
  let found = 0;
  for (let n = 2; found < 64; n++) {
    let prime = true;
    for (let d = 2; d * d <= n; d++) if (n % d === 0) prime = false;
    if (prime) constants[found++] = fraction(Math.cbrt(n));
  }
  return constants;
})();

function fraction(x: number): number {
  return ((x - Math.floor(x)) * 2 ** 32) >>> 0;
}

const rotate = (x: number, by: number) => (x >>> by) | (x << (32 - by));

/** SHA-256 of a text, as base64url. */
export function portableSha256(text: string): string {
  const message = new TextEncoder().encode(text);
  const blocks = new Uint8Array(((message.length + 72) >> 6) << 6);
  blocks.set(message);
  blocks[message.length] = 0x80;
  const view = new DataView(blocks.buffer);
  view.setUint32(blocks.length - 8, Math.floor(message.length / 2 ** 29));
  view.setUint32(blocks.length - 4, (message.length << 3) >>> 0);

  const hash = Uint32Array.from([2, 3, 5, 7, 11, 13, 17, 19], (prime) => fraction(Math.sqrt(prime)));
  const w = new Uint32Array(64);
  for (let at = 0; at < blocks.length; at += 64) {
    for (let i = 0; i < 16; i++) w[i] = view.getUint32(at + i * 4);
    for (let i = 16; i < 64; i++) {
      const a = w[i - 15] as number;
      const b = w[i - 2] as number;
      const s0 = rotate(a, 7) ^ rotate(a, 18) ^ (a >>> 3);
      const s1 = rotate(b, 17) ^ rotate(b, 19) ^ (b >>> 10);
      w[i] = (w[i - 16] as number) + s0 + (w[i - 7] as number) + s1;
    }
    let [a, b, c, d, e, f, g, h] = hash as unknown as [
      number,
      number,
      number,
      number,
      number,
      number,
      number,
      number,
    ];
    for (let i = 0; i < 64; i++) {
      const s1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
      const t1 = (h + s1 + ((e & f) ^ (~e & g)) + (K[i] as number) + (w[i] as number)) | 0;
      const s0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
      const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      [h, g, f, e, d, c, b, a] = [g, f, e, (d + t1) | 0, c, b, a, (t1 + t2) | 0];
    }
    [a, b, c, d, e, f, g, h].forEach((word, i) => {
      hash[i] = (hash[i] as number) + word;
    });
  }
  const digest = new DataView(new ArrayBuffer(32));
  hash.forEach((word, i) => {
    digest.setUint32(i * 4, word);
  });
  return btoa(String.fromCharCode(...new Uint8Array(digest.buffer)))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replace('=', '');
}
