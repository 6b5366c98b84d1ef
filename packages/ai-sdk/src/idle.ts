/** A stream that nobody pulled from during this many checks in a row counts as left. */
const IDLE_CHECKS = 6;
const CHECK_EVERY_MS = 5_000;

/** One stream's place among those that are watched. */
export interface IdleWatch {
  /** The consumer asked for more: what takes long now is the model. */
  busy(): void;
  /** The consumer has something and has not asked for more. */
  waiting(): void;
  stop(): void;
}

interface Entry {
  waiting: boolean;
  checks: number;
  readonly left: () => boolean;
}

const entries = new Set<Entry>();
let timer: ReturnType<typeof setInterval> | undefined;

function check(): void {
  for (const entry of entries) {
    if (!entry.waiting) continue;
    entry.checks++;
    if (entry.checks < IDLE_CHECKS) continue;
    entry.checks = 0;
    // It may still go on, but must not be held here until then: most never do.
    if (entry.left()) stop(entry);
  }
}

function stop(entry: Entry): void {
  entries.delete(entry);
  if (entries.size > 0) return;
  clearInterval(timer);
  timer = undefined;
}

/**
 * Calls `left` when a consumer has not asked for more for half a minute; if it says no, again after the next. An abandoned stream says nothing: results are split
 * in two inside the SDK, so that leaving one half reaches nobody. One timer serves all streams and keeps no process alive.
 */
export function watchIdle(left: () => boolean): IdleWatch {
  const entry: Entry = { waiting: true, checks: 0, left };
  entries.add(entry);
  if (timer === undefined) {
    timer = setInterval(check, CHECK_EVERY_MS);
    (timer as { unref?: () => void }).unref?.();
  }
  return {
    busy() {
      entry.waiting = false;
    },
    waiting() {
      entry.waiting = true;
      entry.checks = 0;
    },
    stop: () => stop(entry),
  };
}
