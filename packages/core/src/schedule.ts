import { builtin } from './platform.js';

/** Time for the outbox. No timer here keeps a process alive unless asked to. */
export interface Schedule {
  /** Milliseconds on a monotonic clock. */
  now(): number;
  /** Runs `task` on the next turn of the event loop. */
  soon(task: () => void): void;
  /** Runs `task` once after `ms`; returns how to cancel it. */
  after(ms: number, task: () => void, options?: { keepAlive: boolean }): () => void;
}

export function processSchedule(): Schedule {
  // What is recorded inside a request must not carry that request's async context (its stores, its memory) into a socket
  // or a timer that outlives it: the outbox runs in the context this module was loaded in.
  const inOwnContext = builtin('node:async_hooks')?.AsyncLocalStorage.snapshot?.() as
    | (<R>(task: () => R) => R)
    | undefined;
  const own = (task: () => void) => (inOwnContext ? () => inOwnContext(task) : task);
  const immediate: ((task: () => void) => unknown) | undefined = globalThis.setImmediate;
  return {
    now: () => performance.now(),
    soon(task) {
      if (immediate) immediate(own(task));
      else setTimeout(task, 0);
    },
    after(ms, task, options) {
      const timer = setTimeout(own(task), ms);
      if (!options?.keepAlive) (timer as { unref?: () => void }).unref?.();
      return () => clearTimeout(timer);
    },
  };
}
