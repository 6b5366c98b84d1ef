import { builtin } from './platform.js';

/** Time for the outbox. No timer here keeps a process alive unless asked to. */
export interface Schedule {
  /** Milliseconds on a monotonic clock. */
  now(): number;
  /** Runs `task` on the next turn of the event loop. */
  soon(task: () => void): void;
  /** Runs `task` now; what it throws is reported, and stays here. */
  guarded(task: () => void): void;
  /** Runs `task` once after `ms`; returns how to cancel it. */
  after(ms: number, task: () => void, options?: { keepAlive: boolean }): () => void;
}

/** What a timer takes at most; more fires at once, with a warning in the host's log. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * What is recorded inside a request must not carry that request's async context (its stores, its memory) into a socket or
 * a timer that outlives it: the outbox runs in the context this module was loaded in.
 */
const inOwnContext: ((task: () => void) => void) | undefined =
  builtin('node:async_hooks')?.AsyncLocalStorage.snapshot?.();

/** @param onError what a task throws must not become the host's uncaught exception */
export function processSchedule(onError: (error: unknown) => void): Schedule {
  const own = (task: () => void) => () => {
    try {
      if (inOwnContext) inOwnContext(task);
      else task();
    } catch (error) {
      onError(error);
    }
  };
  const immediate: ((task: () => void) => unknown) | undefined = globalThis.setImmediate;
  return {
    now: () => performance.now(),
    guarded: (task) => own(task)(),
    soon(task) {
      if (immediate) immediate(own(task));
      else setTimeout(own(task), 0);
    },
    after(ms, task, options) {
      const timer = setTimeout(own(task), Math.min(ms, LONGEST_TIMER_MS));
      if (!options?.keepAlive) (timer as { unref?: () => void }).unref?.();
      return () => clearTimeout(timer);
    },
  };
}
