import { describe, expect, it } from 'vitest';
import { plainPreview } from './plain-preview.js';
import { cut, split } from './text-block.js';

describe('long text', () => {
  it('is cut by length or by lines, and not for a little more', () => {
    expect(cut('a'.repeat(100))).toHaveLength(100);
    expect(cut('a'.repeat(6_300))).toHaveLength(6_300);
    expect(cut('a'.repeat(20_000))).toHaveLength(6_000);
    expect(cut('line\n'.repeat(500)).split('\n')).toHaveLength(60);
  });

  it('is never cut within a character', () => {
    expect(cut(`${'a'.repeat(5_999)}${'😀'.repeat(2_000)}`)).toHaveLength(5_999);
    expect(
      split('😀'.repeat(100), 7).every((piece) => !/^[\udc00-\udfff]|[\ud800-\udbff]$/.test(piece)),
    ).toBe(true);
  });

  it('is whole again when its pieces are joined', () => {
    const text = Array.from({ length: 300 }, (_, i) => 'x'.repeat(i % 40)).join('\n');
    const pieces = split(text, 500);
    expect(pieces.join('')).toBe(text);
    expect(Math.max(...pieces.map((piece) => piece.length))).toBeLessThanOrEqual(501);
  });
});

describe('a preview', () => {
  it('leaves out Markdown marks, also when it was cut in the middle', () => {
    expect(plainPreview('## Plan\n**bold** and `code`, [link](https://x.y)')).toBe(
      'Plan\nbold and code, link',
    );
    expect(plainPreview('a **cut')).toBe('a cut');
    expect(plainPreview('in *storm blue*, 2 * 3 * 4')).toBe('in storm blue, 2 * 3 * 4');
    expect(plainPreview('| Day | Price |\n|---|---:|\n| 1 | 5 |').replace(/\n+/g, '/')).toBe(
      'Day · Price/1 · 5',
    );
    expect(plainPreview('2 ** 3 and snake__case')).toBe('2 ** 3 and snakecase');
  });
});
