import { outbox } from './current-outbox.js';
import { failOpen, RECORDING, type Recording, STATE } from './recording.js';
import { type PromptInput, Run, type RunOptions } from './run.js';
import { isObject } from './snapshot.js';
import { type ModelConfig, Step, type TokenUsage } from './step.js';
import { ToolCall } from './tool-call.js';
import type { Message } from './wire.js';

type Time = Date | string;

interface Timed {
  startTime: Time;
  endTime: Time;
  /** 0 = ok (default), 2 = error. */
  statusCode?: number | undefined;
  statusMessage?: string | undefined;
}

export interface StepInput extends Timed {
  prompt: string | readonly Message[];
  response: string | Message;
  /** Default: the run it is given with. */
  runId?: string | undefined;
  stepId?: string | undefined;
  model?: string | ModelConfig | undefined;
  finishReason?: string | undefined;
  tokens?: TokenUsage | undefined;
  cost?: number | undefined;
  toolDefinitions?: string | readonly unknown[] | undefined;
  metadata?: Record<string, unknown> | undefined;
}

export interface ToolCallInput extends Timed {
  name: string;
  /** Default: the run it is given with. */
  runId?: string | undefined;
  toolCallId?: string | undefined;
  args?: unknown;
  result?: unknown;
  metadata?: Record<string, unknown> | undefined;
}

export interface RunInput extends Timed, Omit<RunOptions, 'startTime' | 'timeout' | 'parent'> {
  prompt: string | PromptInput;
  response?: string | undefined;
  full_output?: string | undefined;
  steps?: readonly StepInput[] | undefined;
  toolCalls?: readonly ToolCallInput[] | undefined;
}

/**
 * Records a whole run at once, when all its data is at hand. Resolves with its id once it is acknowledged.
 *
 * @example
 * ```ts
 * const { runId } = await sendRun({
 *   prompt: { user_prompt: "What's the weather?" },
 *   response: '72°F in San Francisco',
 *   startTime: new Date('2025-01-01T00:00:00Z'),
 *   endTime: new Date('2025-01-01T00:00:01Z'),
 * });
 * ```
 */
export function sendRun(input: RunInput): Promise<{ runId: string }> {
  return sent(() => {
    const {
      prompt,
      response,
      full_output,
      endTime,
      statusCode,
      statusMessage,
      steps,
      toolCalls,
      ...options
    } = input;
    const run = new Run({ ...options, startTime: options.startTime as Date, timeout: 0 }, undefined);
    run.prompt(prompt);
    if (response !== undefined)
      run.response(full_output === undefined ? response : { response, full_output });
    for (const step of steps ?? []) recordStep(runOf(run, step.runId), step);
    for (const call of toolCalls ?? []) recordToolCall(runOf(run, call.runId), call);
    close(run[STATE].recording, endTime, statusCode, statusMessage);
    void run.end();
    return { runId: run.runId };
  });
}

/** Records a step of a run that may have been sent before, by another process, or not yet. */
export function sendStep(input: StepInput & { runId: string }): Promise<{ runId: string; stepId: string }> {
  return sent(() => {
    const step = recordStep(elsewhere(input.runId), input);
    return { runId: input.runId, stepId: step.stepId };
  });
}

/** Records a tool call of a run that may have been sent before, by another process, or not yet. */
export function sendToolCall(
  input: ToolCallInput & { runId: string },
): Promise<{ runId: string; toolCallId: string }> {
  return sent(() => {
    const call = recordToolCall(elsewhere(input.runId), input);
    return { runId: input.runId, toolCallId: call.toolCallId };
  });
}

async function sent<R extends object>(record: () => R): Promise<R> {
  let result = {} as R;
  failOpen(undefined, () => {
    result = record();
  });
  await outbox().acknowledged();
  return result;
}

/** A run known by its id alone: only its children are recorded. */
const elsewhere = (runId: string): Run => new Run({ runId, timeout: 0 }, undefined, false);

const runOf = (run: Run, runId: string | undefined): Run =>
  runId === undefined || runId === run.runId ? run : elsewhere(runId);

function recordStep(run: Run, input: StepInput): Step {
  const step = new Step(run, { stepId: input.stepId, startTime: input.startTime as Date });
  step.prompt(input.prompt).response(input.response);
  if (input.model !== undefined) step.model(input.model);
  if (input.finishReason !== undefined) step.finishReason(input.finishReason);
  if (input.tokens !== undefined) step.tokens(input.tokens);
  if (input.cost !== undefined) step.cost(input.cost);
  if (input.toolDefinitions !== undefined) step.toolDefinitions(input.toolDefinitions);
  if (isObject(input.metadata)) step.metadata(input.metadata);
  close(step[RECORDING], input.endTime, input.statusCode, input.statusMessage);
  step.end();
  return step;
}

function recordToolCall(run: Run, input: ToolCallInput): ToolCall {
  const call = new ToolCall(run, {
    name: input.name,
    toolCallId: input.toolCallId,
    startTime: input.startTime as Date,
  });
  call.args(input.args).result(input.result);
  if (isObject(input.metadata)) call.metadata(input.metadata);
  close(call[RECORDING], input.endTime, input.statusCode, input.statusMessage);
  call.end();
  return call;
}

function close(
  recording: Recording,
  endTime: Time,
  statusCode: number | undefined,
  statusMessage: string | undefined,
): void {
  if (endTime !== undefined) recording.pinEnd(endTime);
  if (statusCode !== undefined) recording.pinStatus(statusCode, statusMessage);
  else if (statusMessage !== undefined) recording.setText('status_message', statusMessage);
}
