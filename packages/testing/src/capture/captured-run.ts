import type {
  ContentRefs,
  FeedbackItem,
  Message,
  PromptFields,
  RunItem,
  StepItem,
  ToolCallItem,
  WireItem,
} from '@observatory/core/wire';
import { type CapturedContents, capturedContents } from './captured-contents.js';
import { fold } from './fold.js';

/** A run as a reader of the dashboard would see it: all its items in one, with everything that belongs to it. */
export interface CapturedRun extends Omit<RunItem, 'type' | 'seq' | 'start_time' | 'prompt'> {
  start_time: string;
  /** Empty when the run has none. */
  prompt: PromptFields;
  /** In time order, like the lists below. */
  steps: CapturedStep[];
  tool_calls: CapturedToolCall[];
  /** Nested runs. */
  runs: CapturedRun[];
  feedback: FeedbackItem[];
}

export interface CapturedStep
  extends Omit<StepItem, 'type' | 'seq' | 'start_time' | 'messages' | 'output' | 'tool_definitions'> {
  start_time: string;
  /** Resolved from the refs to them. */
  messages?: Message[];
  output?: Message[];
  /** Resolved, or parsed from JSON text. */
  tool_definitions?: unknown;
}

export interface CapturedToolCall extends Omit<ToolCallItem, 'type' | 'seq' | 'start_time' | 'tool_name'> {
  start_time: string;
  tool_name: string;
}

/** Root runs in time order, with their steps, tool calls and nested runs, from everything that left the process. */
export function capturedRuns(items: readonly WireItem[]): CapturedRun[] {
  const contents = capturedContents(items);
  const runs = new Map<string, CapturedRun>();
  for (const run of fold(ofType<RunItem>(items, 'run'), ({ run_id }) => run_id)) {
    const { type, seq, prompt = {}, start_time = '', ...rest } = run;
    runs.set(run.run_id, { ...rest, start_time, prompt, steps: [], tool_calls: [], runs: [], feedback: [] });
  }
  // A child whose run was never sent is still there to be looked at.
  const runOf = ({ run_id }: { run_id: string }): CapturedRun => {
    const known = runs.get(run_id);
    if (known) return known;
    const made = { run_id, start_time: '', prompt: {}, steps: [], tool_calls: [], runs: [], feedback: [] };
    runs.set(run_id, made);
    return made;
  };
  for (const step of fold(ofType<StepItem>(items, 'step'), (item) => `${item.run_id}\n${item.step_id}`)) {
    runOf(step).steps.push(capturedStep(step, contents));
  }
  for (const call of fold(
    ofType<ToolCallItem>(items, 'tool_call'),
    (item) => `${item.run_id}\n${item.tool_call_id}`,
  )) {
    const { type, seq, start_time = '', tool_name = '', ...rest } = call;
    runOf(call).tool_calls.push({ ...rest, start_time, tool_name });
  }
  for (const feedback of ofType<FeedbackItem>(items, 'feedback')) runOf(feedback).feedback.push(feedback);

  const roots: CapturedRun[] = [];
  for (const run of runs.values()) {
    run.steps.sort(byStart);
    run.tool_calls.sort(byStart);
    const parent = run.parent_run_id === undefined ? undefined : runs.get(run.parent_run_id);
    (parent && parent !== run ? parent.runs : roots).push(run);
  }
  for (const run of runs.values()) run.runs.sort(byStart);
  return roots.sort(byStart);
}

/** A run and everything nested in it. */
export function withNested(run: CapturedRun): CapturedRun[] {
  return [run, ...run.runs.flatMap(withNested)];
}

function capturedStep(step: StepItem, contents: CapturedContents): CapturedStep {
  const { type, seq, start_time = '', messages, output, tool_definitions, ...rest } = step;
  // What is missing says so instead of vanishing: the content went out before the capture began.
  const messagesOf = (refs: ContentRefs) =>
    contents.resolve(refs, (ref) => ({ role: 'missing', content: ref })) as Message[];
  const definitions = Array.isArray(tool_definitions)
    ? contents.resolve(tool_definitions, (ref) => ref)
    : parsed(tool_definitions);
  return {
    ...rest,
    start_time,
    ...(messages && { messages: messagesOf(messages) }),
    ...(output && { output: messagesOf(output) }),
    ...(definitions !== undefined && { tool_definitions: definitions }),
  };
}

function ofType<Item extends WireItem>(items: readonly WireItem[], type: Item['type']): Item[] {
  return items.filter((item): item is Item => item.type === type);
}

function byStart(a: { start_time: string }, b: { start_time: string }): number {
  return a.start_time < b.start_time ? -1 : a.start_time > b.start_time ? 1 : 0;
}

function parsed(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
