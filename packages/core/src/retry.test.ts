import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pauseAfter, retryAfterMs } from './retry.js';

describe('the pause after a failure', () => {
  it('grows to a bound, with full jitter', () => {
    const longest = (failures: number) => pauseAfter(failures, { random: () => 1 });
    expect([1, 2, 3, 4].map(longest)).toEqual([500, 1000, 2000, 4000]);
    expect(longest(50)).toBe(10_000);
    expect(pauseAfter(10, { random: () => 0 })).toBeLessThan(100);
  });

  it('is long when only a person can help', () => {
    expect(pauseAfter(1, { slow: true, random: () => 1 })).toBe(15_000);
    expect(pauseAfter(50, { slow: true, random: () => 1 })).toBe(300_000);
  });

  it('is never shorter than the collector asked, within reason', () => {
    fc.assert(
      fc.property(
        fc.nat(100),
        fc.nat(600_000),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (n, ms, random) => {
          const pause = pauseAfter(n + 1, { retryAfterMs: ms, random: () => random });
          expect(pause).toBeGreaterThanOrEqual(ms);
          expect(pause).toBeLessThanOrEqual(ms + 500);
        },
      ),
    );
    expect(pauseAfter(1, { retryAfterMs: 1e12, random: () => 1 })).toBeLessThan(700_000);
  });
});

describe('Retry-After', () => {
  it('is seconds or a date', () => {
    expect(retryAfterMs('120')).toBe(120_000);
    expect(retryAfterMs(' 0 ')).toBe(0);
    const now = Date.parse('Wed, 21 Oct 2026 07:28:00 GMT');
    expect(retryAfterMs('Wed, 21 Oct 2026 07:28:30 GMT', now)).toBe(30_000);
    expect(retryAfterMs('Wed, 21 Oct 2026 07:00:00 GMT', now)).toBe(0);
  });

  it('is nothing when it is neither', () => {
    for (const header of [undefined, null, '', 'soon', '-5', 'NaN'])
      expect(retryAfterMs(header)).toBeUndefined();
  });
});
