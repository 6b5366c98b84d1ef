import {
  type Batch,
  countRuns,
  createBatch,
  createPending,
  extend,
  isWhole,
  sealSafely,
  settle,
  type Waiter,
} from './batch.js';
import type { Courier } from './courier.js';
import type { Losses } from './loss.js';
import type { Schedule } from './schedule.js';
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
  /** Takes out what leaves next; `due`: also what could still grow. */
  takeOut(due: boolean): Batch | undefined;
  /** Makes the next batch ready while one is out, where a whole one waits and memory has room for it twice. */
  prepare(due: boolean, pack: Courier['pack']): void;
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
  readonly out: Batch | undefined;
  /** Since when something waits that could leave; Infinity for never. */
  readonly growingSince: number;
  /** Since when something waits that is neither acknowledged nor on disk; Infinity for never. */
  readonly unsafeSince: number;
  readonly items: number;
  count(): { queued: number; spooled: number };
}

export interface StockDeps {
  seal: (item: WireItem) => string[];
  schedule: Schedule;
  losses: Losses;
  spool: Spool;
  settings: { readonly memoryLimit: number };
  /** Called when everything that was unsealed has been sealed. */
  onSealed: () => void;
  /** Whether the collector takes nothing at the moment. */
  isAway: () => boolean;
}

export function createStock(deps: StockDeps): Stock {
  const { schedule, losses, spool, settings } = deps;
  const pending = createPending(deps.seal, () => losses.add('unserialisable', 1, 0));
  const queue: Batch[] = [];
  let pendingSince = Number.POSITIVE_INFINITY;
  /** Who waits for items that are not sealed yet. */
  let joining: Waiter[] = [];
  /** The journal's newest batch, while more fits into it. */
  let growing: Batch | undefined;
  let out: Batch | undefined;
  /** Bytes of sealed lines in memory. */
  let sealedBytes = 0;
  let ownTurn = false;
  /** The one batch in the queue whose body is made. */
  let prepared: Batch | undefined;

  const memory = () => pending.bytes + sealedBytes + (prepared?.bytes ?? 0);

  function unprepare(): void {
    if (prepared) prepared.packed = undefined;
    prepared = undefined;
  }

  /** Makes a batch of the oldest unsealed items. It is counted in memory, and in no queue yet. */
  function sealNext(): Batch | undefined {
    const lines = pending.take();
    const batch = lines.length > 0 ? createBatch(lines, pendingSince) : undefined;
    if (batch) {
      sealedBytes += batch.bytes;
      for (const waiter of joining) {
        waiter.left++;
        batch.waiters.push(waiter);
      }
    }
    if (pending.size === 0) {
      pendingSince = Number.POSITIVE_INFINITY;
      const complete = joining;
      joining = [];
      deps.onSealed();
      settle(complete);
    }
    return batch;
  }

  function own(due: boolean): Batch | undefined {
    while (queue.length > 0) {
      const batch = queue[0]!;
      if (batch === growing) {
        if (!due) return undefined;
        growing = undefined;
      }
      queue.shift();
      if (batch.lines) return batch;
      batch.lines = batch.stored && spool.read(batch.stored);
      if (batch.lines) {
        sealedBytes += batch.bytes;
        return batch;
      }
      lose(batch, 'spool_unreadable');
    }
    while (due && pending.size > 0) {
      const batch = sealNext();
      if (batch) return batch;
    }
    return undefined;
  }

  function adopted(): Batch | undefined {
    const orphan = spool.adopt();
    if (!orphan) return undefined;
    const batch = createBatch(orphan.lines, schedule.now(), orphan.stored);
    sealedBytes += batch.bytes;
    return batch;
  }

  function lose(batch: Batch, reason: string, detail?: string): void {
    if (!batch.lossReport) losses.add(reason, batch.count, countRuns(batch.lines ?? []), detail);
    finish(batch);
  }

  function finish(batch: Batch): void {
    if (batch === out) out = undefined;
    if (batch.lines) forget(batch);
    if (batch.stored) spool.release(batch.stored);
    settle(batch.waiters);
  }

  function forget(batch: Batch): void {
    if (batch === prepared) unprepare();
    batch.lines = undefined;
    sealedBytes -= batch.bytes;
  }

  /** Returns the bytes that were written. */
  function store(batch: Batch): number {
    const fresh = !batch.stored && !batch.evicted && batch.lines;
    if (fresh) {
      batch.stored = spool.append(fresh);
      if (batch.stored && batch !== out && sealedBytes > settings.memoryLimit / 2) forget(batch);
    }
    if (batch.stored) wake(batch);
    return fresh && batch.stored ? batch.bytes : 0;
  }

  /** Who waits for a safe place has it; who waits for the collector goes on waiting while it is being asked. */
  function wake(batch: Batch): void {
    if (batch.waiters.length === 0) return;
    const anyone = deps.isAway() && !out;
    const ready = batch.waiters.filter((waiter) => anyone || waiter.diskWillDo);
    batch.waiters = batch.waiters.filter((waiter) => !anyone && !waiter.diskWillDo);
    settle(ready);
  }

  /** Brings memory below its bound: the oldest go to disk, or are dropped where there is none. */
  function relieve(): void {
    while (memory() > settings.memoryLimit) {
      if (prepared) {
        unprepare();
        continue;
      }
      const oldest = queue.find((batch) => batch.lines && !batch.lossReport);
      if (!oldest) {
        if (pending.size === 0) return;
        const batch = sealNext();
        if (batch) queue.push(batch);
        // Sealed, it may be smaller than it was thought to be.
        continue;
      }
      store(oldest);
      if (!oldest.lines) continue;
      if (oldest.stored) forget(oldest);
      else {
        queue.splice(queue.indexOf(oldest), 1);
        lose(oldest, 'memory_full');
      }
    }
  }

  const everything = () => (out ? [out, ...queue] : queue);

  spool.watch({
    evicted(segment) {
      for (const batch of [...everything()]) {
        if (batch.stored?.segment !== segment) continue;
        batch.stored = undefined;
        batch.evicted = true;
        if (batch.lines) continue;
        queue.splice(queue.indexOf(batch), 1);
        lose(batch, 'spool_full');
      }
    },
    lost: (reason, items, runs) => losses.add(reason, items, runs),
  });

  return {
    add(item, bytes) {
      if (pending.size === 0) pendingSince = schedule.now();
      pending.add(item, bytes);
      if (memory() > settings.memoryLimit) relieve();
    },
    journal(item) {
      const lines = sealSafely(deps.seal, item);
      if (lines.length === 0) {
        losses.add('unserialisable', 1, 0);
        return;
      }
      const batch = createBatch(lines, schedule.now(), spool.append(lines));
      sealedBytes += batch.bytes;
      if (!growing || growing !== queue.at(-1) || !extend(growing, batch)) {
        growing = batch;
        queue.push(batch);
      }
      if (memory() > settings.memoryLimit) relieve();
    },
    takeOut(due) {
      // Under load the host's own items are always due: what earlier processes left takes every other turn.
      ownTurn = !ownTurn;
      out = ownTurn ? (own(due) ?? adopted()) : (adopted() ?? own(due));
      if (out === prepared) prepared = undefined;
      return out;
    },
    prepare(due, pack) {
      if (prepared || !out) return;
      if (queue.length === 0 && due && isWhole(pending.size, pending.bytes)) {
        const batch = sealNext();
        if (batch) queue.push(batch);
      }
      const next = queue[0];
      if (!next?.lines || next === growing || memory() + next.bytes > settings.memoryLimit) return;
      prepared = next;
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
      const batch = createBatch(lines, schedule.now());
      batch.lossReport = true;
      sealedBytes += batch.bytes;
      queue.unshift(batch);
    },
    secure(all = false) {
      let budget = all ? Number.POSITIVE_INFINITY : SLICE_BYTES;
      for (const batch of everything()) {
        if (budget <= 0) return true;
        budget -= store(batch);
      }
      while (pending.size > 0) {
        if (budget <= 0) return true;
        const batch = sealNext();
        if (!batch) continue;
        queue.push(batch);
        budget -= store(batch);
        // No disk: the rest stays as it is, it only grows when sealed.
        if (!batch.stored) break;
      }
      return false;
    },
    join(diskWillDo, done) {
      const waiter: Waiter = { left: 1, diskWillDo, done };
      for (const batch of everything()) {
        if (diskWillDo && batch.stored) continue;
        waiter.left++;
        batch.waiters.push(waiter);
      }
      if (pending.size > 0) joining.push(waiter);
      else settle([waiter]);
    },
    loseRest() {
      while (pending.size > 0) {
        const batch = sealNext();
        if (batch) queue.push(batch);
      }
      for (const batch of [...everything()]) {
        if (batch.stored) continue;
        if (batch !== out) queue.splice(queue.indexOf(batch), 1);
        lose(batch, batch.evicted ? 'spool_full' : 'process_end');
      }
    },
    letGo() {
      const waiters = [...joining, ...everything().flatMap((batch) => batch.waiters)];
      joining = [];
      for (const batch of everything()) batch.waiters = [];
      for (const waiter of new Set(waiters)) waiter.done();
    },
    get out() {
      return out;
    },
    get growingSince() {
      return growing ? Math.min(growing.since, pendingSince) : pendingSince;
    },
    get unsafeSince() {
      const batch = everything().find((batch) => !batch.stored);
      return batch ? batch.since : pendingSince;
    },
    get items() {
      return everything().reduce((sum, batch) => sum + batch.count, pending.size);
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
