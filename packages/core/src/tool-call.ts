import { newId } from './clock.js';
import { misuse } from './diagnostics.js';
import { failOpen, outcomeOf, Recording, readId, STATE } from './recording.js';
import type { Run } from './run.js';
import { messageOf, toText } from './snapshot.js';
import { endedTwice, hide, type Step } from './step.js';

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
  readonly recording: Recording;
  readonly toolCallId: string;
  /** @internal */
  readonly run: Run;
  private hasName = false;

  /** @internal */
  constructor(run: Run, options: ToolCallOptions) {
    const state = run[STATE];
    this.run = run;
    this.toolCallId = readId(options.toolCallId, 'toolCallId') ?? newId();
    const ids = { type: 'tool_call', run_id: run.runId, tool_call_id: this.toolCallId } as const;
    this.recording = new Recording(ids, state, options.startTime ?? undefined);
    hide(this);
    if (options.name !== undefined) this.name(options.name);
    const { step } = options;
    if (step !== undefined) this.recording.setText('step_id', typeof step === 'string' ? step : step.stepId);
    if (state.recording.ended) this.recording.publish(false);
    else state.open.add(this);
  }

  name(name: string): this {
    failOpen(this.recording.ledger.runId, () => {
      if (name === undefined || name === null || name === '') return;
      this.hasName = true;
      this.recording.setText('tool_name', toText(name));
    });
    return this;
  }

  /** Text as it is; anything else as JSON text, as it is now. */
  args(args: unknown): this {
    failOpen(this.recording.ledger.runId, () => {
      if (args !== undefined) this.recording.setText('args', toText(args));
    });
    return this;
  }

  /** Text as it is; anything else as JSON text, as it is now. */
  result(result: unknown): this {
    failOpen(this.recording.ledger.runId, () => {
      if (result !== undefined) this.recording.setText('result', toText(result));
    });
    return this;
  }

  metadata(...records: Record<string, unknown>[]): this {
    failOpen(this.recording.ledger.runId, () => this.recording.mergeMetadata(records));
    return this;
  }

  status(code: number, message?: string): this {
    failOpen(this.recording.ledger.runId, () => this.recording.pinStatus(code, message));
    return this;
  }

  endTime(time: Date): this {
    failOpen(this.recording.ledger.runId, () => this.recording.pinEnd(time));
    return this;
  }

  end(): void {
    failOpen(this.recording.ledger.runId, () => {
      if (endedTwice(this.recording, 'tool call')) return;
      if (!this.hasName) {
        misuse({
          kind: 'tool-call-without-name',
          message: "A tool call ended without a name. Call toolCall.name() or run.toolCall('name').",
          runId: this.recording.ledger.runId,
        });
      }
      this.recording.finish(outcomeOf(this.recording));
      this.run[STATE].childEnded(this);
    });
  }

  /** Ends the tool call as failed. Takes an Error or what to say. */
  error(message?: unknown): void {
    failOpen(this.recording.ledger.runId, () => {
      endedTwice(this.recording, 'tool call');
      this.recording.finish('error', message === undefined ? undefined : messageOf(message));
      this.run[STATE].childEnded(this);
    });
  }

  get ended(): boolean {
    return this.recording.ended;
  }

  /** @internal */
  closeWithRun(outcome: 'abandoned' | 'error', message: string): void {
    this.recording.finish(outcome, message);
  }
}
