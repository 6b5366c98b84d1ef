import { describe, expect, it } from 'vitest';
import {
  formatAgo,
  formatBytes,
  formatCost,
  formatCount,
  formatDuration,
  formatSince,
  plural,
} from './format.js';

describe('numbers and times', () => {
  it.each([
    [0, '0 ms'],
    [999.4, '999 ms'],
    [999.6, '1.00 s'],
    [1_240, '1.24 s'],
    [9_994, '9.99 s'],
    [12_400, '12.4 s'],
    [59_949, '59.9 s'],
    [59_990, '1m 00s'],
    [125_000, '2m 05s'],
    [3_780_000, '1h 03m'],
    [90_000_000, '1d 01h'],
    [-1, '–'],
    [Number.NaN, '–'],
  ])('writes a duration of %d ms as %s', (ms, text) => expect(formatDuration(ms)).toBe(text));

  it.each([
    [0, '0'],
    [950, '950'],
    [1_000, '1k'],
    [1_250, '1.3k'],
    [99_949, '99.9k'],
    [99_960, '100k'],
    [999_499, '999k'],
    [999_600, '1M'],
    [1_234_000, '1.2M'],
    [2_000_000_000, '2B'],
  ])('writes a count of %d as %s', (count, text) => expect(formatCount(count)).toBe(text));

  it.each([
    [0, '$0'],
    [0.000001, '<$0.00001'],
    [0.00012, '$0.00012'],
    [0.0042, '$0.0042'],
    [0.25, '$0.25'],
    [99.5, '$99.50'],
    [1_234.4, '$1,234'],
  ])('writes a cost of %d as %s: never zero when it is not', (usd, text) =>
    expect(formatCost(usd)).toBe(text),
  );

  it('writes sizes', () => {
    expect([12, 3_400, 10_500, 999_600, 10_000_000].map(formatBytes)).toEqual([
      '12 B',
      '3.4 KB',
      '11 KB',
      '1 MB',
      '10 MB',
    ]);
  });

  it('writes how long ago, also for clocks that are ahead and dates that are none', () => {
    const now = Date.parse('2026-11-22T12:00:00Z');
    const ago = (seconds: number) => formatAgo(new Date(now - seconds * 1000).toISOString(), now);
    expect([-3, 2, 12, 240, 7_200, 200_000].map(ago)).toEqual(['now', 'now', '12s', '4m', '2h', '2d']);
    expect(ago(20 * 86_400)).toBe('2 Nov');
    expect(ago(-86_400 * 2)).toBe('24 Nov');
    const since = (seconds: number) => formatSince(new Date(now - seconds * 1000).toISOString(), now);
    expect([2, 12, 20 * 86_400].map(since)).toEqual(['just now', '12s ago', 'on 2 Nov']);
    expect(formatAgo('nonsense', now)).toBe('–');
  });

  it('counts things', () => {
    expect([plural(1, 'run'), plural(0, 'run'), plural(1_200, 'run')]).toEqual([
      '1 run',
      '0 runs',
      '1,200 runs',
    ]);
  });
});
