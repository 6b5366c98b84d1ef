import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { contentHash } from './content.js';
import { sealedContent } from './sealed-contents.js';

/** Limits no other test uses: what is remembered is the process's. */
let limit = 1_000_000;

const counted = () => {
  const sealed: string[] = [];
  const seal = (raw: string) => {
    sealed.push(raw);
    return `"sealed ${raw.length}"`;
  };
  return { sealed, seal };
};

describe('a content that comes again', () => {
  test('is sealed once', () => {
    const { sealed, seal } = counted();
    limit++;
    const first = sealedContent('"a text"', limit, seal);
    expect(first).toMatchObject({ json: '"sealed 8"', hash: contentHash('"sealed 8"') });
    expect(sealedContent(`"a ${['text'].join('')}"`, limit, seal)).toBe(first);
    expect(sealed).toEqual(['"a text"']);
  });

  test('is sealed again under another limit, and again under the first', () => {
    const { sealed, seal } = counted();
    for (const at of [++limit, ++limit, limit - 1]) sealedContent('"a text"', at, seal);
    expect(sealed).toHaveLength(3);
  });

  test('is told from every other, however alike they are', () => {
    const text = fc.string({ minLength: 20, maxLength: 60 });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(text, fc.nat(59), fc.string({ maxLength: 2 })), { maxLength: 20 }),
        (texts) => {
          limit++;
          const same = (raw: string) => raw;
          for (const [base, at, change] of texts) {
            const other = base.slice(0, at) + change + base.slice(at + change.length);
            for (const raw of [base, other, base]) {
              expect(sealedContent(raw, limit, same)).toMatchObject({ json: raw, hash: contentHash(raw) });
            }
          }
        },
      ),
    );
  });

  test('is forgotten when there is too much of all', () => {
    const { sealed, seal } = counted();
    limit++;
    sealedContent('"first"', limit, seal);
    for (let n = 0; n < 40; n++) sealedContent(`${n} `.repeat(15_000), limit, seal);
    sealedContent('"first"', limit, seal);
    expect(sealed.filter((raw) => raw === '"first"')).toHaveLength(2);
    const large = 'y'.repeat(100_000);
    sealedContent(large, limit, seal);
    sealedContent(large, limit, seal);
    expect(sealed.filter((raw) => raw === large)).toHaveLength(2);
  });
});
