import { expect } from 'vitest';
import type { Verdict } from './answer.js';
import { createBodyWriter } from './body.js';
import { createOutbox, type OutboxDeps, type ProcessOutbox } from './create-outbox.js';
import type { Diagnostic } from './diagnostics.js';
import type { Schedule } from './schedule.js';
import { noSpool, type Spool } from './spool.js';
import type { WireItem } from './wire.js';

/** Time that passes when the test says so. */
export interface VirtualSchedule extends Schedule {
  /** Runs what is due on this turn of the loop. */
  turn(): Promise<void>;
  /** Lets time pass, running timers in their order. */
  pass(ms: number): Promise<void>;
}

export function virtualSchedule(): VirtualSchedule {
  let now = 1000;
  let order = 0;
  let turns: (() => void)[] = [];
  const timers = new Map<number, { at: number; order: number; task: () => void }>();
  const settled = async () => {
    for (let i = 0; i < 20; i++) await Promise.resolve();
  };
  async function turn(): Promise<void> {
    await settled();
    while (turns.length > 0) {
      const tasks = turns;
      turns = [];
      for (const task of tasks) task();
      await settled();
    }
  }
  return {
    now: () => now,
    guarded: (task) => task(),
    soon: (task) => turns.push(task),
    after(ms, task) {
      const id = ++order;
      timers.set(id, { at: now + ms, order: id, task });
      return () => timers.delete(id);
    },
    turn,
    async pass(ms) {
      const end = now + ms;
      await turn();
      for (;;) {
        const [id, next] = [...timers].sort(([, a], [, b]) => a.at - b.at || a.order - b.order)[0] ?? [];
        if (id === undefined || next === undefined || next.at > end) break;
        timers.delete(id);
        now = Math.max(now, next.at);
        next.task();
        await turn();
      }
      now = end;
    },
  };
}

export const receiptFor = (lines: readonly string[]): Verdict => ({
  kind: 'stored',
  receipt: { accepted: lines.length, duplicate: 0, rejected: [] },
});

export const unreachable: Verdict = {
  kind: 'later',
  problem: 'collector-unreachable',
  words: 'nothing listens there',
};

export interface VirtualOutbox {
  outbox: ProcessOutbox;
  schedule: VirtualSchedule;
  /** Every batch that was sent, as ids, in order. */
  sent: string[][];
  /** What the collector stored, as ids, in order. */
  stored: string[];
  lossReports: { reason: string; items: number }[];
  diagnostics: Diagnostic[];
  /** Answers to come, first first; when there is none, everything is stored. A promise keeps the request open. */
  answers: ((lines: readonly string[]) => Verdict | Promise<Verdict>)[];
  /** How many items each batch had that was made ready before its turn. */
  packed: number[];
  /** What `debug` would print. */
  log: string[];
  run(id: string, bytes?: number, soon?: boolean): WireItem;
}

export function virtualOutbox(
  settings: Partial<OutboxDeps['settings']> = {},
  spool: Spool = noSpool,
  random: () => number = () => 0.5,
  requestTimeout = 10_000,
  forgetful = false,
): VirtualOutbox {
  const schedule = virtualSchedule();
  const sent: string[][] = [];
  const stored: string[] = [];
  const lossReports: VirtualOutbox['lossReports'] = [];
  const diagnostics: Diagnostic[] = [];
  const answers: VirtualOutbox['answers'] = [];
  const packed: number[] = [];
  const log: string[] = [];
  const outbox = createOutbox({
    schedule,
    random,
    spool,
    forgetful,
    report: (diagnostic) => diagnostics.push(diagnostic),
    debug: (line) => log.push(line),
    seal: (item) => [JSON.stringify(item)],
    // Kept as it is: a test may change it later, as `configure()` does.
    settings: Object.setPrototypeOf(settings, {
      url: 'http://collector.test',
      apiKey: undefined,
      memoryLimit: 64 * 1024 * 1024,
      endTimeout: 5_000,
      durable: false,
    }),
    courier: {
      async pack(lines) {
        packed.push(lines.length);
        return { body: createBodyWriter().write(lines) };
      },
      async deliver(lines, made) {
        // What was made ready is never another batch's.
        if (made) expect((await made).body).toEqual(createBodyWriter().write(lines));
        const items = lines.map((line) => JSON.parse(line));
        sent.push(items.map((item) => item.run_id ?? item.type));
        const verdict = (await answers.shift()?.(lines)) ?? receiptFor(lines);
        if (verdict.kind !== 'stored') return verdict;
        const refused = new Set(verdict.receipt.rejected.map(({ index }) => index));
        for (const [index, item] of items.entries()) {
          if (refused.has(index)) continue;
          if (item.type === 'loss') lossReports.push({ reason: item.reason, items: item.items });
          else stored.push(item.run_id);
        }
        return verdict;
      },
      bound: requestTimeout,
      close() {},
    },
  });
  return {
    outbox,
    schedule,
    sent,
    stored,
    lossReports,
    diagnostics,
    answers,
    packed,
    log,
    run(id, bytes = 100, soon = true) {
      const item: WireItem = { type: 'run', run_id: id };
      outbox.add(item, bytes, soon);
      return item;
    },
  };
}
