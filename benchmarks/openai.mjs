/**
 * What a wrapper adds to an OpenAI client: main-thread CPU a call and a streamed chunk, over the same calls on a bare client.
 * The network is left out: a fetch in memory answers at once. Every wrapper lives in a process of its own, sends what it
 * records to one sink, and all take turns block by block, bare and wrapped, so that what else the machine does hits all
 * alike. A call has a 2 KB prompt and a 1 KB answer.
 *
 * `node benchmarks/openai.mjs [--quick] [--only=observatory,langfuse]`
 */
import { fork } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ask, median } from './harness.mjs';
import { wrappers } from './openai-wrappers.mjs';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const quick = process.argv.includes('--quick');
const only = process.argv
  .find((arg) => arg.startsWith('--only='))
  ?.slice(7)
  .split(',');
const names = Object.keys(wrappers).filter((name) => !only || only.some((wanted) => name.startsWith(wanted)));

const ROUNDS = quick ? 4 : 15;
const WARM_UP_ROUNDS = quick ? 1 : 3;
const CALLS = quick ? 200 : 400;
const STREAMS = quick ? 2 : 4;

const sink = fork(join(HERE, 'sink.mjs'), names);
const { ports } = await ask(sink);
const children = new Map();
for (const name of names) {
  const child = fork(join(HERE, 'openai-client.mjs'), [name, `http://127.0.0.1:${ports[name]}`], {
    execArgv: ['--expose-gc', '--no-warnings'],
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    env: { ...process.env, OBSERVATORY_SPOOL: 'false' },
  });
  try {
    await ask(child);
    children.set(name, child);
  } catch (error) {
    console.error(`${name} does not start: ${error.message}`);
  }
}

const samples = new Map();
for (let round = 0; round < WARM_UP_ROUNDS + ROUNDS; round++) {
  for (const [name, child] of children) {
    for (const [kind, count] of [
      ['call', CALLS],
      ['stream', STREAMS],
    ]) {
      try {
        const pair = {};
        for (const which of round % 2 ? ['bare', 'wrapped'] : ['wrapped', 'bare'])
          pair[which] = (await ask(child, { kind, which, count })).us;
        if (round >= WARM_UP_ROUNDS) {
          const key = `${name} ${kind}`;
          samples.set(key, [...(samples.get(key) ?? []), pair]);
        }
      } catch (error) {
        console.error(`${name} ${kind}: ${error.message}`);
        children.delete(name);
        child.disconnect();
        break;
      }
    }
  }
}

const row = (name, kind) => {
  const pairs = samples.get(`${name} ${kind}`) ?? [];
  return {
    bare: median(pairs.map(({ bare }) => bare)),
    added: median(pairs.map(({ bare, wrapped }) => wrapped - bare)),
  };
};
const received = {};
for (const name of children.keys()) received[name] = (await ask(sink, { name })).requests;

console.log(
  '| | added a call, µs | of a bare call | added a chunk, µs | of a bare chunk | requests to its server |',
);
console.log('|---|---|---|---|---|---|');
for (const name of children.keys()) {
  const call = row(name, 'call');
  const stream = row(name, 'stream');
  const share = ({ added, bare }) => `${((100 * added) / bare).toFixed(0)} %`;
  console.log(
    `| ${name} | ${call.added.toFixed(1)} | ${share(call)} | ${stream.added.toFixed(2)} | ${share(stream)} | ${received[name]} |`,
  );
}
for (const child of children.values()) child.disconnect();
sink.disconnect();
