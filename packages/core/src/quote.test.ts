import fc from 'fast-check';
import { expect, test } from 'vitest';
import { quote } from './quote.js';

const anything = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units)),
);

test('quotes any text as JSON.stringify does', () => {
  fc.assert(
    fc.property(anything, (text) => {
      expect(quote(text)).toBe(JSON.stringify(text));
    }),
  );
});

test('finds what needs an escape wherever it stands in a long text', () => {
  const specials = fc.constantFrom(
    '"',
    '\\',
    '\n',
    '\u0000',
    '\u001f',
    '\ud800',
    '\udfff',
    '\u007f',
    'ü',
    '😀',
    ' ',
  );
  fc.assert(
    fc.property(fc.nat(300), specials, fc.nat(300), (before, special, after) => {
      const text = `${'a'.repeat(before)}${special}${'z'.repeat(after)}`;
      expect(quote(text)).toBe(JSON.stringify(text));
    }),
    { numRuns: 2000 },
  );
});

test.each([16 * 1024 - 9, 16 * 1024 - 8, 16 * 1024 - 7, 16 * 1024, 100_000])(
  'takes %i characters',
  (length) => {
    for (const unit of ['a', 'ü', '語', '😀', '\ud83d']) {
      const text = unit.repeat(length).slice(0, length);
      expect(quote(text)).toBe(JSON.stringify(text));
      expect(quote(`${text.slice(1)}"`)).toBe(JSON.stringify(`${text.slice(1)}"`));
    }
  },
);

test('what an earlier, longer text left behind changes nothing', () => {
  expect(quote('"'.repeat(200))).toBe(JSON.stringify('"'.repeat(200)));
  for (let length = 60; length < 80; length++)
    expect(quote('a'.repeat(length))).toBe(`"${'a'.repeat(length)}"`);
});
