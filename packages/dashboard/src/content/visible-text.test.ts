import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { visibleLine, visibleText } from './visible-text.js';

const tags = (text: string) => [...text].map((c) => String.fromCodePoint(0xe0000 + c.charCodeAt(0))).join('');

describe('visibleText', () => {
  it('writes out direction overrides, isolates and zero-width characters', () => {
    expect(visibleText('safe\u202Egnp.exe')).toBe('safe⟨U+202E⟩gnp.exe');
    expect(visibleText('a\u2066b\u2069c')).toBe('a⟨U+2066⟩b⟨U+2069⟩c');
    expect(visibleText('ad\u200Bmin\uFEFF')).toBe('ad⟨U+200B⟩min⟨U+FEFF⟩');
  });

  it('shows control characters as their pictures, but keeps line breaks and tabs', () => {
    expect(visibleText('\u001b[31mred\u0000\n\tok\u007f')).toBe('␛[31mred␀\n\tok␡');
  });

  it('spells out text hidden in tag characters', () => {
    expect(visibleText(`hi${tags('go')}`)).toBe('hi⟨tag g⟩⟨tag o⟩');
  });

  it('keeps what people write: emoji sequences, flags, Persian and Hindi joiners, Hebrew marks, soft hyphens', () => {
    for (const text of [
      '👩‍🚀🏳️‍🌈❤️1️⃣',
      `🏴${tags('gbsct')}${String.fromCodePoint(0xe007f)}`,
      'می‌خواهم',
      'क्‍ष',
      'שלום\u200F!',
      'Donau\u00ADdampf',
    ]) {
      expect(visibleText(text)).toBe(text);
    }
  });

  it('shows text that hides behind a flag', () => {
    expect(visibleText(`🏴${tags('gbx')}`)).toBe('🏴⟨tag g⟩⟨tag b⟩⟨tag x⟩');
    expect(visibleText(`🏴${tags('gbsct')}${String.fromCodePoint(0xe007f)}${tags('!')}`)).toContain(
      '⟨tag !⟩',
    );
  });

  it('shows a joiner or mark that joins nothing', () => {
    expect(visibleText('pay\u200Dpal')).toBe('pay⟨U+200D⟩pal');
    expect(visibleText('a\u200Fb')).toBe('a⟨U+200F⟩b');
    expect(visibleText('a\uFE0Fb')).toBe('a⟨U+FE0F⟩b');
  });

  it('never lets an override or a control character through, whatever the text', () => {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these must not survive
    const dangerous = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\u200b]/;
    const any = fc.string({
      unit: fc.oneof(
        fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
        fc.constantFrom('\u202e', '\u200d', '\u2067', '\u001b', '\u200b', '👩', 'ا', 'a'),
      ),
    });
    fc.assert(fc.property(any, (text) => !dangerous.test(visibleText(text))));
  });

  it('takes a megabyte of invisible characters in reasonable time', () => {
    const started = performance.now();
    expect(visibleText('\u200b'.repeat(1_000_000)).length).toBe(8_000_000);
    expect(performance.now() - started).toBeLessThan(10_000);
  });
});

describe('visibleLine', () => {
  it('makes one line of several', () => {
    expect(visibleLine('  a\r\n\n  b\u202E ')).toBe('a b⟨U+202E⟩');
  });
});
