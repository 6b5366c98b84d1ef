/**
 * Ten minutes of mixed load with the collector killed (kill -9) and restarted at random: nothing lost, nothing doubled,
 * memory flat. `node benchmarks/soak.mjs [--seconds=600] [--runs-per-second=100]`, after a build.
 */
import { soak } from '../packages/core/e2e/soak.ts';

const option = (name, fallback) =>
  Number(process.argv.find((arg) => arg.startsWith(`--${name}=`))?.split('=')[1] ?? fallback);

const result = await soak(option('seconds', 600), option('runs-per-second', 100), (line) =>
  process.stderr.write(`\r${line}`),
);
process.stderr.write('\n');
const { missing, wrong, lastWords, ...figures } = result;
console.table({
  ...figures,
  missing: missing.length,
  'doubled or not whole': wrong.length,
});
const flat = result.heapAfter < result.heapBefore * 1.25 + 5;
if (!flat) console.error('Memory is not flat.');
if (missing.length > 0) console.error(`Missing: ${missing.slice(0, 10).join(', ')}`);
if (missing.length + wrong.length > 0) console.error(lastWords.join('\n'));
if (wrong.length > 0) console.error(`Doubled or not whole: ${wrong.slice(0, 10).join(', ')}`);
process.exitCode = missing.length + wrong.length + result.dropped === 0 && flat ? 0 : 1;
