/**
 * What a write-ahead journal knows beside its lines: which runs, steps and tool calls have begun and not ended. When their
 * process is gone, its successor ends them as abandoned.
 */
export interface Openings {
  note(line: string): void;
  readonly size: number;
  /** What is open, as JSON texts for `note` of a later reader. */
  list(): string[];
  /** Items that end what is open, at the time of the last sign of its run. */
  abandon(fallbackMs: number): string[];
}

/** Ids stand first in every item, then its `seq`. */
const HEAD =
  /^(\{"type":"(?:run|step|tool_call)","run_id":("(?:[^"\\]|\\.)*")(?:,"(?:step_id|tool_call_id)":"(?:[^"\\]|\\.)*")?),"seq":(\d+)/;

/** `seq` is the wall clock in microseconds unless the host chose its own; then it is smaller than this. */
const FIRST_TIME_SEQ = 1e15;

interface OpenRun {
  lastSeq: number;
  /** Head of the item → its last seq. */
  items: Map<string, number>;
}

export function createOpenings(): Openings {
  const runs = new Map<string, OpenRun>();
  return {
    note(line) {
      const match = HEAD.exec(line);
      if (!match) return;
      const [, head, runId, digits] = match as unknown as [string, string, string, string];
      const seq = Number(digits);
      let run = runs.get(runId);
      // A quote inside text is escaped, so these match members only.
      const starts = line.includes('"start_time":');
      const ends = line.includes('"end_time":');
      if (starts && !ends) {
        if (!run) {
          run = { lastSeq: seq, items: new Map() };
          runs.set(runId, run);
        }
        run.items.set(head, seq);
      }
      if (!run) return;
      run.lastSeq = Math.max(run.lastSeq, seq);
      if (ends) run.items.delete(head);
      else if (run.items.has(head)) run.items.set(head, seq);
      if (run.items.size === 0) runs.delete(runId);
    },
    get size() {
      return runs.size;
    },
    list() {
      const texts: string[] = [];
      for (const { items, lastSeq } of runs.values()) {
        for (const head of items.keys()) texts.push(`${head},"seq":${lastSeq},"start_time":0}`);
      }
      return texts;
    },
    abandon(fallbackMs) {
      const lines: string[] = [];
      for (const { items, lastSeq } of runs.values()) {
        const time = new Date(lastSeq > FIRST_TIME_SEQ ? lastSeq / 1000 : fallbackMs).toISOString();
        for (const head of items.keys()) {
          lines.push(
            `${head},"seq":${lastSeq + 1},"end_time":"${time}","status_code":0,"outcome":"abandoned"}`,
          );
        }
      }
      return lines;
    },
  };
}
