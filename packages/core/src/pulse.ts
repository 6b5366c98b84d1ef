import { settings } from './config.js';
import type { RunState } from './run-state.js';
import { shared } from './shared.js';

/** How often what a long run has recorded so far leaves. */
const ANNOUNCE_EVERY_MS = 1_000;
/** An open run that had nothing to say says this often that it is alive; the collector closes silent ones. */
const HEARTBEAT_EVERY_MS = 30_000;

/**
 * The pulse beats by the timers as they were when this module was loaded. A host's test that replaces the global ones counts
 * what is pending and runs timers until there are none: a pulse among them would never let it end. Deadlines are the host's
 * business and follow its clock, also a faked one.
 */
const { setTimeout: start } = globalThis;
const monotonic: () => number = performance.now.bind(performance);

const open = shared<Set<RunState>>('runs.open', () => new Set());
const pulse = shared<{ beating: boolean }>('pulse', () => ({ beating: false }));
const deadline = shared<Deadline>('deadline', () => ({
  handle: undefined,
  dueAt: Number.POSITIVE_INFINITY,
  clock: undefined,
}));

interface Deadline {
  handle: ReturnType<typeof setTimeout> | undefined;
  dueAt: number;
  /** What it was armed with: a faked clock and the real one know nothing of each other's timers. */
  clock: unknown;
}

/** From here on what is new in the run is announced, and its deadline counts. */
export function watch(run: RunState): void {
  open.add(run);
  arm(run.deadline);
  if (pulse.beating) return;
  pulse.beating = true;
  beatLater();
}

export function unwatch(run: RunState): void {
  open.delete(run);
}

/** One timer for all open runs. */
function beatLater(): void {
  const timer = start(() => {
    beat();
    if (open.size > 0) beatLater();
    else pulse.beating = false;
  }, ANNOUNCE_EVERY_MS);
  // Telemetry never keeps a process alive.
  (timer as { unref?: () => void }).unref?.();
}

/** Announces what is new in the open runs. */
export function beat(now = monotonic()): void {
  for (const run of open) run.announce(now, ANNOUNCE_EVERY_MS, HEARTBEAT_EVERY_MS);
}

/** A run's deadline came nearer. One timer for all, at the nearest. */
export function arm(dueAt: number): void {
  const sameClock = deadline.clock === globalThis.setTimeout;
  if ((dueAt >= deadline.dueAt && sameClock) || dueAt === Number.POSITIVE_INFINITY) return;
  if (sameClock && deadline.handle !== undefined) clearTimeout(deadline.handle);
  deadline.clock = globalThis.setTimeout;
  deadline.dueAt = dueAt;
  // Node fires a timer that is further away than this at once.
  const ms = Math.min(Math.max(0, Math.ceil(dueAt - performance.now())), MAX_TIMER_MS);
  deadline.handle = setTimeout(expire, ms);
  (deadline.handle as { unref?: () => void }).unref?.();
}

const MAX_TIMER_MS = 2 ** 31 - 1;

/** Closes the runs whose time is up. */
function expire(): void {
  deadline.handle = undefined;
  deadline.dueAt = Number.POSITIVE_INFINITY;
  const now = performance.now();
  let next = Number.POSITIVE_INFINITY;
  for (const run of open) {
    if (now >= run.deadline) run.expire();
    else if (run.deadline < next) next = run.deadline;
  }
  arm(next);
}

/** Milliseconds until a run times out; Infinity for never. */
export function timeoutOf(option: unknown): number {
  const ms = option ?? settings.raw.runTimeout ?? 1_200_000;
  return typeof ms === 'number' && ms > 0 ? ms : Number.POSITIVE_INFINITY;
}
