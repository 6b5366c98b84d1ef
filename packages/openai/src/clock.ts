/**
 * The clock and timers as they were when this module was loaded. A host's tests that replace them (fake timers, a mocked
 * `Date.now`) must neither see ours among theirs nor stop them.
 */
export const wallClock: () => number = Date.now.bind(Date);
export const monotonicClock: () => number = performance.now.bind(performance);

const { setTimeout: start, clearTimeout: stop } = globalThis;

/** Runs `task` once after `ms` without keeping the process alive; returns how to cancel it. */
export function after(ms: number, task: () => void): () => void {
  const timer = start(task, ms);
  (timer as { unref?: () => void }).unref?.();
  return () => stop(timer);
}
