/** A host under mixed load: short runs, long texts, long-lived runs, failures. Notes what it has ended, and its memory. */
import { appendFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { configure, flush, run } from '@observatory/core';

const { SESSION, SECONDS, ENDED, MEMORY, DIAGNOSTICS, RUNS_PER_SECOND = '100' } = process.env;
configure({
  requestTimeout: 2000,
  onDiagnostic: ({ kind, message }) =>
    appendFileSync(DIAGNOSTICS, `${new Date().toISOString()} ${kind}: ${message}\n`),
});

const long = 'all work and no play '.repeat(1000);
let ended = '';
let count = 0;
const note = (id, steps, tools) => {
  ended += `${id} ${steps} ${tools}\n`;
};

function step(parent, text) {
  parent.step().model('m').prompt(text).response('answer').tokens({ uncached: 10, completion: 5 }).end();
}

async function longLived(id) {
  const r = run({ runId: id, sessionId: SESSION }).prompt('take your time');
  for (let i = 0; i < 8; i++) {
    await sleep(400);
    step(r, `step ${i}`);
  }
  void r.response('at last').end();
  note(id, 8, 0);
}

function short(id) {
  const r = run({ runId: id, sessionId: SESSION }).prompt('a question');
  step(r, Math.random() < 0.1 ? long : 'short');
  r.toolCall('tool').args({ id }).result('result').end();
  const done = Math.random() < 0.05 ? r.error('on purpose') : r.response('an answer').end();
  note(id, 1, 1);
  return done;
}

const until = performance.now() + Number(SECONDS) * 1000;
const open = new Set();
let slowest = 0;
let nextSample = 0;
let samples = 0;
for (let due = 0, last = performance.now(); performance.now() < until; ) {
  await sleep(20);
  const now = performance.now();
  due += ((now - last) / 1000) * Number(RUNS_PER_SECOND);
  last = now;
  for (; due >= 1; due--) {
    const id = `${SESSION}-${count++}`;
    if (count % 40 === 0) {
      const task = longLived(id);
      open.add(task);
      task.finally(() => open.delete(task));
    } else if (count % 20 === 0) {
      const began = performance.now();
      void short(id).then(() => {
        slowest = Math.max(slowest, performance.now() - began);
      });
    } else void short(id);
  }
  if (now > nextSample) {
    nextSample = now + 500;
    appendFileSync(ENDED, ended);
    ended = '';
    if (samples++ % 10 === 0) globalThis.gc();
    const { rss, heapUsed } = process.memoryUsage();
    appendFileSync(MEMORY, `${Math.round(rss / 1024)} ${Math.round(heapUsed / 1024)}\n`);
  }
}
await Promise.all(open);
appendFileSync(ENDED, ended);
// flush() resolves when everything is on disk, too: this goes on until the collector has it all, or takes nothing any more.
let receipt = await flush({ timeoutMs: 60_000 });
for (let delivered = -1; receipt.queued + receipt.spooled > 0 && receipt.delivered > delivered; ) {
  delivered = receipt.delivered;
  const giveUpAt = performance.now() + 60_000;
  while (
    receipt.queued + receipt.spooled > 0 &&
    receipt.delivered === delivered &&
    performance.now() < giveUpAt
  ) {
    await sleep(200);
    receipt = await flush({ timeoutMs: 5_000 });
  }
}
globalThis.gc();
console.log(
  JSON.stringify({
    receipt,
    slowestEndMs: Math.round(slowest),
    heapAfter: process.memoryUsage().heapUsed / 1024 / 1024,
  }),
);
