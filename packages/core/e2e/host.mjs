/**
 * A host process for the fault matrix: records runs with two children each, notes every run it has ended in a file, and
 * then ends in the way it was asked to.
 */
import { appendFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { configure, flush, run } from '@observatory/core';

const {
  PREFIX,
  SESSION = PREFIX,
  COUNT,
  ENDED,
  END,
  PACE,
  BURST = '10',
  AWAIT,
  OPEN,
  WORKERS,
  LIMIT,
  DIAGNOSTICS,
} = process.env;

configure({
  // Short, so that a hanging collector is noticed; what is left for the next start has all the time it needs.
  requestTimeout: END === 'deliver' ? 20_000 : 500,
  ...(LIMIT && { spoolLimit: Number(LIMIT) }),
  onDiagnostic: (diagnostic) => {
    if (DIAGNOSTICS) appendFileSync(DIAGNOSTICS, `${JSON.stringify(diagnostic)}\n`);
  },
});

const prefix = isMainThread ? PREFIX : `${PREFIX}-w${workerData}`;

function record(id) {
  const r = run({ runId: id, sessionId: SESSION });
  r.prompt(`prompt of ${id}`);
  r.step().model('m').prompt('p').response(`step of ${id}`).end();
  r.toolCall('tool').args({ id }).result('x'.repeat(200)).end();
  r.response(`response of ${id}`);
  const acknowledged = r.end();
  if (ENDED) appendFileSync(ENDED, `${id} ${Date.now()}\n`);
  return acknowledged;
}

if (END === 'deliver') {
  // The next start: it records one run of its own, and everything earlier starts left goes with it.
  if (COUNT !== '0') void record(`${prefix}-next`);
  const receipt = await flush({ timeoutMs: 20_000 });
  console.log(JSON.stringify(receipt));
} else {
  const workers = [];
  if (isMainThread) {
    for (let i = 1; i <= Number(WORKERS ?? 0); i++) {
      const worker = new Worker(new URL(import.meta.url), { workerData: i });
      workers.push(new Promise((resolve) => worker.once('message', resolve)));
    }
  }
  for (let i = 0; i < Number(OPEN ?? 0); i++) {
    const open = run({ runId: `${prefix}-open${i}`, sessionId: SESSION }).prompt('never ends');
    open.step().model('m').prompt('p').response('a finished step').end();
  }
  for (let i = 0; i < Number(COUNT); i++) {
    const acknowledged = record(`${prefix}-${i}`);
    if (AWAIT) await acknowledged;
    else if (PACE && i % Number(BURST) === 0) await sleep(Number(PACE));
  }
  await Promise.all(workers);
  if (!isMainThread) {
    await sleep(0);
    parentPort.postMessage('recorded');
    await sleep(END === 'natural' ? 0 : 60_000);
  } else {
    switch (END) {
      case 'natural':
        break;
      case 'exit':
        process.exit(7);
        break;
      case 'throw':
        throw new Error('uncaught, on purpose');
      case 'reject':
        Promise.reject(new Error('unhandled, on purpose'));
        break;
      case 'handler':
        // A host with its own idea of what SIGTERM means.
        process.once('SIGTERM', () => setTimeout(() => process.exit(3), 20));
        process.kill(process.pid, 'SIGTERM');
        break;
      case 'SIGTERM':
      case 'SIGINT':
      case 'SIGKILL':
        process.kill(process.pid, END);
        break;
      case 'wait':
        // Until the test ends this process.
        console.log('waiting');
        await sleep(120_000);
        break;
      default:
        throw new Error(`no such end: ${END}`);
    }
  }
}
