import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createBodyWriter } from './body.js';

const expected = (lines: readonly string[]) =>
  lines.length === 1 ? lines[0] : `{"type":"batch","items":[${lines.join(',')}]}`;
const text = (body: Uint8Array) => new TextDecoder().decode(body);

describe('the body of a request', () => {
  it('is the lines, whatever text is in them and whatever was written there before', () => {
    const writer = createBodyWriter();
    const unit = fc.constantFrom('a', 'ü', 'ÿ', '“', '漢', '🎉', '\u2028', ' ');
    const line = fc.string({ unit, maxLength: 300 }).map((value) => JSON.stringify({ value }));
    fc.assert(
      fc.property(fc.array(line, { minLength: 1, maxLength: 20 }), fc.boolean(), (lines, done) => {
        const body = writer.write(lines);
        expect(text(body)).toBe(expected(lines));
        if (done) writer.release(body);
      }),
      { numRuns: 500 },
    );
  });

  it('is left alone until it is released', () => {
    const writer = createBodyWriter();
    const first = writer.write(['{"a":1}', '{"b":2}']);
    const second = writer.write(['{"c":3}', '{"d":4}']);
    expect(text(first)).toBe(expected(['{"a":1}', '{"b":2}']));
    writer.release(first);
    const third = writer.write(['{"e":5}', '{"f":6}']);
    expect(third.buffer).toBe(first.buffer);
    expect(text(second)).toBe(expected(['{"c":3}', '{"d":4}']));
  });

  it('of unusual size costs no memory once it is gone', () => {
    const writer = createBodyWriter();
    const body = writer.write(['x'.repeat(8 * 1024 * 1024), 'y']);
    writer.release(body);
    expect(writer.write(['a', 'b']).buffer.byteLength).toBeLessThan(1000);
  });
});
