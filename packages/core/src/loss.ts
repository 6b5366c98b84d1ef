import { newId } from './clock.js';
import type { Diagnostic } from './diagnostics.js';
import type { Schedule } from './schedule.js';
import type { LossItem } from './wire.js';

/** At most one diagnostic about losses in this time; it carries what was lost since the last. */
const REPORT_EVERY_MS = 10_000;

const ADVICE: Record<string, string> = {
  memory_full: 'more waited than memoryLimit allows and there was no disk to put it on',
  spool_full: 'the spool reached spoolLimit',
  rejected: 'the collector refused them',
  too_large: 'the collector takes no item that large; lower maxTextLength',
  spool_damaged: 'their records in the spool were damaged',
  spool_unreadable: 'the spool could not be read back',
  process_end: 'the process ended before the collector answered, and there was no disk to put them on',
};

/** Every item that is lost, by reason: for the receipt, for a diagnostic, and for the collector. */
export interface Losses {
  add(reason: string, items: number, runs: number, detail?: string): void;
  readonly total: number;
  byReason(): Record<string, number>;
  /** Takes what the collector has not been told yet, as items for it. */
  take(): LossItem[];
  readonly untold: boolean;
  /** Says now what would be said within `REPORT_EVERY_MS`. */
  report(): void;
}

export function createLosses(deps: { schedule: Schedule; report: (diagnostic: Diagnostic) => void }): Losses {
  const totals = new Map<string, number>();
  const untold = new Map<string, { items: number; runs: number }>();
  const unreported = new Map<string, { items: number; detail: string | undefined }>();
  let total = 0;
  let reportedAt = Number.NEGATIVE_INFINITY;
  let waiting = false;

  function report(): void {
    waiting = false;
    if (unreported.size === 0) return;
    reportedAt = deps.schedule.now();
    const entries = [...unreported];
    unreported.clear();
    for (const [reason, { items, detail }] of entries) {
      const why = ADVICE[reason] ?? reason;
      deps.report({
        kind: reason === 'rejected' ? 'item-rejected' : 'dropped',
        message: `${items} ${items === 1 ? 'item was' : 'items were'} lost: ${why}${detail ? `: ${detail}` : ''}.`,
        count: items,
      });
    }
  }

  return {
    add(reason, items, runs, detail) {
      if (items === 0) return;
      total += items;
      totals.set(reason, (totals.get(reason) ?? 0) + items);
      const told = untold.get(reason);
      untold.set(reason, { items: items + (told?.items ?? 0), runs: runs + (told?.runs ?? 0) });
      const said = unreported.get(reason);
      unreported.set(reason, { items: items + (said?.items ?? 0), detail: detail ?? said?.detail });
      const wait = reportedAt + REPORT_EVERY_MS - deps.schedule.now();
      if (wait <= 0) report();
      else if (!waiting) {
        waiting = true;
        deps.schedule.after(wait, report);
      }
    },
    get total() {
      return total;
    },
    byReason: () => Object.fromEntries(totals),
    take() {
      const time = new Date().toISOString();
      const items = [...untold].map(
        ([reason, { items, runs }]): LossItem => ({
          type: 'loss',
          loss_id: newId(),
          time,
          reason,
          items,
          runs,
        }),
      );
      untold.clear();
      return items;
    },
    get untold() {
      return untold.size > 0;
    },
    report,
  };
}
