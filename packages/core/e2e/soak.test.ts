import { expect, it } from 'vitest';
import { soak } from './soak.ts';

/** The short form; `node benchmarks/soak.mjs` goes on for ten minutes. */
const SECONDS = 10;

it('mixed load while the collector is killed and restarted at random loses nothing and doubles nothing', async () => {
  const { kills, ended, stored, missing, wrong, dropped, residentPeak } = await soak({
    seconds: SECONDS,
    runsPerSecond: 60,
  });
  expect(kills).toBeGreaterThan(0);
  expect(ended).toBeGreaterThan(100);
  expect({ missing, wrong, dropped }).toEqual({ missing: [], wrong: [], dropped: 0 });
  expect(stored).toBe(ended);
  expect(residentPeak).toBeLessThan(400);
});
