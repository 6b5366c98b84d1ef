/**
 * Ten minutes of mixed load with the collector killed (kill -9) and restarted at random: nothing lost, nothing doubled,
 * memory flat. `node benchmarks/soak.mjs [--seconds=600] [--runs-per-second=100] [--every=1,8] [--stops=0] [--load=0]`, after a
 * build. `--every=2,3` lets two to three seconds pass between two blows; `--stops=0.5` makes half of them a SIGSTOP of up to
 * six seconds; `--load=8` starts eight processes that do nothing but compete for the processor.
 */
import { loadavg } from 'node:os';
import { soak } from '../packages/core/e2e/soak.ts';

const option = (name, fallback) =>
  (process.argv.find((arg) => arg.startsWith(`--${name}=`))?.split('=')[1] ?? fallback)
    .split(',')
    .map(Number);

const result = await soak({
  seconds: option('seconds', '600')[0],
  runsPerSecond: option('runs-per-second', '100')[0],
  every: option('every', '1,8'),
  stops: option('stops', '0')[0],
  load: option('load', '0')[0],
  say: (line) => process.stderr.write(`\r${line}`),
});
process.stderr.write('\n');
const { missing, wrong, lastWords, ...figures } = result;
console.table({
  ...figures,
  missing: missing.length,
  'doubled or not whole': wrong.length,
  load: `${loadavg()[0].toFixed(1)}`,
});
const flat = result.heapAfter < result.heapBefore * 1.25 + 5;
if (!flat) console.error('Memory is not flat.');
if (missing.length > 0) console.error(`Missing: ${missing.slice(0, 10).join(', ')}`);
if (missing.length + wrong.length + result.late > 0) console.error(lastWords.join('\n'));
if (wrong.length > 0) console.error(`Doubled or not whole: ${wrong.slice(0, 10).join(', ')}`);
process.exitCode = missing.length + wrong.length + result.late + result.dropped === 0 && flat ? 0 : 1;
