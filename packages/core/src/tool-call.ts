import { newId } from './clock.js';
import { change, RecordedChild } from './recorded.js';
import { RECORDING, readId, STATE } from './recording.js';
import type { Run } from './run.js';
import { toText } from './snapshot.js';
import type { Step } from './step.js';

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
export class ToolCall extends RecordedChild {
  readonly toolCallId: string;
  private hasName = false;

  /** @internal */
  constructor(run: Run, options: ToolCallOptions) {
    run[STATE].attach();
    const toolCallId = readId(options.toolCallId, 'toolCallId') ?? newId();
    super(
      run,
      { type: 'tool_call', run_id: run.runId, tool_call_id: toolCallId },
      options.startTime ?? undefined,
    );
    this.toolCallId = toolCallId;
    if (options.name !== undefined) this.name(options.name);
    setAskedBy(this, options);
    this.begin();
  }

  name(name: string): this {
    return change(this, (recording) => {
      if (name === undefined || name === null || name === '') return;
      this.hasName = true;
      recording.setAsText('tool_name', name);
    });
  }

  /** Text as it is; anything else as JSON text, as it is now. */
  args(args: unknown): this {
    return change(this, (recording) => {
      if (args !== undefined) recording.setText('args', toText(args));
    });
  }

  /** Text as it is; anything else as JSON text, as it is now. */
  result(result: unknown): this {
    return change(this, (recording) => {
      if (result !== undefined) recording.setText('result', toText(result));
    });
  }

  /** @internal */
  protected missing() {
    if (this.hasName) return undefined;
    return {
      kind: 'tool-call-without-name',
      message: "A tool call ended without a name. Call toolCall.name() or run.toolCall('name').",
    };
  }
}

function setAskedBy(call: ToolCall, { step }: ToolCallOptions): void {
  if (step !== undefined) call[RECORDING].setText('step_id', typeof step === 'string' ? step : step.stepId);
}

/** The tool call with this id if the model asked for one, else a new one. */
export function toolCallOf(run: Run, options: ToolCallOptions): ToolCall {
  const asked = run[STATE].requested?.take(options.toolCallId);
  if (!asked) return new ToolCall(run, options);
  if (options.name !== undefined) asked.name(options.name);
  setAskedBy(asked, options);
  return asked;
}
