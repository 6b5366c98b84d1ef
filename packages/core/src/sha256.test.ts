import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { nativeSha256, portableSha256 } from './sha256.js';

const reference = (text: string) => createHash('sha256').update(text).digest('base64url');

it('the portable SHA-256 says what Node says, of any text', () => {
  for (let length = 0; length < 200; length++)
    expect(portableSha256('a'.repeat(length))).toBe(reference('a'.repeat(length)));
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
      expect(portableSha256(text)).toBe(reference(text));
      expect(nativeSha256?.(text)).toBe(reference(text));
    }),
  );
});
