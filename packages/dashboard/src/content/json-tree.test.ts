import { describe, expect, it } from 'vitest';
import { findInJson, type JsonValue, jsonLines } from './json-tree.js';

const closed = { open: new Map(), startOpen: 0, closed: new Set<string>() };

describe('the JSON tree', () => {
  it('shows a line per open key, in order', () => {
    const lines = jsonLines({ a: 1, b: { c: [true, null] }, d: [] }, { ...closed, startOpen: 2 });
    expect(lines.map((line) => [line.depth, line.key, line.open])).toEqual([
      [0, undefined, true],
      [1, 'a', false],
      [1, 'b', true],
      [2, 'c', false],
      [1, 'd', false],
    ]);
  });

  it('shows long lists a hundred at a time', () => {
    const list = Array.from({ length: 250 }, (_, i) => i);
    const lines = jsonLines(list, { ...closed, startOpen: 1 });
    expect(lines).toHaveLength(102);
    expect(lines.at(-1)?.hidden).toBe(150);
    expect(jsonLines(list, { ...closed, open: new Map([['', 3]]) })).toHaveLength(251);
  });

  it('finds keys and values, and opens the way to them', () => {
    const value = { rows: Array.from({ length: 205 }, (_, i) => ({ name: `row ${i}` })) };
    const { found, open } = findInJson(value, 'ROW 204', 10);
    expect(found).toEqual(['/"rows"/204/"name"']);
    const lines = jsonLines(value, { ...closed, open });
    expect(lines.some((line) => line.path === found[0])).toBe(true);
    expect(findInJson(value, 'rows', 10).found).toEqual(['/"rows"']);
    expect(findInJson(value, 'row', 7).found).toHaveLength(7);
  });

  it('takes values of any depth', () => {
    let deep: JsonValue = 'bottom';
    for (let i = 0; i < 20_000; i++) deep = [deep];
    expect(jsonLines(deep, { ...closed, startOpen: 50 }).length).toBe(51);
    expect(findInJson(deep, 'bottom', 1).found).toHaveLength(1);
  });
});
