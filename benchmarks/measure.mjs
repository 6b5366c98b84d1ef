/** One candidate in a process of its own; does what the parent asks, block by block, and says what it cost. */
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import { makeLoop, makeRuns } from './workload.mjs';

const [module, options] = process.argv.slice(2);
const candidate = await import(`./candidates/${module}.mjs`);
await candidate.setup(JSON.parse(options));

// A peer that throws or rejects while its data is on the way must not end the comparison.
process.on('unhandledRejection', () => {});

const quantile = (sorted, q) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? 0;

async function block({ runs, from, perTurn, pauseMs }) {
  const data = makeRuns(runs, from);
  // What made the data is cleared away. A forced full collection would also throw optimised code away (V8: "embedded weak
  // objects cleared"), which a process's own collections do not: it doubles what the larger clients cost.
  globalThis.gc?.({ type: 'minor' });
  const sync = new Float64Array(runs);
  const main = process.threadCpuUsage();
  const whole = process.cpuUsage();
  const start = performance.now();
  for (let i = 0; i < runs; i++) {
    const before = performance.now();
    const result = candidate.record(data[i]);
    sync[i] = performance.now() - before;
    result?.catch?.(() => {});
    if (i % perTurn === perTurn - 1) await (pauseMs > 0 ? sleep(pauseMs) : turn());
  }
  const submitted = performance.now();
  await Promise.race([candidate.flush(), sleep(60_000, undefined, { ref: false })]);
  const end = performance.now();
  const { user, system } = process.threadCpuUsage(main);
  const all = process.cpuUsage(whole);
  sync.sort();
  return {
    mainUs: (user + system) / runs,
    wholeUs: (all.user + all.system) / runs,
    syncP50: 1000 * quantile(sync, 0.5),
    syncP99: 1000 * quantile(sync, 0.99),
    submitMs: submitted - start,
    runsPerSecond: (1000 * runs) / (end - start),
    peakMb: process.resourceUsage().maxRSS / 1024,
  };
}

process.on('message', async ({ kind, ...options }) => {
  try {
    if (kind === 'block') process.send(await block(options));
    else {
      candidate.recordLoop(makeLoop());
      await candidate.flush();
      process.send({});
    }
  } catch (error) {
    process.send({ error: String(error?.stack ?? error) });
  }
});
process.on('disconnect', () => process.exit(0));
process.send({ ready: true });
