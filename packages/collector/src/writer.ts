import type { Entry } from './entry.js';
import type { Store, WriteResult } from './store.js';
import { nowMicros } from './time.js';

/** The one place that writes entries: requests that arrive together share a transaction. */
export interface Writer {
  /** Resolves when the entries are committed. */
  write(entries: readonly Entry[]): Promise<WriteResult[]>;
  /** Resolves when nothing is waiting any more. */
  idle(): Promise<void>;
}

interface Job {
  entries: readonly Entry[];
  resolve(results: WriteResult[]): void;
  reject(error: unknown): void;
}

/** A transaction of this many entries takes some tens of milliseconds, in which nothing else is answered. */
export const ENTRIES_PER_TRANSACTION = 1000;

export function createWriter(store: Pick<Store, 'write'>, onCommit: (runIds: Set<string>) => void): Writer {
  let queue: Job[] = [];
  let scheduled = false;
  let whenIdle: (() => void)[] = [];

  function schedule(): void {
    if (scheduled) return;
    scheduled = true;
    // After the events of this turn: what they bring goes into the same transaction.
    setImmediate(() => {
      scheduled = false;
      commit(takeJobs());
      if (queue.length > 0) schedule();
      else {
        for (const done of whenIdle) done();
        whenIdle = [];
      }
    });
  }

  function takeJobs(): Job[] {
    let entries = 0;
    let count = 0;
    while (
      count < queue.length &&
      (count === 0 || entries + queue[count]!.entries.length <= ENTRIES_PER_TRANSACTION)
    ) {
      entries += queue[count]!.entries.length;
      count++;
    }
    const jobs = queue.slice(0, count);
    queue = queue.slice(count);
    return jobs;
  }

  function commit(jobs: Job[]): void {
    try {
      const receipt = store.write(
        jobs.length === 1 ? jobs[0]!.entries : jobs.flatMap((job) => job.entries),
        nowMicros(),
      );
      let at = 0;
      for (const job of jobs) {
        job.resolve(receipt.results.slice(at, at + job.entries.length));
        at += job.entries.length;
      }
      onCommit(receipt.runIds);
    } catch (error) {
      if (jobs.length === 1) jobs[0]!.reject(error);
      // One request that cannot be stored must not take its neighbours with it.
      else for (const job of jobs) commit([job]);
    }
  }

  return {
    write: (entries) =>
      new Promise((resolve, reject) => {
        queue.push({ entries, resolve, reject });
        schedule();
      }),
    idle: () =>
      new Promise((resolve) => {
        if (!scheduled && queue.length === 0) resolve();
        else whenIdle.push(resolve);
      }),
  };
}
