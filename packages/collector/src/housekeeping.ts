import type { Live } from './live.js';
import type { Logger } from './logger.js';
import type { Store } from './store.js';
import { nowMicros } from './time.js';

export interface HousekeepingOptions {
  store: Store;
  live: Live;
  logger: Logger;
  /** An open run of which nothing was heard for so long is closed as abandoned. */
  abandonAfterMs: number;
  /** Runs older than this are removed; undefined keeps all. */
  retentionMs?: number;
}

export interface Housekeeping {
  /** Does what is due, now. */
  run(): Promise<void>;
  close(): void;
}

const RUNS_AT_A_TIME = 200;
const MAX_INTERVAL_MS = 15_000;
const RETENTION_INTERVAL_MS = 60 * 60 * 1000;

/** What the collector does by itself: closes runs whose process died, and removes what is older than asked for. */
export function startHousekeeping(options: HousekeepingOptions): Housekeeping {
  const { store, live, logger, abandonAfterMs, retentionMs } = options;
  // While the collector was down it heard nothing of anyone: silence counts from its start.
  const startedAt = nowMicros();
  let running = false;
  let lastRetention = 0;

  async function run(): Promise<void> {
    if (running) return;
    running = true;
    try {
      const now = nowMicros();
      const silence = abandonAfterMs * 1000;
      if (now - startedAt >= silence) {
        for (;;) {
          const abandoned = store.abandon(now - silence, silence, RUNS_AT_A_TIME);
          live.changed(abandoned);
          if (abandoned.length < RUNS_AT_A_TIME) break;
          await new Promise((resolve) => setImmediate(resolve));
        }
      }
      if (retentionMs !== undefined && Date.now() - lastRetention >= RETENTION_INTERVAL_MS) {
        lastRetention = Date.now();
        await removeOld(now - retentionMs * 1000);
      }
    } catch (error) {
      logger.error(`housekeeping: ${(error as Error).stack ?? String(error)}`);
    } finally {
      running = false;
    }
  }

  async function removeOld(before: number): Promise<void> {
    let removed = 0;
    for (;;) {
      const runIds = await store.runsBefore(before, RUNS_AT_A_TIME);
      if (runIds.length === 0) break;
      const deleted = store.deleteRuns(runIds);
      live.deleted(deleted);
      removed += deleted.length;
      await new Promise((resolve) => setImmediate(resolve));
    }
    if (removed > 0) logger.info(`removed ${removed} runs older than the retention`);
  }

  const timer = setInterval(run, Math.min(MAX_INTERVAL_MS, Math.max(50, abandonAfterMs / 4)));
  timer.unref();
  return { run, close: () => clearInterval(timer) };
}
