import { describe, expect, it } from 'vitest';
import { environmentFor, SNIPPETS } from './snippets.js';

describe('the first page', () => {
  it('asks for no configuration where the default finds this collector', () => {
    expect(environmentFor('http://127.0.0.1:4318')).toBe('');
    expect(environmentFor('http://localhost:4318')).toBe('');
    expect(environmentFor('http://127.0.0.1:5000')).toBe('OBSERVATORY_URL=http://127.0.0.1:5000');
  });

  it('marks at least one new line in every snippet, and marks every line as new or not', () => {
    for (const { code } of SNIPPETS) {
      const lines = code.split('\n');
      expect(lines.some((line) => line.startsWith('+'))).toBe(true);
      expect(lines.every((line) => line === '' || line.startsWith('+') || line.startsWith(' '))).toBe(true);
    }
  });
});
