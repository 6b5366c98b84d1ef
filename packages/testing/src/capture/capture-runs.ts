import { type Outbox, type Receipt, seal, setOutbox } from '@observatory/core/recorder';
import type { WireItem } from '@observatory/core/wire';
import { type CapturedRun, capturedRuns, withNested } from './captured-run.js';

export interface Captured extends Disposable {
  /** Root runs in time order; each holds its steps, tool calls and nested runs. Read it as often as you like. */
  readonly runs: CapturedRun[];
  /** Runs of any depth in time order of their roots. */
  readonly allRuns: CapturedRun[];
  /** Everything that would have been sent, as it would have been sent: redacted, truncated, in order. */
  readonly items: readonly WireItem[];
  /**
   * Resolves when no captured run, step or tool call is open any more and at least `runs` root runs are there.
   * Rejects after `timeoutMs` (default 5,000) with the names of what is still open.
   */
  settled(options?: { runs?: number; timeoutMs?: number }): Promise<void>;
  /** Forgets what was captured so far. */
  clear(): void;
  /** Lets runs go where they went before. */
  restore(): void;
}

const SETTLED_TIMEOUT_MS = 5_000;
const CHECK_EVERY_MS = 5;

/**
 * Gives a test the runs that the code under test records, as objects. Nothing is sent anywhere until `restore()`.
 *
 * @example
 * ```ts
 * using captured = captureRuns();
 * await agent('What is the weather in Oslo?');
 * await captured.settled();
 * const [run] = captured.runs;
 * expect(run?.prompt.user_prompt).toBe('What is the weather in Oslo?');
 * expect(run?.tool_calls.map(({ tool_name }) => tool_name)).toEqual(['get_weather']);
 * ```
 */
export function captureRuns(): Captured {
  const items: WireItem[] = [];
  // An item goes on collecting fields until it is sealed, so it is sealed when somebody looks.
  const pending = new Set<WireItem>();
  const look = () => {
    for (const item of pending) {
      pending.delete(item);
      for (const json of seal(item)) items.push(JSON.parse(json) as WireItem);
    }
    return items;
  };
  const receipt = (): Receipt => ({
    delivered: look().length,
    queued: 0,
    spooled: 0,
    dropped: 0,
    dropped_by_reason: {},
    rejected: [],
    complete: true,
  });
  const outbox: Outbox = {
    // Every change is handed over at once, so that a run is seen while it is open.
    eager: true,
    add: (item) => void pending.add(item),
    acknowledged: async () => undefined,
    flush: async () => receipt(),
    shutdown: async () => receipt(),
    receipt,
  };
  const putBack = setOutbox(outbox);
  let restored = false;
  const restore = () => {
    if (restored) return;
    restored = true;
    look();
    putBack();
  };
  const all = () => capturedRuns(look()).flatMap(withNested);
  return {
    get runs() {
      return capturedRuns(look());
    },
    get allRuns() {
      return all();
    },
    get items() {
      return look();
    },
    async settled({ runs = 0, timeoutMs = SETTLED_TIMEOUT_MS } = {}) {
      const deadline = performance.now() + timeoutMs;
      for (;;) {
        const roots = capturedRuns(look());
        const open = roots.flatMap(withNested).flatMap(openParts);
        if (open.length === 0 && roots.length >= runs) return;
        if (performance.now() >= deadline) throw new Error(unsettled(open, roots.length, runs, timeoutMs));
        await new Promise((resolve) => setTimeout(resolve, CHECK_EVERY_MS));
      }
    },
    clear() {
      look();
      items.length = 0;
    },
    restore,
    [Symbol.dispose]: restore,
  };
}

function openParts(run: CapturedRun): string[] {
  const open: string[] = [];
  if (run.end_time === undefined) open.push(`run ${run.name ?? run.run_id}`);
  for (const step of run.steps) {
    if (step.end_time === undefined) open.push(`step ${step.model_requested ?? step.step_id}`);
  }
  for (const call of run.tool_calls) {
    if (call.end_time === undefined) open.push(`tool call ${call.tool_name || call.tool_call_id}`);
  }
  return open;
}

function unsettled(open: string[], got: number, wanted: number, timeoutMs: number): string {
  if (open.length === 0) return `captureRuns: ${got} of ${wanted} runs were recorded within ${timeoutMs} ms.`;
  const shown = open.slice(0, 5).join(', ');
  const more = open.length > 5 ? ` and ${open.length - 5} more` : '';
  return `captureRuns: still open after ${timeoutMs} ms: ${shown}${more}. End them, or give settled() more time.`;
}
