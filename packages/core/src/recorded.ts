import { misuse } from './diagnostics.js';
import {
  failed,
  INSPECT,
  OWNER_RUN,
  outcomeOf,
  RECORDING,
  Recording,
  type RecordingIds,
  STATE,
} from './recording.js';
import type { Run } from './run.js';
import { messageOf } from './snapshot.js';

/** What the builders of a run, a step and a tool call have in common. */
export abstract class Recorded {
  /** @internal */
  readonly [RECORDING]: Recording;

  /** @internal */
  constructor(recording: Recording) {
    this[RECORDING] = recording;
  }

  /** Names and values to filter by. Later keys win. */
  metadata(...records: Record<string, unknown>[]): this {
    return change(this, (recording) => recording.mergeMetadata(records));
  }

  /** 0 = ok, 2 = error. Does not end anything. */
  status(code: number, message?: string): this {
    return change(this, (recording) => recording.pinStatus(code, message));
  }

  /** Pins the end time; otherwise it is taken at the end. */
  endTime(time: Date): this {
    return change(this, (recording) => recording.pinEnd(time));
  }

  /** What console.log shows: not the bookkeeping. */
  [INSPECT](): string {
    const { type, ...ids } = this[RECORDING].ids;
    return `${this.constructor.name} { ${Object.values(ids).at(-1)} }`;
  }
}

/** A step or a tool call: something that happens in a run and ends with it at the latest. */
export abstract class RecordedChild extends Recorded {
  /** @internal */
  readonly [OWNER_RUN]: Run;

  /** @internal */
  constructor(run: Run, ids: RecordingIds, startTime: Date | undefined) {
    super(new Recording(ids, run[STATE], startTime));
    this[OWNER_RUN] = run;
  }

  /** @internal Its run knows of it from here on. */
  protected begin(): void {
    const state = this[OWNER_RUN][STATE];
    if (state.recording.ended) this[RECORDING].publish(false);
    else state.opened(this);
  }

  /** @internal What is missing, if somebody forgot it. */
  protected abstract missing(): { kind: string; message: string } | undefined;

  end(): void {
    change(this, (recording) => {
      if (this.endedTwice()) return;
      const missing = this.missing();
      if (missing) misuse({ ...missing, runId: recording.ledger.runId });
      recording.finish(outcomeOf(recording));
      this[OWNER_RUN][STATE].childEnded(this);
    });
  }

  /** Ends it as failed. Takes an Error or what to say. */
  error(message?: unknown): void {
    change(this, (recording) => {
      this.endedTwice();
      recording.finish('error', message === undefined ? undefined : messageOf(message));
      this[OWNER_RUN][STATE].childEnded(this);
    });
  }

  get ended(): boolean {
    return this[RECORDING].ended;
  }

  /** @internal */
  closeWithRun(outcome: 'abandoned' | 'error', message: string): void {
    this[RECORDING].finish(outcome, message);
  }

  /** Whether it had ended; if so that is said, and what came since is an amendment. */
  private endedTwice(): boolean {
    const recording = this[RECORDING];
    if (!recording.ended) return false;
    if (recording.outcome === 'abandoned') {
      // Its run ended first: this is the real end.
      recording.finish(outcomeOf(recording), undefined, performance.now() + recording.ledger.offset);
      return true;
    }
    const what = recording.ids.type.replace('_', ' ');
    misuse({
      kind: `${what.replace(' ', '-')}-ended-twice`,
      message: `A ${what} was ended twice. Call end() or error() once; the second call only adds what is new.`,
      runId: recording.ledger.runId,
    });
    return true;
  }
}

/** Records something. What fails in it is reported, never thrown at the host, unless it is misuse under `strict`. */
export function change<T extends Recorded>(target: T, work: (recording: Recording) => void): T {
  const recording = target[RECORDING];
  try {
    work(recording);
  } catch (error) {
    failed(error, recording.ledger.runId);
  }
  return target;
}
