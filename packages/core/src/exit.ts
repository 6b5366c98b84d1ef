import type { ProcessOutbox } from './create-outbox.js';
import { builtin, nodeProcess } from './platform.js';

/** How long a process that has nothing else to do goes on delivering. */
const NATURAL_EXIT_MS = 2_000;

/** Signals whose default action ends the process. */
const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

/** Keeps what waits from dying with the process, without changing how or when the process dies. */
export interface ProcessEnd {
  /** Whether something waits that a signal would take with it. */
  guard(atRisk: boolean): void;
}

/**
 * - Natural exit: what waits is delivered within a bound, then goes to disk.
 * - `process.exit()`, uncaught exception, unhandled rejection: the `exit` event comes in all three; it writes to disk.
 * - A signal: see `onSignal`.
 */
export function watchProcessEnd(outbox: () => ProcessOutbox): ProcessEnd {
  const host = nodeProcess;
  if (typeof host?.on !== 'function') return { guard() {} };
  let draining = false;

  host.on('beforeExit', () => {
    const box = outbox();
    if (draining || !box.drainable) return;
    draining = true;
    box.drain(NATURAL_EXIT_MS).finally(() => {
      draining = false;
    });
  });
  host.on('exit', () => outbox().end());

  // Signals reach the main thread only.
  if (builtin('node:worker_threads')?.isMainThread === false) return { guard() {} };

  /**
   * A listener for a signal switches its default action off, so this one exists only while something is at risk, comes
   * first, and takes itself away before any other listener looks. Where the host has listeners, the signal is theirs, as
   * if we were not there; where it has none, the signal is sent again and has its default effect.
   */
  const onSignal = (signal: NodeJS.Signals) => {
    unguard();
    if (host.listenerCount!(signal) === 0) {
      outbox().end();
      host.kill!(host.pid!, signal);
      return;
    }
    outbox().save();
    // The host may live on: what it records from here on is guarded again.
    setImmediate(() => (outbox().atRisk ? guard(true) : undefined)).unref();
  };
  let guarded = false;
  const unguard = () => {
    guarded = false;
    for (const signal of SIGNALS) host.removeListener!(signal, onSignal);
  };
  const guard = (atRisk: boolean) => {
    if (atRisk === guarded) return;
    if (!atRisk) return unguard();
    guarded = true;
    for (const signal of SIGNALS) host.prependListener!(signal, onSignal);
  };
  return { guard };
}
