/**
 * What recording costs a LangGraph agent of three model and two tool calls, per invocation and per streamed chunk: nothing
 * attached, a handler that does nothing, Observatory, and the handlers of its peers. Each lives in a process of its own and they take
 * turns, block by block, against one sink on this machine. Differences to `none` are the result.
 *
 * `node benchmarks/langchain.mjs [--quick]`; needs the peers of benchmarks/package-lock.json (`npm ci` in benchmarks/).
 */
import { fork } from 'node:child_process';
import { join } from 'node:path';
import { ask, median } from './harness.mjs';
import { candidates } from './langchain/candidates.mjs';

const quick = process.argv.includes('--quick');
const BLOCKS = quick ? 3 : 9;
/** Thrown away: LangChain takes a few hundred invocations to become what it is in a server. */
const WARM_UP_BLOCKS = quick ? 5 : 3;
const BLOCK = { invocations: quick ? 40 : 100, chunks: quick ? 2_000 : 10_000 };
const names = Object.keys(candidates);

/** The sink answers each by name as its own server would. */
const sinkNames = names.map((name, index) => {
  const service = name.toLowerCase().split(/\W/)[0];
  return service === 'observatory' ? `${service}${index}` : service;
});
const sink = fork(join(import.meta.dirname, 'sink.mjs'), sinkNames);
const { ports } = await ask(sink);

const children = new Map();
const rows = new Map(names.map((name) => [name, []]));
for (const [index, name] of names.entries()) {
  const child = fork(
    join(import.meta.dirname, 'langchain/measure.mjs'),
    [name, `http://127.0.0.1:${ports[sinkNames[index]]}`],
    {
      execArgv: ['--expose-gc'],
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      env: { ...process.env, NODE_ENV: 'production' },
    },
  );
  await ask(child);
  children.set(name, child);
}

let from = 0;
for (let block = 1 - WARM_UP_BLOCKS; block <= BLOCKS; block++) {
  for (const [index, name] of names.entries()) {
    const child = children.get(name);
    if (!child) continue;
    process.stderr.write(`\r${block}/${BLOCKS} ${name.padEnd(32)}`);
    from += BLOCK.invocations;
    const cost = await ask(child, { from, ...BLOCK }).catch((error) => ({ error: error.message }));
    sink.send({ name: sinkNames[index] });
    const { arrived } = await ask(sink);
    if (cost.error) {
      console.error(`\n${name}: ${cost.error}`);
      children.delete(name);
    } else if (block > 0) rows.get(name).push({ ...cost, arrived: (100 * arrived) / BLOCK.invocations });
  }
}
process.stderr.write(`\r${' '.repeat(60)}\r`);
for (const child of children.values()) child.disconnect();
sink.disconnect();

const mid = (name, key) => median(rows.get(name).map((row) => row[key]));
console.log(
  `Node ${process.version}, ${BLOCKS} blocks of ${BLOCK.invocations} invocations each, taking turns; medians.\n`,
);
console.log(
  '| | main-thread CPU µs | more than none | whole-process CPU µs | wall µs | CPU µs a chunk | arrived % |',
);
console.log('|---|--:|--:|--:|--:|--:|--:|');
for (const name of names) {
  if (rows.get(name).length === 0) continue;
  const cells = [
    mid(name, 'mainUs').toFixed(0),
    (mid(name, 'mainUs') - mid('none', 'mainUs')).toFixed(0),
    mid(name, 'wholeUs').toFixed(0),
    mid(name, 'wallUs').toFixed(0),
    mid(name, 'chunkUs').toFixed(2),
    mid(name, 'arrived').toFixed(0),
  ];
  console.log(`| ${name} | ${cells.join(' | ')} |`);
}
process.exit(0);
