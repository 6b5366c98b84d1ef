import { type Batch, countRuns, createBatch, extend, isWhole } from './batch.js';
import type { Courier } from './courier.js';
import type { Losses } from './loss.js';
import type { Schedule } from './schedule.js';
import type { Stored } from './segment.js';
import type { Spool } from './spool.js';
import type { WireItem } from './wire.js';

/** Bytes sealed and written in one turn of the event loop; the host's own work goes between. */
const SLICE_BYTES = 1024 * 1024;

/**
 * Everything that is recorded and not acknowledged, in its three places: unsealed items, sealed batches in memory, sealed
 * lines on disk. At most one batch is out, on its way to the collector.
 */
export interface Stock {
  add(item: WireItem, bytes: number): void;
  /** Durable: on disk before the call returns. */
  journal(item: WireItem): void;
  /** Takes out what leaves next. */
  takeOut(): OutBatch | undefined;
  /** Makes the next batch ready while one is out, where a whole one waits and memory has room for it twice. */
  prepare(pack: Courier['pack']): void;
  /** The batch that is out comes back, whole or in pieces. */
  putBack(...batches: Batch[]): void;
  /** The same, behind everything else. */
  putLast(...batches: Batch[]): void;
  /** The batch that is out needs no place any more. */
  finish(batch: Batch): void;
  lose(batch: Batch, reason: string, detail?: string): void;
  /** Tells the collector what was lost, with the next batch. */
  tellLosses(): void;
  /** Puts what waits on disk, a slice at a time unless all of it is asked for. Returns whether more is to do. */
  secure(all?: boolean): boolean;
  /** Calls `done` when everything that was added so far is settled: acknowledged, lost, or on disk where that will do. */
  join(diskWillDo: boolean, done: () => void): void;
  /** The process ends: what is not on disk is lost. */
  loseRest(): void;
  /** Nobody waits any longer. */
  letGo(): void;
  readonly out: OutBatch | undefined;
  /** Whether what could still grow leaves too. Until everything is sealed. */
  due: boolean;
  /** Another one whenever everything that was unsealed has been sealed. */
  readonly epoch: number;
  /** Since when something waits that could leave; Infinity for never. */
  readonly growingSince: number;
  /** Since when something waits that is neither acknowledged nor on disk; Infinity for never. */
  readonly unsafeSince: number;
  count(): { queued: number; spooled: number };
}

export interface StockDeps {
  seal: (item: WireItem) => string[];
  schedule: Schedule;
  losses: Losses;
  spool: Spool;
  settings: { readonly memoryLimit: number };
  /** Whether the collector takes nothing at the moment. */
  isAway: () => boolean;
}

/** What is out keeps its lines, on disk or not. */
export type OutBatch = Batch & { lines: string[] };

interface Waiter {
  /** Waits for everything that was sealed in this epoch or before, or is going to be. */
  epoch: number;
  /** Whether data on disk is good enough while the collector is still being tried. */
  diskWillDo: boolean;
  done(): void;
}

export function createStock(deps: StockDeps): Stock {
  const { schedule, losses, spool, settings } = deps;
  /**
   * Unsealed items, each with an estimate of its size. Keyed by identity: an item collects what is recorded until it is
   * sealed, so the newest estimate is the right one, and it keeps its place.
   */
  const pending = new Map<WireItem, number>();
  let pendingBytes = 0;
  let pendingSince = Number.POSITIVE_INFINITY;
  const queue: Batch[] = [];
  let waiters: Waiter[] = [];
  let epoch = 0;
  let due = false;
  /** The journal's newest batch, while more fits into it. */
  let growing: Batch | undefined;
  let out: OutBatch | undefined;
  /** Bytes of sealed lines in memory. */
  let sealedBytes = 0;
  let ownTurn = false;
  /** The one batch in the queue whose body is made. */
  let prepared: Batch | undefined;

  const everything = () => (out ? [out, ...queue] : queue);

  function batchOf(lines: string[], since: number, stored?: Stored): OutBatch {
    const batch = createBatch(lines, since, epoch, stored) as OutBatch;
    sealedBytes += batch.bytes;
    return batch;
  }

  function sealed(item: WireItem): string[] {
    let lines: string[] = [];
    try {
      lines = deps.seal(item);
    } catch {
      // Sealing runs the host's own redaction.
    }
    if (lines.length === 0) losses.add('unserialisable', 1, 0);
    return lines;
  }

  /** Puts the oldest unsealed items into the queue, as many as one batch takes. */
  function sealNext(): Batch | undefined {
    const lines: string[] = [];
    let length = 0;
    for (const [item, estimate] of pending) {
      pending.delete(item);
      pendingBytes -= estimate;
      for (const line of sealed(item)) {
        lines.push(line);
        length += line.length;
      }
      if (isWhole(lines.length, length)) break;
    }
    const batch = lines.length > 0 ? batchOf(lines, pendingSince) : undefined;
    if (batch) queue.push(batch);
    if (pending.size === 0) {
      pendingSince = Number.POSITIVE_INFINITY;
      due = false;
      epoch++;
      settle();
    }
    return batch;
  }

  function own(): OutBatch | undefined {
    for (;;) {
      if (queue.length === 0) {
        if (!due || pending.size === 0) return undefined;
        sealNext();
        continue;
      }
      const batch = queue[0]!;
      if (batch === growing) {
        if (!due) return undefined;
        growing = undefined;
      }
      queue.shift();
      if (!batch.lines) {
        batch.lines = batch.stored && spool.read(batch.stored);
        if (batch.lines) sealedBytes += batch.bytes;
      }
      if (batch.lines) return batch as OutBatch;
      lose(batch, 'spool_unreadable');
    }
  }

  function adopted(): OutBatch | undefined {
    const orphan = spool.adopt();
    return orphan && batchOf(orphan.lines, schedule.now(), orphan.stored);
  }

  function lose(batch: Batch, reason: string, detail?: string): void {
    if (!batch.lossReport) losses.add(reason, batch.count, countRuns(batch.lines ?? []), detail);
    finish(batch);
  }

  function finish(batch: Batch): void {
    if (batch === out) out = undefined;
    else if (queue.includes(batch)) queue.splice(queue.indexOf(batch), 1);
    if (batch.lines) forget(batch);
    if (batch.stored) spool.release(batch.stored);
    settle();
  }

  function forget(batch: Batch): void {
    if (batch === prepared) unprepare();
    batch.lines = undefined;
    sealedBytes -= batch.bytes;
  }

  function unprepare(): void {
    if (prepared) prepared.packed = undefined;
    prepared = undefined;
  }

  /** Returns the bytes that were written. */
  function store(batch: Batch): number {
    if (batch.stored || batch.evicted || !batch.lines) return 0;
    batch.stored = spool.append(batch.lines);
    if (!batch.stored) return 0;
    if (batch !== out && sealedBytes > settings.memoryLimit / 2) forget(batch);
    return batch.bytes;
  }

  /** Tells those who wait that all of it is settled. @param diskWillDo for anyone */
  function settle(diskWillDo = false): void {
    const before = waiters;
    waiters = before.filter((waiter) => waits(waiter, diskWillDo));
    for (const waiter of before) if (!waiters.includes(waiter)) waiter.done();
  }

  const waits = (waiter: Waiter, diskWillDo = waiter.diskWillDo) =>
    (pending.size > 0 && waiter.epoch === epoch) ||
    everything().some(
      (batch) => batch.epoch <= waiter.epoch && !(batch.stored && (diskWillDo || waiter.diskWillDo)),
    );

  /** Brings memory below its bound: the oldest go to disk, or are dropped where there is none. */
  function relieve(): void {
    while (pendingBytes + sealedBytes + (prepared?.bytes ?? 0) > settings.memoryLimit) {
      const oldest = queue.find((batch) => batch.lines && !batch.lossReport);
      if (prepared) unprepare();
      else if (!oldest) {
        if (pending.size === 0) return;
        // Sealed, it may be smaller than it was thought to be.
        sealNext();
      } else {
        store(oldest);
        if (!oldest.stored) lose(oldest, 'memory_full');
        else if (oldest.lines) forget(oldest);
      }
    }
  }

  spool.watch({
    evicted(segment) {
      for (const batch of [...everything()]) {
        if (batch.stored?.segment !== segment) continue;
        batch.stored = undefined;
        batch.evicted = true;
        if (!batch.lines) lose(batch, 'spool_full');
      }
    },
    lost: losses.add,
  });

  return {
    add(item, bytes) {
      if (pending.size === 0) pendingSince = schedule.now();
      pendingBytes += bytes - (pending.get(item) ?? 0);
      pending.set(item, bytes);
      relieve();
    },
    journal(item) {
      const lines = sealed(item);
      if (lines.length === 0) return;
      const batch = batchOf(lines, schedule.now(), spool.append(lines));
      if (!growing || growing !== queue.at(-1) || !extend(growing, batch)) {
        growing = batch;
        queue.push(batch);
      }
      relieve();
    },
    takeOut() {
      // Under load the host's own items are always due: what earlier processes left takes every other turn.
      ownTurn = !ownTurn;
      out = ownTurn ? (own() ?? adopted()) : (adopted() ?? own());
      if (out === prepared) prepared = undefined;
      return out;
    },
    prepare(pack) {
      if (prepared || !out) return;
      if (queue.length === 0 && due && isWhole(pending.size, pendingBytes)) sealNext();
      const next = queue[0];
      if (!next?.lines || next === growing) return;
      prepared = next;
      relieve();
      if (!prepared) return;
      next.packed = pack(next.lines);
      // What went wrong shows when it is sent.
      next.packed.catch(() => {});
    },
    putBack(...batches) {
      out = undefined;
      queue.unshift(...batches);
    },
    putLast(...batches) {
      out = undefined;
      queue.push(...batches);
    },
    finish,
    lose,
    tellLosses() {
      if (!losses.untold) return;
      const lines = losses.take().map((item) => JSON.stringify(item));
      queue.unshift(Object.assign(batchOf(lines, schedule.now()), { lossReport: true }));
    },
    secure(all = false) {
      let budget = all ? Number.POSITIVE_INFINITY : SLICE_BYTES;
      for (const batch of [...everything()]) if (budget > 0) budget -= store(batch);
      while (pending.size > 0 && budget > 0) {
        const batch = sealNext();
        if (!batch) continue;
        budget -= store(batch);
        // No disk: the rest stays as it is, it only grows when sealed.
        if (!batch.stored) break;
      }
      // Who waits for a safe place has it; who waits for the collector goes on waiting while it is being asked.
      settle(deps.isAway() && !out);
      return budget <= 0;
    },
    join(diskWillDo, done) {
      const waiter = { epoch, diskWillDo, done };
      // What is recorded from here on is none of theirs, but for what is sealed together with what was there.
      if (pending.size === 0) epoch++;
      if (waits(waiter)) waiters.push(waiter);
      else done();
    },
    loseRest() {
      while (pending.size > 0) sealNext();
      for (const batch of [...everything()]) {
        if (!batch.stored) lose(batch, batch.evicted ? 'spool_full' : 'process_end');
      }
    },
    letGo() {
      for (const { done } of waiters.splice(0)) done();
    },
    get out() {
      return out;
    },
    get due() {
      return due;
    },
    set due(now) {
      due = now;
    },
    get epoch() {
      return epoch;
    },
    get growingSince() {
      return growing ? Math.min(growing.since, pendingSince) : pendingSince;
    },
    get unsafeSince() {
      return everything().find((batch) => !batch.stored)?.since ?? pendingSince;
    },
    count() {
      let queued = pending.size;
      let spooled = 0;
      for (const batch of everything()) {
        if (batch.lossReport) continue;
        if (batch.stored) spooled += batch.count;
        else queued += batch.count;
      }
      return { queued, spooled };
    },
  };
}
