import { newId } from './clock.js';
import { misuse } from './diagnostics.js';
import { failOpen, INSPECT, OWNER_RUN, outcomeOf, RECORDING, Recording, readId, STATE } from './recording.js';
import type { Run } from './run.js';
import { messageOf, toText } from './snapshot.js';
import { endedTwice, type Step } from './step.js';

export interface ToolCallOptions {
  /** The tool's name. */
  name?: string | undefined;
  /** The id the provider gave the call; default: a new UUIDv7. Unique within its run. */
  toolCallId?: string | undefined;
  /** Default: now. */
  startTime?: Date | undefined;
  /** The step that asked for the call. */
  step?: Step | string | undefined;
}

/** One execution of a tool or function. Made by `run.toolCall()`. */
export class ToolCall {
  /** @internal */
  readonly [RECORDING]: Recording;
  readonly toolCallId: string;
  /** @internal */
  readonly [OWNER_RUN]: Run;
  private hasName = false;

  /** @internal */
  constructor(run: Run, options: ToolCallOptions) {
    const state = run[STATE];
    state.attach();
    this[OWNER_RUN] = run;
    this.toolCallId = readId(options.toolCallId, 'toolCallId') ?? newId();
    const ids = { type: 'tool_call', run_id: run.runId, tool_call_id: this.toolCallId } as const;
    this[RECORDING] = new Recording(ids, state, options.startTime ?? undefined);
    if (options.name !== undefined) this.name(options.name);
    const { step } = options;
    if (step !== undefined) this[RECORDING].setText('step_id', typeof step === 'string' ? step : step.stepId);
    if (state.recording.ended) this[RECORDING].publish(false);
    else state.opened(this);
  }

  name(name: string): this {
    failOpen(this[RECORDING].ledger.runId, () => {
      if (name === undefined || name === null || name === '') return;
      this.hasName = true;
      this[RECORDING].setText('tool_name', toText(name));
    });
    return this;
  }

  /** Text as it is; anything else as JSON text, as it is now. */
  args(args: unknown): this {
    failOpen(this[RECORDING].ledger.runId, () => {
      if (args !== undefined) this[RECORDING].setText('args', toText(args));
    });
    return this;
  }

  /** Text as it is; anything else as JSON text, as it is now. */
  result(result: unknown): this {
    failOpen(this[RECORDING].ledger.runId, () => {
      if (result !== undefined) this[RECORDING].setText('result', toText(result));
    });
    return this;
  }

  metadata(...records: Record<string, unknown>[]): this {
    failOpen(this[RECORDING].ledger.runId, () => this[RECORDING].mergeMetadata(records));
    return this;
  }

  status(code: number, message?: string): this {
    failOpen(this[RECORDING].ledger.runId, () => this[RECORDING].pinStatus(code, message));
    return this;
  }

  endTime(time: Date): this {
    failOpen(this[RECORDING].ledger.runId, () => this[RECORDING].pinEnd(time));
    return this;
  }

  end(): void {
    failOpen(this[RECORDING].ledger.runId, () => {
      if (endedTwice(this[RECORDING], 'tool call')) return;
      if (!this.hasName) {
        misuse({
          kind: 'tool-call-without-name',
          message: "A tool call ended without a name. Call toolCall.name() or run.toolCall('name').",
          runId: this[RECORDING].ledger.runId,
        });
      }
      this[RECORDING].finish(outcomeOf(this[RECORDING]));
      this[OWNER_RUN][STATE].childEnded(this);
    });
  }

  /** Ends the tool call as failed. Takes an Error or what to say. */
  error(message?: unknown): void {
    failOpen(this[RECORDING].ledger.runId, () => {
      endedTwice(this[RECORDING], 'tool call');
      this[RECORDING].finish('error', message === undefined ? undefined : messageOf(message));
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

  /** What console.log shows: not the bookkeeping. */
  [INSPECT](): string {
    return `ToolCall { ${this.toolCallId} }`;
  }
}

/** The tool call with this id if the model asked for one, else a new one. */
export function toolCallOf(run: Run, options: ToolCallOptions): ToolCall {
  const asked = options.toolCallId === undefined ? undefined : run[STATE].requested.take(options.toolCallId);
  if (!asked) return new ToolCall(run, options);
  if (options.name !== undefined) asked.name(options.name);
  const { step } = options;
  if (step !== undefined) asked[RECORDING].setText('step_id', typeof step === 'string' ? step : step.stepId);
  return asked;
}
