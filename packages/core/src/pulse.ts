import { settings } from './config.js';
import type { RunState } from './run-state.js';
import { shared } from './shared.js';

/** How often what a long run has recorded so far leaves. */
const ANNOUNCE_EVERY_MS = 1_000;
/** An open run that had nothing to say says this often that it is alive; the collector closes silent ones. */
const HEARTBEAT_EVERY_MS = 30_000;

const open = shared<Set<RunState>>('runs.open', () => new Set());
const timer = shared<{ handle: ReturnType<typeof setTimeout> | undefined; dueAt: number }>('pulse', () => ({
  handle: undefined,
  dueAt: Number.POSITIVE_INFINITY,
}));

/** One timer for all open runs: announces what is new in them, and closes those whose time is up. */
export function watch(run: RunState): void {
  open.add(run);
  arm(Math.min(performance.now() + ANNOUNCE_EVERY_MS, run.deadline));
}

export function unwatch(run: RunState): void {
  open.delete(run);
}

/** A run's deadline came nearer. */
export function arm(dueAt: number): void {
  if (dueAt >= timer.dueAt) return;
  if (timer.handle !== undefined) clearTimeout(timer.handle);
  timer.dueAt = dueAt;
  timer.handle = setTimeout(beat, Math.max(0, Math.ceil(dueAt - performance.now())));
  // Telemetry never keeps a process alive.
  (timer.handle as { unref?: () => void }).unref?.();
}

function beat(): void {
  timer.handle = undefined;
  timer.dueAt = Number.POSITIVE_INFINITY;
  const now = performance.now();
  let next = now + ANNOUNCE_EVERY_MS;
  for (const run of open) {
    if (now >= run.deadline) run.expire();
    else {
      run.announce(now, ANNOUNCE_EVERY_MS, HEARTBEAT_EVERY_MS);
      if (run.deadline < next) next = run.deadline;
    }
  }
  if (open.size > 0) arm(next);
}

/** Milliseconds until a run times out; Infinity for never. */
export function timeoutOf(option: unknown): number {
  const ms = option ?? settings.raw.runTimeout ?? 1_200_000;
  return typeof ms === 'number' && ms > 0 ? ms : Number.POSITIVE_INFINITY;
}
