/**
 * 50,000 runs while the collector misbehaves, then recovers; and a burst of 20,000 runs into a collector that is well. Prints what
 * it cost the host, and what the collector has in the end, read back through its API.
 * `node benchmarks/outage.mjs [--runs=50000] [--seconds=10] [--burst=20000] [--only=down,503,…]`, after a build.
 */
import { outage } from '../packages/core/e2e/outage.ts';
import { printTable } from './harness.mjs';

const option = (name, fallback) =>
  process.argv.find((arg) => arg.startsWith(`--${name}=`))?.slice(name.length + 3) ?? fallback;
const RUNS = Number(option('runs', 50_000));
const BURST = Number(option('burst', 20_000));
const OVER_MS = 1000 * Number(option('seconds', 10));
const only = option('only')?.split(',');

const pace = { runs: RUNS, overMs: OVER_MS, settleMs: 10_000 };
const ROWS = [
  { name: '(nothing recorded)', fault: 'none', disabled: true, ...pace },
  { name: 'well', fault: 'none', ...pace },
  { name: 'down', fault: 'down', ...pace },
  { name: 'down, heap of 192 MB', fault: 'down', heap: 192, ...pace },
  { name: 'hangs', fault: 'hang', ...pace },
  { name: 'answers after 500 ms', fault: 'half a second', ...pace },
  { name: '429, Retry-After', fault: '429', ...pace },
  { name: '503, Retry-After', fault: '503', ...pace },
  { name: 'down, and no disk', fault: 'down', noSpool: true, ...pace },
  { name: `well, ${BURST} runs at once`, fault: 'none', runs: BURST, overMs: 0, settleMs: 0 },
].filter(({ name }) => !only || only.some((part) => name.includes(part)));

const seconds = (ms) => (ms / 1000).toFixed(1);
const rows = [];
let broken = false;
for (const { name, ...options } of ROWS) {
  process.stderr.write(`${name} …\n`);
  const r = await outage(options);
  const { receipt } = r;
  const holds =
    options.disabled ||
    (r.wrong <= (options.noSpool ? 2 : 0) &&
      receipt.complete &&
      receipt.delivered + receipt.dropped === 6 * options.runs &&
      r.storedItems === receipt.delivered &&
      r.told === receipt.dropped &&
      (options.noSpool
        ? r.reported === receipt.dropped && r.missingAfterOldest <= 2
        : r.whole === options.runs));
  broken ||= !holds;
  console.error(`${holds ? 'ok' : 'BROKEN'} ${JSON.stringify(r)}`);
  rows.push([
    name,
    options.runs,
    seconds(r.submitMs),
    r.rssStart.toFixed(0),
    r.rssPeak.toFixed(0),
    r.rssAfter.toFixed(0),
    r.rssPeakWhole.toFixed(0),
    (r.spoolBytesPeak / 1024 / 1024).toFixed(0),
    r.delayMaxMs.toFixed(0),
    r.stderrBytes,
    r.requests,
    seconds(r.flushMs),
    `${seconds(r.deliveredMs)} (${seconds(r.sinceStartMs)})`,
    r.whole,
    receipt.dropped,
    r.told,
  ]);
}

const header = [
  'the collector',
  'runs',
  'submitted in s',
  'RSS MB start',
  'peak',
  'after',
  'peak with delivery',
  'spool MB peak',
  'event loop delay max ms',
  'stderr bytes',
  'requests',
  'flush() s',
  'all delivered after s (since start)',
  'stored whole, once',
  'items dropped',
  'the collector knows of',
];
printTable(header, rows);
process.exitCode = broken ? 1 : 0;
