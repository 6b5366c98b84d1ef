/** What an adapter can say of a run, a step or a tool call, and where it goes. */
import { misuse } from './diagnostics.js';
import { RECORDING, STATE } from './recording.js';
import type { Run } from './run.js';
import type { PromptInput } from './run-state.js';
import { type ContentList, contentTexts, type Lazy } from './seal.js';
import { isObject, plainCopy, toText } from './snapshot.js';
import { type ModelConfig, type Step, setTokens, type TokenUsage } from './step.js';
import type { ToolCall } from './tool-call.js';
import type { Message } from './wire.js';

export type Optional<T> = { [K in keyof T]?: T[K] | undefined };

export type RunFields = Optional<{
  name: string;
  sessionId: string;
  conversational: boolean;
  userId: string;
  tags: readonly string[];
  /** Merged into what is there. */
  metadata: Record<string, unknown>;
  prompt: string | PromptInput;
  response: string;
  fullOutput: string;
}>;

export type StepFields = Optional<{
  /** `chat` (default), `response`, `completion`, `embedding`, `image`, `speech`, `transcription`, `moderation`, `rerank`, … */
  kind: string;
  model: string | ModelConfig;
  provider: string;
  prompt: string;
  response: string;
  messages: Lazy<readonly Message[]>;
  output: Lazy<readonly Message[]>;
  toolDefinitions: Lazy<readonly unknown[]> | string;
  /** Bytes of what lazy fields will make, for the memory bound. */
  contentBytes: number;
  parameters: Record<string, unknown>;
  finishReason: string;
  tokens: TokenUsage;
  /** US dollars. */
  cost: number;
  timeToFirstTokenMs: number;
  /** Merged into what is there. */
  metadata: Record<string, unknown>;
}>;

export type ToolCallFields = Optional<{
  name: string;
  args: unknown;
  result: unknown;
  /** The step that asked for the call. */
  step: Step | string;
  /** `function` (default), `retrieval`, `mcp`, `hosted`, … */
  kind: string;
  metadata: Record<string, unknown>;
}>;

export function setRun(run: Run, fields: RunFields): void {
  const state = run[STATE];
  const { recording } = state;
  // Not run.prompt(): what an adapter knows about a lazy run does not make it one that is recorded.
  if (fields.prompt !== undefined) state.setPrompt(fields.prompt);
  if (fields.response !== undefined) state.setResponse(fields.response);
  recording.setText('full_output', fields.fullOutput);
  if (fields.name !== undefined) state.rename(toText(fields.name));
  state.setSession(fields.sessionId);
  recording.setText('user_id', fields.userId);
  if (fields.conversational !== undefined) recording.set('conversational', fields.conversational);
  if (fields.tags) state.tag(fields.tags);
  if (fields.metadata) recording.mergeMetadata([fields.metadata]);
}

export function setStep({ [RECORDING]: recording }: Step, fields: StepFields): void {
  const { model, tokens, contentBytes = 0 } = fields;
  if (isObject(model)) {
    recording.setText('model_requested', model.requested as string | undefined);
    recording.setText('model_used', model.used as string | undefined);
  } else if (model) recording.setText('model_requested', model);
  recording.setText('provider', fields.provider);
  if (fields.prompt !== undefined) recording.setText('prompt', toText(fields.prompt));
  if (fields.response !== undefined) recording.setText('response', toText(fields.response));
  if (fields.messages) recording.setContents('messages', contents(fields.messages), contentBytes);
  if (fields.output) recording.setContents('output', contents(fields.output), contentBytes);
  const { toolDefinitions } = fields;
  if (typeof toolDefinitions === 'string') recording.setText('tool_definitions', toolDefinitions);
  else if (toolDefinitions)
    recording.setContents('tool_definitions', contents(toolDefinitions), contentBytes);
  if (fields.parameters) recording.set('parameters', plainCopy(fields.parameters), 128);
  recording.setText('finish_reason', fields.finishReason);
  if (tokens) setTokens(recording, tokens);
  recording.setNumber('real_total_cost', fields.cost);
  recording.setNumber('time_to_first_token_ms', fields.timeToFirstTokenMs);
  if (fields.kind || fields.metadata) {
    recording.mergeMetadata([fields.kind ? { kind: fields.kind } : undefined, fields.metadata]);
  }
}

function contents(values: Lazy<readonly unknown[]>): ContentList {
  if (typeof values === 'function' || Array.isArray(values)) return contentTexts(values);
  misuse({
    kind: 'invalid-content',
    message: 'messages, output and toolDefinitions take arrays; one was left out.',
  });
  return [];
}

export function setToolCall({ [RECORDING]: recording }: ToolCall, fields: ToolCallFields): void {
  recording.setText('tool_name', fields.name);
  if (fields.args !== undefined) recording.setText('args', toText(fields.args));
  if (fields.result !== undefined) recording.setText('result', toText(fields.result));
  const { step } = fields;
  if (step !== undefined) recording.setText('step_id', typeof step === 'string' ? step : step.stepId);
  recording.setText('kind', fields.kind);
  if (fields.metadata) recording.mergeMetadata([fields.metadata]);
}
