import type { Verdict } from './answer.js';
import { countRuns, halves } from './batch.js';
import type { Courier } from './courier.js';
import type { Diagnostic } from './diagnostics.js';
import { createLosses } from './loss.js';
import { createOutage } from './outage.js';
import type { FlushOptions, Outbox, Receipt } from './outbox.js';
import type { Schedule } from './schedule.js';
import type { Spool } from './spool.js';
import { createStock, type OutBatch } from './stock.js';
import type { IngestReceipt, WireItem } from './wire.js';

/** What is not urgent leaves this long after it was recorded. */
const FLUSH_AFTER_MS = 500;
/** What the collector has not acknowledged this long after it was recorded goes to disk: kill -9 takes no more than this. */
const SAFE_AFTER_MS = 950;
const BEAT_EVERY_MS = 15_000;
/** A journal's file is synced this often; until then it survives the process, not the machine. */
const SYNC_EVERY_MS = 1_000;
const FLUSH_TIMEOUT_MS = 5_000;
const KEPT_REJECTIONS = 20;
/** Answers of 500 and the like to one batch before others go first. */
const FAILURES_UNTIL_SUSPECT = 3;
/** On an edge runtime a timer or an answer dies with the request that asked for it: one that is so late never comes. */
const FORGOTTEN_AFTER_MS = 5_000;
/** There, whoever waits sends again what was not answered for this long: another request may have sent it, and ended. */
const AGAIN_AFTER_MS = 1_000;

export interface OutboxDeps {
  courier: Courier;
  seal: (item: WireItem) => string[];
  schedule: Schedule;
  random: () => number;
  report: (diagnostic: Diagnostic) => void;
  debug?: (line: string) => void;
  spool: Spool;
  /** Read anew each time: `configure()` may be called at any time. */
  settings: {
    readonly url: string;
    readonly apiKey: string | undefined;
    readonly memoryLimit: number;
    readonly endTimeout: number;
    readonly durable: boolean;
  };
  /** Puts everything on disk at once: for a thread, which ends without notice when the main thread does. */
  cautious?: boolean;
  /** Whether timers and answers may never come. */
  forgetful?: boolean;
  /** Called when something waits that the end of the process would take, and when nothing does any more. */
  onRisk?: (atRisk: boolean) => void;
}

/** What the end of the process needs beside the seam. */
export interface ProcessOutbox extends Outbox {
  /** Whether the end of the process would take something with it. */
  readonly atRisk: boolean;
  /** Whether something was recorded since the last drain, and a drain would deliver something. */
  readonly drainable: boolean;
  /** Delivers what waits and what earlier processes left; what is not acknowledged in time goes to disk. */
  drain(timeoutMs: number): Promise<void>;
  /** Puts everything on disk, now, synchronously. */
  save(): void;
  /** The process ends: what has no place on disk is counted as lost. */
  end(): void;
}

export function createOutbox(deps: OutboxDeps): ProcessOutbox {
  const { courier, schedule, settings, spool } = deps;
  const losses = createLosses(deps);
  const outage = createOutage(deps);
  const rejected: Receipt['rejected'] = [];
  /** What everybody waits for who asked before the items of this epoch were sealed. */
  let generation: { epoch: number; promise: Promise<void> } | undefined;
  const whenIdle: (() => void)[] = [];
  let delivered = 0;
  let recorded = 0;
  let drained = 0;
  /** When the next turn was asked for. */
  let turnAt = Number.NEGATIVE_INFINITY;
  let sentAt = 0;
  let ended = false;
  let securing = false;
  let guarded = false;
  let alarmAt = Number.POSITIVE_INFINITY;
  let cancelAlarm: (() => void) | undefined;
  let beatAt = 0;

  const stock = createStock({ ...deps, losses, isAway: () => outage.open });

  function add(item: WireItem, bytes: number, soon: boolean): void {
    if (settings.durable) stock.journal(item);
    else stock.add(item, bytes);
    recorded++;
    if (ended) end();
    if (!guarded) guard();
    if (!soon) return;
    stock.due = true;
    // While a request is under way everything waits for its end and then leaves together.
    if (stock.out && !outage.open && !deps.cautious) return;
    const now = schedule.now();
    if (now < turnAt + FORGOTTEN_AFTER_MS) return;
    turnAt = now;
    schedule.soon(turn);
  }

  /** Something waits again. */
  function guard(): void {
    guarded = true;
    deps.onRisk?.(true);
    alarm(schedule.now() + FLUSH_AFTER_MS);
  }

  function turn(): void {
    turnAt = Number.NEGATIVE_INFINITY;
    pump();
    // While the collector is away, those who wait for what just ended need not wait: the disk is at hand.
    if (deps.cautious || (stock.due && outage.open)) secure();
  }

  /** One timer for everything that has a time. */
  function alarm(at: number): void {
    const now = schedule.now();
    if (at >= alarmAt && now < alarmAt + FORGOTTEN_AFTER_MS) return;
    cancelAlarm?.();
    alarmAt = at;
    cancelAlarm = schedule.after(Math.max(1, at - now), ring);
  }

  function ring(): void {
    alarmAt = Number.POSITIVE_INFINITY;
    schedule.guarded(look);
    plan();
  }

  /** Does what it is time for. */
  function look(): void {
    const now = schedule.now();
    if (now >= stock.growingSince + FLUSH_AFTER_MS) stock.due = true;
    if (now >= beatAt) {
      beatAt = now + (settings.durable ? SYNC_EVERY_MS : BEAT_EVERY_MS);
      spool.beat();
      if (!outage.open) spool.search(BEAT_EVERY_MS);
    }
    pump();
    if (now >= stock.unsafeSince + SAFE_AFTER_MS) secure();
    // Here and not after each acknowledgement: guarding costs more than a small request.
    if (guarded && !atRisk()) {
      guarded = false;
      deps.onRisk?.(false);
    }
  }

  /** Sets the alarm for what comes next. */
  function plan(): void {
    const now = schedule.now();
    const { growingSince, unsafeSince } = stock;
    if (!stock.due) alarm(growingSince + FLUSH_AFTER_MS);
    const safeBy = unsafeSince + SAFE_AFTER_MS;
    // Without a disk nothing can be made safe: look again now and then.
    if (!securing) alarm(safeBy > now ? safeBy : now + SAFE_AFTER_MS);
    if (outage.open) alarm(outage.retryAt);
    alarm(Math.max(beatAt, now));
  }

  /** Sends what leaves next, if its time has come. One request at a time. */
  function pump(patience = courier.bound + FORGOTTEN_AFTER_MS): void {
    const now = schedule.now();
    if (stock.out) {
      if (now < sentAt + patience) return;
      stock.putBack(stock.out);
    }
    if (now < outage.retryAt) return;
    let batch = stock.takeOut();
    if (!batch && losses.untold && !outage.open) {
      stock.tellLosses();
      batch = stock.takeOut();
    }
    if (batch) send(batch);
    else {
      stock.due = false;
      idle();
    }
  }

  function idle(): void {
    for (const done of whenIdle.splice(0)) done();
  }

  function send(batch: OutBatch): void {
    sentAt = schedule.now();
    const { packed } = batch;
    batch.packed = undefined;
    courier.deliver(batch.lines, packed).then((verdict) => {
      if (stock.out !== batch) return;
      schedule.guarded(() => handle(batch, verdict));
      if (stock.out === batch) stock.putBack(batch);
      schedule.guarded(() => {
        pump();
        plan();
      });
    });
    // Under load the next batch is sealed, encoded and compressed meanwhile; after this one is written.
    if (!deps.forgetful) schedule.soon(() => stock.prepare(courier.pack));
  }

  function handle(batch: OutBatch, verdict: Verdict): void {
    switch (verdict.kind) {
      case 'stored':
        acknowledge(batch, verdict.receipt);
        break;
      case 'too-large':
      case 'refused':
        outage.ended(waiting());
        if (batch.count > 1) stock.putBack(...halves(batch));
        else if (verdict.kind === 'too-large') stock.lose(batch, 'too_large', verdict.words);
        else {
          keepRejection({ reason: verdict.words });
          stock.lose(batch, 'rejected', verdict.words);
        }
        stock.tellLosses();
        break;
      case 'later':
      case 'misconfigured':
        // It may be this batch that the collector fails over: it lets all others pass, in halves, so that less and less is
        // held up.
        if (verdict.problem === 'collector-failing' && ++batch.failures >= FAILURES_UNTIL_SUSPECT)
          stock.putLast(...halves(batch));
        else stock.putBack(batch);
        outage.failed(verdict, waiting());
        secure();
        idle();
    }
  }

  function acknowledge(batch: OutBatch, receipt: IngestReceipt): void {
    if (!batch.lossReport) {
      delivered += batch.count - receipt.rejected.length;
      for (const { index, id, reason } of receipt.rejected) {
        keepRejection(id === undefined ? { reason } : { id, reason });
        const runs = countRuns([batch.lines[index] ?? '']);
        losses.add('rejected', 1, runs, id === undefined ? reason : `${id}: ${reason}`);
      }
    }
    stock.finish(batch);
    outage.ended(waiting());
    stock.tellLosses();
    spool.search(BEAT_EVERY_MS);
  }

  function keepRejection(rejection: Receipt['rejected'][number]): void {
    rejected.push(rejection);
    if (rejected.length > KEPT_REJECTIONS) rejected.shift();
  }

  /** Puts what waits on disk, in slices between which the host has its turn. */
  function secure(): void {
    if (securing || !stock.secure()) return;
    securing = true;
    schedule.soon(() => {
      securing = false;
      secure();
      plan();
    });
  }

  function acknowledged(): Promise<void> {
    if (generation?.epoch === stock.epoch) return generation.promise;
    const bound = outage.patience(settings.endTimeout);
    if (bound <= 0 || stock.unsafeSince === Number.POSITIVE_INFINITY) return Promise.resolve();
    const { epoch } = stock;
    const promise = new Promise<void>((resolve) => {
      const cancel = schedule.after(bound, resolve);
      stock.join(true, () => {
        cancel();
        resolve();
      });
    });
    // Where all was sealed already this epoch is over.
    generation = { epoch, promise };
    return promise;
  }

  async function flush(options?: FlushOptions): Promise<Receipt> {
    await new Promise<void>((resolve) => {
      const done = () => {
        cancel();
        cancelLook?.();
        resolve();
      };
      const cancel = schedule.after(timeLimit(options), done, { keepAlive: true });
      let cancelLook: (() => void) | undefined;
      const lookAgain = () => {
        cancelLook = schedule.after(AGAIN_AFTER_MS, () => {
          lookAgain();
          pump(AGAIN_AFTER_MS);
        });
      };
      if (deps.forgetful) lookAgain();
      stock.due = true;
      outage.hurry();
      spool.search(500);
      stock.join(false, () => {
        // What earlier processes left is flushed too.
        if (outage.open || !spool.hasOrphans) return done();
        whenIdle.push(done);
        pump();
      });
      schedule.soon(() => {
        pump();
        // The collector asked for time: on disk is as far as it gets now.
        if (outage.open && !stock.out) secure();
        plan();
      });
    });
    // Whoever reads the receipt has heard of the same losses.
    losses.report();
    return receipt();
  }

  const timeLimit = (options: FlushOptions | undefined) => {
    const ms = options?.timeoutMs;
    return typeof ms === 'number' && ms >= 0 ? ms : FLUSH_TIMEOUT_MS;
  };

  const waiting = () => {
    const { queued, spooled } = stock.count();
    return queued + spooled;
  };

  const atRisk = () => stock.unsafeSince !== Number.POSITIVE_INFINITY;

  function receipt(): Receipt {
    const { queued, spooled } = stock.count();
    const dropped_by_reason = losses.byReason();
    return {
      delivered,
      queued,
      spooled,
      dropped: Object.values(dropped_by_reason).reduce((sum, items) => sum + items, 0),
      dropped_by_reason,
      rejected: [...rejected],
      complete: queued === 0,
    };
  }

  function save(): void {
    stock.tellLosses();
    stock.secure(true);
  }

  function end(): void {
    // What other exit listeners record from here on goes to disk at once.
    ended = true;
    save();
    stock.loseRest();
    losses.report();
    // The next start tells the collector.
    save();
    spool.close();
  }

  return {
    add,
    acknowledged,
    flush,
    receipt,
    save,
    async shutdown(options) {
      await flush(options);
      save();
      courier.close();
      plan();
      return receipt();
    },
    async drain(timeoutMs) {
      drained = recorded;
      await flush({ timeoutMs });
      save();
      // A script that awaits the end of a run goes on: left waiting, Node would end it with code 13.
      stock.letGo();
      plan();
    },
    end,
    get atRisk() {
      return atRisk();
    },
    get drainable() {
      return recorded !== drained && (atRisk() || stock.out !== undefined || spool.hasOrphans);
    },
    get eager() {
      return settings.durable;
    },
  };
}
