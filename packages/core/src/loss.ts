import { newId } from './clock.js';
import type { Diagnostic } from './diagnostics.js';
import type { Schedule } from './schedule.js';
import type { LossItem } from './wire.js';

/** At most one diagnostic about losses in this time; it carries what was lost since the last. */
const REPORT_EVERY_MS = 10_000;

const ADVICE: Record<string, string> = {
  memory_full: 'more waited than memoryLimit allows, and there was no disk to put it on',
  spool_full: 'the spool reached spoolLimit',
  rejected: 'the collector refused them',
  too_large: 'the collector takes no item that large; lower maxTextLength',
  spool_damaged: 'their records in the spool were damaged',
  spool_unreadable: 'the spool could not be read back',
  process_end: 'the process ended before the collector answered, and there was no disk to put them on',
};

interface Loss {
  items: number;
  /** What the collector has not been told yet. */
  untold: number;
  runs: number;
  /** What no diagnostic has said yet. */
  unsaid: number;
  detail?: string | undefined;
}

/** Every item that is lost, by reason: for the receipt, for a diagnostic, and for the collector. */
export interface Losses {
  add(reason: string, items: number, runs: number, detail?: string): void;
  byReason(): Record<string, number>;
  /** Takes what the collector has not been told yet, as items for it. */
  take(): LossItem[];
  readonly untold: boolean;
  /** Says now what would be said within `REPORT_EVERY_MS`. */
  report(): void;
}

export function createLosses(deps: { schedule: Schedule; report: (diagnostic: Diagnostic) => void }): Losses {
  const losses = new Map<string, Loss>();
  let reportedAt = Number.NEGATIVE_INFINITY;
  let waiting = false;

  function report(): void {
    waiting = false;
    for (const [reason, loss] of losses) {
      const { unsaid, detail } = loss;
      if (unsaid === 0) continue;
      loss.unsaid = 0;
      reportedAt = deps.schedule.now();
      deps.report({
        kind: reason === 'rejected' ? 'item-rejected' : 'dropped',
        message: `Lost ${unsaid} item${unsaid === 1 ? '' : 's'}: ${ADVICE[reason] ?? reason}${detail ? `: ${detail}` : ''}.`,
        count: unsaid,
      });
    }
  }

  return {
    add(reason, items, runs, detail) {
      if (items === 0) return;
      const loss = losses.get(reason) ?? { items: 0, untold: 0, runs: 0, unsaid: 0 };
      losses.set(reason, loss);
      loss.items += items;
      loss.untold += items;
      loss.runs += runs;
      loss.unsaid += items;
      loss.detail = detail ?? loss.detail;
      const wait = reportedAt + REPORT_EVERY_MS - deps.schedule.now();
      if (wait <= 0) report();
      else if (!waiting) {
        waiting = true;
        deps.schedule.after(wait, report);
      }
    },
    byReason: () => Object.fromEntries([...losses].map(([reason, { items }]) => [reason, items])),
    take() {
      const time = new Date().toISOString();
      const told: LossItem[] = [];
      for (const [reason, loss] of losses) {
        const { untold: items, runs } = loss;
        if (items > 0) told.push({ type: 'loss', loss_id: newId(), time, reason, items, runs });
        loss.untold = loss.runs = 0;
      }
      return told;
    },
    get untold() {
      return [...losses.values()].some(({ untold }) => untold > 0);
    },
    report,
  };
}
