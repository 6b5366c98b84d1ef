import { describe, expect, it } from 'vitest';
import { outage } from './outage.ts';

/** The short form; `node benchmarks/outage.mjs` records 50,000 runs an outage, 13.8 KB each. */
const RUNS = 600;
const MEMORY_LIMIT = 2 * 1024 * 1024;
const shape = { runs: RUNS, overMs: 300, settleMs: 1000, memoryLimit: MEMORY_LIMIT, requestTimeout: 1000 };

describe('more than fits into memory, recorded while the collector', () => {
  it.each(['down', 'hang', 'half a second', '429', '503'] as const)('is "%s", arrives', async (fault) => {
    const result = await outage({ ...shape, fault });
    expect(result).toMatchObject({ whole: RUNS, wrong: 0, storedItems: 6 * RUNS, told: 0 });
    expect(result.receipt).toMatchObject({ delivered: 6 * RUNS, dropped: 0, queued: 0, complete: true });
    expect(result.spoolBytesPeak).toBeGreaterThan(MEMORY_LIMIT);
    expect(result.rssAfter - result.rssStart).toBeLessThan(60);
  });

  it('is down, without a disk: the newest arrive, and each that does not is counted everywhere', async () => {
    const result = await outage({ ...shape, fault: 'down', noSpool: true });
    const { delivered, dropped } = result.receipt;
    expect(delivered + dropped).toBe(6 * RUNS);
    expect(dropped).toBeGreaterThan(0);
    expect(result).toMatchObject({ storedItems: delivered, reported: dropped, told: dropped });
    // Those that arrived are the newest, but for a run whose parts stood in two batches.
    expect(result.whole).toBeGreaterThan(0);
    expect(result.missingAfterOldest).toBeLessThanOrEqual(1);
  });
});

it('a burst is stored whole', async () => {
  const result = await outage({ fault: 'none', runs: 500, overMs: 0, settleMs: 0 });
  expect(result).toMatchObject({ whole: 500, wrong: 0, told: 0 });
  expect(result.receipt).toMatchObject({ delivered: 3000, dropped: 0, complete: true });
});
