import { createCompressor, createSpool, createTransport, watchProcessEnd } from '#runtime';
import { settings } from './config.js';
import { createCourier } from './courier.js';
import { createOutbox, type ProcessOutbox } from './create-outbox.js';
import { debug, report } from './diagnostics.js';
import type { Outbox } from './outbox.js';
import { builtin, forgetful } from './platform.js';
import { processSchedule } from './schedule.js';
import { seal } from './seal.js';
import { shared } from './shared.js';
import { createWaitUntil } from './wait-until.js';

export { createOutbox } from './create-outbox.js';

/** The one outbox of this process (of this thread: a worker has its own), made when something is first recorded. */
export const processOutbox = (): Outbox => shared('outbox', createProcessOutbox);

function createProcessOutbox(): Outbox {
  const onError = (cause: unknown) =>
    report({
      kind: 'delivery-failed',
      message: `Delivery stumbled over ${String(cause)}; it goes on.`,
      cause,
    });
  const schedule = processSchedule(onError);
  const outbox: ProcessOutbox = createOutbox({
    courier: createCourier({ transport: createTransport(), compressor: createCompressor(), settings, debug }),
    seal,
    schedule,
    random: Math.random,
    report,
    debug,
    spool: createSpool({ report, debug, now: schedule.now, settings }),
    settings,
    forgetful,
    cautious: builtin('node:worker_threads')?.isMainThread === false,
    onRisk: (atRisk) => end.guard(atRisk),
  });
  const end = watchProcessEnd(() => outbox);
  const waitUntil = createWaitUntil(() => outbox.flush());
  return {
    ...outbox,
    add(item, bytes, soon) {
      try {
        outbox.add(item, bytes, soon);
        if (soon) waitUntil();
      } catch (error) {
        onError(error);
      }
    },
    get eager() {
      return outbox.eager;
    },
  };
}
