/**
 * `pnpm bench`: what one run costs with Observatory, with its peers, and at the limit. Every candidate lives in a process of
 * its own and they take turns, block by block, against one sink on this machine, so that what else the machine does hits all
 * alike. Ratios are the result; microseconds are this machine's.
 *
 * `node benchmarks/run.mjs [--quick] [--only=observatory,limit]`
 */
import { execFileSync, fork, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { bundleCore } from '../scripts/bundle-core.ts';
import { ask, median, printTable } from './harness.mjs';
import { makeLoop } from './workload.mjs';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const quick = process.argv.includes('--quick');
const only = process.argv
  .find((arg) => arg.startsWith('--only='))
  ?.slice(7)
  .split(',');

const CANDIDATES = [
  { name: 'noop', module: 'noop' },
  { name: 'limit', module: 'limit' },
  { name: 'limit, zstd', module: 'limit', options: { compress: true } },
  { name: 'observatory', module: 'observatory' },
  { name: 'observatory, zstd', module: 'observatory', options: { compress: true } },
  { name: 'otel-json', module: 'otel', label: 'OTel SDK, JSON' },
  { name: 'langfuse', module: 'langfuse', label: 'Langfuse' },
  { name: 'contextcompany', module: 'contextcompany', label: '@contextcompany/custom' },
  { name: 'braintrust', module: 'braintrust', label: 'Braintrust' },
  { name: 'langsmith', module: 'langsmith', label: 'LangSmith' },
].filter(({ module }) => !only || only.includes(module) || module === 'noop');

const STEADY = { runs: quick ? 250 : 1000, perTurn: 25, pauseMs: 10 };
const STEADY_BLOCKS = quick ? 3 : 9;
const BURST = { runs: quick ? 1000 : 20_000, perTurn: Number.POSITIVE_INFINITY, pauseMs: 0 };
const BURST_BLOCKS = quick ? 1 : 3;
const IMPORTS = quick ? 3 : 9;

function installPeers() {
  const lock = readFileSync(join(HERE, 'package-lock.json'), 'utf8');
  const stamp = join(HERE, 'node_modules', '.installed-lock');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return;
  console.log('Installing the peers (benchmarks/package-lock.json) …');
  execFileSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: HERE,
    stdio: ['ignore', 'ignore', 'inherit'],
    shell: process.platform === 'win32',
  });
  writeFileSync(stamp, lock);
}

async function withSink(names, task) {
  const sink = fork(join(HERE, 'sink.mjs'), names);
  const { ports } = await ask(sink);
  try {
    return await task({
      url: (name) => `http://127.0.0.1:${ports[name]}`,
      stats: (name) => ask(sink, { name }),
    });
  } finally {
    sink.disconnect();
  }
}

async function startCandidate({ name, module, options }, sink) {
  const child = fork(
    join(HERE, 'measure.mjs'),
    [module, JSON.stringify({ url: sink.url(name), ...options })],
    {
      execArgv: ['--expose-gc', '--disable-warning=ExperimentalWarning'],
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      env: { ...process.env, NODE_ENV: 'production' },
    },
  );
  await ask(child);
  return child;
}

/** Blocks in turn, one candidate after the other, the first of each thrown away as warm-up. */
async function interleaved(sink, shape, blocks) {
  const children = new Map();
  const results = new Map(CANDIDATES.map(({ name }) => [name, []]));
  for (const candidate of CANDIDATES) children.set(candidate.name, await startCandidate(candidate, sink));
  let from = 0;
  for (let i = 0; i <= blocks; i++) {
    for (const { name } of CANDIDATES) {
      from += shape.runs;
      const child = children.get(name);
      if (!child) continue;
      process.stderr.write(`\r${shape.pauseMs ? 'steady' : 'burst'} ${i}/${blocks} ${name.padEnd(24)}`);
      const cost = await ask(child, {
        kind: 'block',
        from,
        ...shape,
        perTurn: Math.min(shape.perTurn, 1e9),
      }).catch((error) => ({ error: error.message }));
      const { requests, wireBytes, rawBytes, arrived } = await sink.stats(name);
      if (cost.error) {
        console.error(`\n${name}: ${cost.error}`);
        children.delete(name);
      } else if (i > 0) results.get(name).push({ ...cost, requests, wireBytes, rawBytes, arrived });
    }
  }
  for (const child of children.values()) child.disconnect();
  process.stderr.write(`\r${' '.repeat(60)}\r`);
  return results;
}

const mid = (rows, key) => median(rows.map((row) => row[key]));

async function loopBytes() {
  const candidates = CANDIDATES.filter(
    ({ module, options }) => !options && !['noop', 'limit'].includes(module),
  );
  const steps = makeLoop();
  const distinct = JSON.stringify([...steps.at(-1).prompt, steps.at(-1).answer]).length;
  const naive = steps.reduce((sum, { prompt, answer }) => sum + JSON.stringify([prompt, answer]).length, 0);
  const rows = [
    ['distinct content', distinct, 1],
    ['every step with all its messages', naive, naive / distinct],
  ];
  await withSink(
    candidates.map(({ name }) => name),
    async (sink) => {
      for (const candidate of candidates) {
        const child = await startCandidate(candidate, sink);
        const answer = await ask(child, { kind: 'loop' }).catch((error) => ({ error: error.message }));
        const { rawBytes } = await sink.stats(candidate.name);
        child.disconnect();
        rows.push([
          candidate.label ?? candidate.name,
          answer.error ? Number.NaN : rawBytes,
          rawBytes / distinct,
        ]);
      }
    },
  );
  return rows;
}

/** Core is published as a file per entry; here it stands as one per idea. */
async function publishedCore() {
  const folder = mkdtempSync(join(tmpdir(), 'observatory-core-'));
  await bundleCore(folder);
  return folder;
}

function coldImports(core) {
  const times = new Map();
  const importable = CANDIDATES.filter(
    ({ module, options }) => !options && !['noop', 'limit'].includes(module),
  );
  for (let i = 0; i < IMPORTS; i++) {
    for (const { name, module } of importable) {
      const source = readFileSync(join(HERE, 'candidates', `${module}.mjs`), 'utf8');
      const [, imports] = /export const imports = `([^`]*)`/.exec(source);
      const specifiers = [...imports.matchAll(/from '([^']+)'/g)].map(([, from]) => from);
      const code = `const t = performance.now(); ${specifiers
        .map(
          (from) =>
            `await import(${JSON.stringify(from.startsWith('.') ? pathToFileURL(join(core, 'node/index.js')).href : from)});`,
        )
        .join('')} console.log(performance.now() - t)`;
      const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', code], {
        cwd: HERE,
        encoding: 'utf8',
      });
      times.set(name, [...(times.get(name) ?? []), Number(stdout.trim().split('\n').at(-1))]);
    }
  }
  return new Map([...times].map(([name, all]) => [name, median(all)]));
}

async function bundleSizes() {
  const { build } = await import('esbuild');
  const sizes = new Map();
  const folder = mkdtempSync(join(tmpdir(), 'observatory-bundle-'));
  for (const { name, module, options } of CANDIDATES) {
    if (options || ['noop', 'limit'].includes(module)) continue;
    const source = readFileSync(join(HERE, 'candidates', `${module}.mjs`), 'utf8');
    const [, contents] = /export const imports = `([^`]*)`/.exec(source);
    const outfile = join(folder, `${module}.mjs`);
    try {
      await build({
        stdin: { contents, resolveDir: HERE },
        bundle: true,
        minify: true,
        format: 'esm',
        platform: 'node',
        outfile,
        logLevel: 'silent',
      });
      sizes.set(name, gzipSync(readFileSync(outfile), { level: 9 }).length / 1024);
    } catch {
      sizes.set(name, Number.NaN);
    }
  }
  rmSync(folder, { recursive: true });
  return sizes;
}

function print(title, header, rows) {
  console.log(`\n${title}\n`);
  printTable(header, rows);
}

const round = (value, digits = 0) => (Number.isFinite(value) ? value.toFixed(digits) : '–');

installPeers();
const names = CANDIDATES.map(({ name }) => name);
const { steady, burst } = await withSink(names, async (sink) => ({
  steady: await interleaved(sink, STEADY, STEADY_BLOCKS),
  burst: await interleaved(sink, BURST, BURST_BLOCKS),
}));
const core = await publishedCore();
const imports = coldImports(core);
rmSync(core, { recursive: true });
const bundles = await bundleSizes();
const loop = await loopBytes();

const harness = mid(steady.get('noop'), 'mainUs');
const harnessWhole = mid(steady.get('noop'), 'wholeUs');
const limit = steady.get('limit') ?? [];
const limitMain = mid(limit, 'mainUs') - harness;
const limitWhole = mid(limit, 'wholeUs') - harnessWhole;
const limitSync = mid(limit, 'syncP50');

console.log(
  `Node ${process.version}, ${STEADY_BLOCKS} blocks of ${STEADY.runs} runs each, taking turns; medians.`,
);
print(
  'One run, recorded and delivered (25 runs every 10 ms)',
  [
    '',
    'main-thread CPU µs',
    '× limit',
    'whole-process CPU µs',
    '× limit',
    'in the caller µs p50',
    'p99',
    '× limit',
    'bytes sent',
    'requests per 1,000',
    'arrived %',
  ],
  CANDIDATES.filter(({ name }) => steady.get(name).length > 0 && name !== 'noop').map(({ name, label }) => {
    const rows = steady.get(name);
    const main = mid(rows, 'mainUs') - harness;
    const whole = mid(rows, 'wholeUs') - harnessWhole;
    return [
      label ?? name,
      round(main),
      round(main / limitMain, 2),
      round(whole),
      round(whole / limitWhole, 2),
      round(mid(rows, 'syncP50'), 1),
      round(mid(rows, 'syncP99')),
      round(mid(rows, 'syncP50') / limitSync, 2),
      round(mid(rows, 'wireBytes') / STEADY.runs),
      round((1000 * mid(rows, 'requests')) / STEADY.runs),
      round((100 * mid(rows, 'arrived')) / STEADY.runs, 1),
    ];
  }),
);
print(
  `A burst: ${BURST.runs} runs at once`,
  ['', 'runs per second to flushed', '× limit', 'peak memory MB', 'requests', 'arrived %'],
  CANDIDATES.filter(({ name }) => burst.get(name).length > 0 && name !== 'noop').map(({ name, label }) => {
    const rows = burst.get(name);
    return [
      label ?? name,
      round(mid(rows, 'runsPerSecond')),
      round(mid(rows, 'runsPerSecond') / mid(burst.get('limit') ?? [], 'runsPerSecond'), 2),
      round(mid(rows, 'peakMb')),
      round(mid(rows, 'requests')),
      round((100 * mid(rows, 'arrived')) / BURST.runs, 1),
    ];
  }),
);
print(
  'Before the first run',
  ['', 'cold import ms', 'bundle KB gzip'],
  [...imports].map(([name, ms]) => [
    CANDIDATES.find((candidate) => candidate.name === name)?.label ?? name,
    round(ms),
    round(bundles.get(name), 1),
  ]),
);
print(
  'An agent loop: 50 steps over a history that grows to 100 KB, uncompressed',
  ['', 'bytes sent', '× distinct'],
  loop.map(([name, bytes, ratio]) => [name, round(bytes), round(ratio, 2)]),
);
process.exit(0);
