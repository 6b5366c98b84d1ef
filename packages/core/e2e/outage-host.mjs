/**
 * A host that records runs of 3 steps (2 KB prompt, 1 KB response each) and 2 tool calls at a steady pace, waits, delivers
 * when it is told to, and says what that took. Speaks with its parent over IPC.
 */
import { once } from 'node:events';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import { configure, flush, run, shutdown } from '@observatory/core';

const { runs, overMs, settleMs, session, memoryLimit, noSpool, count, requestTimeout, disabled } = JSON.parse(
  process.argv[2],
);
let reported = 0;
configure({
  ...(memoryLimit && { memoryLimit }),
  ...(noSpool && { spool: false }),
  ...(disabled && { disabled }),
  ...(requestTimeout && { requestTimeout }),
  // Otherwise as it comes: on the error output.
  ...(count && {
    onDiagnostic: (diagnostic) => {
      if (diagnostic.kind === 'dropped') reported += diagnostic.count;
    },
  }),
});

// Every text is a string of its own, as those of a real host are: a shared one would cost no memory.
const WORDS =
  'the agent asks a model for its next step and reads what a tool gave back before it answers whoever wrote to it about an order that never came weather in Lisbon refund policy invoice number customer account balance shipping address yesterday tomorrow please thanks because therefore however maybe'.split(
    ' ',
  );
const POOL = Buffer.from(
  Array.from({ length: 1 << 17 }, () => WORDS[Math.floor(Math.random() * WORDS.length)]).join(' '),
);
let at = 0;
function text(length) {
  at = (at + 7919) % (POOL.length - length);
  return POOL.latin1Slice(at, at + length);
}

function record(i) {
  const r = run({ runId: `${session}-${i}`, sessionId: session }).prompt(text(1000));
  for (let s = 0; s < 3; s++) {
    r.step()
      .model('m')
      .prompt(text(2000))
      .response(text(1000))
      .tokens({ uncached: 512, completion: 256 })
      .end();
  }
  for (let t = 0; t < 2; t++)
    r.toolCall('search')
      .args({ query: text(60) })
      .result(text(400))
      .end();
  void r.response(text(1000)).end();
}

const megabytes = (bytes) => bytes / 1024 / 1024;
const resident = () => megabytes(process.memoryUsage().rss);
const told = (message) => new Promise((resolve) => process.send(message, resolve));

process.channel.ref();
globalThis.gc();
const rssStart = resident();
const delay = monitorEventLoopDelay({ resolution: 5 });
delay.enable();
const start = performance.now();
for (let i = 0; i < runs; ) {
  const due = overMs === 0 ? runs : Math.min(runs, (runs * (performance.now() - start)) / overMs + 1);
  while (i < due) record(i++);
  if (i < runs) await sleep(10);
}
await turn();
const submitMs = performance.now() - start;
const whenFlushed = () =>
  flush({ timeoutMs: 600_000 }).then((receipt) => ({ receipt, sinceStartMs: performance.now() - start }));
const early = overMs === 0 ? whenFlushed() : undefined;
await sleep(settleMs);
const delayMaxMs = delay.max / 1e6;
delay.disable();
// What the operating system has seen at the most, not what a sample happened to see.
const rssPeak = process.resourceUsage().maxRSS / 1024;
// Not what the engine keeps in reserve for the next time.
globalThis.gc({ type: 'major', execution: 'sync', flavor: 'last-resort' });
await told({ rssStart, submitMs, delayMaxMs, rssPeak, rssAfter: resident() });
await once(process, 'message');
const began = performance.now();
let { receipt, sinceStartMs } = await (early ?? whenFlushed());
const flushMs = performance.now() - began;
// While the collector asks for time, flush() resolves as soon as everything is on disk.
while (receipt.queued + receipt.spooled > 0) {
  await sleep(50);
  ({ receipt, sinceStartMs } = await whenFlushed());
}
const deliveredMs = performance.now() - began;
// Says what would be said with the next diagnostic.
await shutdown();
await told({
  receipt,
  reported,
  flushMs,
  deliveredMs,
  sinceStartMs,
  rssPeakWhole: process.resourceUsage().maxRSS / 1024,
});
process.disconnect();
