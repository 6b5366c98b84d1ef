/** One candidate in a process of its own; does what the parent asks, block by block, and says what it cost. */
import { setTimeout as sleep } from 'node:timers/promises';
import { invoke, stream } from './agent.mjs';
import { candidates } from './candidates.mjs';

process.on('unhandledRejection', () => {});

const [name, url] = process.argv.slice(2);
const { config, flush } = await candidates[name](url);
const fresh = () => (typeof config === 'function' ? config() : config);

async function cost(times, work) {
  globalThis.gc?.({ type: 'minor' });
  const main = process.threadCpuUsage();
  const whole = process.cpuUsage();
  const start = performance.now();
  for (let i = 0; i < times; i++) await work(i);
  const wallMs = performance.now() - start;
  await Promise.race([flush(), sleep(60_000, undefined, { ref: false })]);
  const { user, system } = process.threadCpuUsage(main);
  const all = process.cpuUsage(whole);
  return { mainUs: user + system, wholeUs: all.user + all.system, wallMs };
}

process.on('message', async ({ from, invocations, chunks }) => {
  try {
    const agent = await cost(invocations, (i) => invoke(from + i, fresh()));
    const tokens = await cost(1, () => stream(chunks, fresh()));
    process.send({
      mainUs: agent.mainUs / invocations,
      wholeUs: agent.wholeUs / invocations,
      wallUs: (1000 * agent.wallMs) / invocations,
      chunkUs: tokens.mainUs / chunks,
    });
  } catch (error) {
    process.send({ error: String(error?.stack ?? error) });
  }
});
process.on('disconnect', () => process.exit(0));
process.send({ ready: true });
