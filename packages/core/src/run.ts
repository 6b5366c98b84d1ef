import { currentScope, type Scope } from './ambient.js';
import { clockOffset, newId } from './clock.js';
import { type SampleContext, settings } from './config.js';
import { outbox } from './current-outbox.js';
import { misuse, report } from './diagnostics.js';
import { type FeedbackInput, submitFeedback } from './feedback.js';
import { arm, timeoutOf, unwatch, watch } from './pulse.js';
import {
  failOpen,
  INSPECT,
  type Ledger,
  outcomeOf,
  RECORDING,
  Recording,
  readId,
  recover,
  STATE,
} from './recording.js';
import { isObject, messageOf, plainCopy, toText } from './snapshot.js';
import { Step, type StepOptions } from './step.js';
import { ToolCall, type ToolCallOptions } from './tool-call.js';
import type { Outcome, PromptFields } from './wire.js';

export interface RunOptions {
  /** Default: a new UUIDv7. Any non-empty string will do. */
  runId?: string | undefined;
  /** Groups runs: a conversation, a workflow, a batch. */
  sessionId?: string | undefined;
  /** Shows the runs of the session as one continuous conversation. */
  conversational?: boolean | undefined;
  /** Default: now. */
  startTime?: Date | undefined;
  /** Milliseconds after which the run is closed as `timed_out`; 0 = never. Default: `configure({ runTimeout })`. */
  timeout?: number | undefined;
  /** The agent's name, e.g. `support-agent`. */
  name?: string | undefined;
  userId?: string | undefined;
  tags?: readonly string[] | undefined;
  metadata?: Record<string, unknown> | undefined;
  /** The run this one is nested in. Default: the ambient run; `null` = none. */
  parent?: Run | null | undefined;
}

export interface PromptInput {
  user_prompt: string;
  system_prompt?: string | undefined;
  /** The raw request, kept for replay. */
  full_input?: string | undefined;
}

export interface ResponseInput {
  response: string;
  full_output?: string | undefined;
}

/** A step or a tool call that has not ended. */
interface OpenChild {
  readonly [RECORDING]: Recording;
  /** Closes it because its run ended. */
  closeWithRun(outcome: 'abandoned' | 'error', message: string): void;
}

/** @internal */
export class RunState implements Ledger {
  readonly recording: Recording;
  readonly runId: string;
  readonly offset: number;
  readonly recorded: boolean;
  readonly sentContent = new Set<string>();
  readonly open = new Set<OpenChild>();
  private readonly timeout: number;
  /** When `expire` is due, on the monotonic clock. */
  deadline = Number.POSITIVE_INFINITY;
  hasPrompt = false;
  tagList: string[] = [];
  /** Set while an ended run waits for its children. */
  private closing: (() => void) | undefined;

  /** `own` is false for a run that another process records: only its children are recorded here. */
  constructor(options: RunOptions, parent: Scope | undefined, own: boolean) {
    const parentState = parent?.run[STATE];
    this.runId = readId(options.runId, 'runId') ?? newId();
    this.offset = parentState?.offset ?? clockOffset();
    this.recorded = parentState ? parentState.recorded : own ? isSampled(options) : !settings.disabled;
    this.recording = new Recording({ type: 'run', run_id: this.runId }, this, options.startTime ?? undefined);
    const { recording } = this;
    const session = readId(options.sessionId, 'sessionId');
    recording.setText('session_id', session);
    if (options.conversational !== undefined)
      recording.set('conversational', options.conversational === true);
    if (options.name !== undefined) recording.setText('name', toText(options.name));
    if (options.userId !== undefined) recording.setText('user_id', toText(options.userId));
    if (options.tags) this.tag(options.tags);
    if (options.metadata) recording.mergeMetadata([options.metadata]);
    if (parent) {
      recording.set('parent_run_id', parent.run.runId);
      if (parent.toolCall) recording.set('parent_tool_call_id', parent.toolCall.toolCallId);
    }
    recording.set('environment', settings.environment);
    recording.set('release', settings.release);
    this.timeout = timeoutOf(options.timeout);
    this.deadline = performance.now() + this.timeout;
    if (this.recorded && own) watch(this);
  }

  tag(tags: readonly unknown[]): void {
    const texts = tags.flat().map(toText);
    this.tagList = [...new Set([...this.tagList, ...texts])];
    this.recording.set('tags', this.tagList, 32 * this.tagList.length);
  }

  /** What a long run has to say while it runs: its own news and its children's, or that it is still there. */
  announce(now: number, afterMs: number, heartbeatMs: number): void {
    const { recording } = this;
    if (recording.endMs === undefined && now + this.offset - recording.startMs >= afterMs) {
      if (recording.item) recording.publish(false);
      for (const { [RECORDING]: child } of this.open) if (child.item) child.publish(false);
      if (now - recording.publishedAt >= heartbeatMs) recording.heartbeat();
    }
  }

  /** Goes on after it waited for a person. Its end time and outcome stand until the next end replaces them. */
  resume(): void {
    const { recording } = this;
    if (recording.outcome !== 'interrupted') return;
    recording.endMs = undefined;
    recording.pinnedEndMs = undefined;
    this.deadline = performance.now() + this.timeout;
    if (this.recorded) watch(this);
  }

  /** The deadline of an open run, or of an ended one that waits for its children. */
  expire(): void {
    if (this.closing) this.closing();
    else this.end('timed_out', 'Run timed out: nobody ended it in time', 'error');
  }

  /** Ends the run and closes its open children. */
  end(outcome: Outcome, message: string | undefined, children: 'abandoned' | 'error', endMs?: number): void {
    unwatch(this);
    this.closing = undefined;
    const reason = children === 'error' ? 'Parent run errored' : 'Run ended before this was';
    for (const child of this.open) child.closeWithRun(children, reason);
    this.open.clear();
    this.recording.finish(outcome, message, endMs, true);
  }

  /** Ends the run once its children have ended, or after `waitMs` with those that have not abandoned. */
  endAfterChildren(
    outcome: Outcome,
    message: string | undefined,
    waitMs: number,
    endMs?: number,
  ): Promise<void> {
    if (this.open.size === 0) {
      this.end(outcome, message, 'abandoned', endMs);
      return outbox().acknowledged();
    }
    return new Promise((resolve) => {
      this.closing = () => {
        this.end(outcome, message, 'abandoned', endMs);
        resolve(outbox().acknowledged());
      };
      this.deadline = performance.now() + waitMs;
      arm(this.deadline);
    });
  }

  childEnded(child: OpenChild): void {
    if (this.open.delete(child) && this.open.size === 0) this.closing?.();
  }
}

function isSampled(options: RunOptions): boolean {
  if (settings.disabled) return false;
  const { sample } = settings.raw;
  if (sample === undefined) return true;
  try {
    const { name, sessionId, userId, tags } = options;
    const context = { name, sessionId, userId, tags } as SampleContext;
    return typeof sample === 'function' ? sample(context) === true : Math.random() < sample;
  } catch (error) {
    report({
      kind: 'sample-failed',
      message: `The sample hook threw; the run is recorded: ${messageOf(error)}`,
    });
    return true;
  }
}

/**
 * One agent invocation, from the user's prompt to the final response. Made by {@link run}.
 *
 * Setters return the run, so they chain. None of them throws; what is recorded is what the values were at the call.
 */
export class Run {
  /** @internal */
  readonly [STATE]: RunState;

  /** @internal */
  constructor(options: RunOptions, parent: Scope | undefined, own = true) {
    this[STATE] = new RunState(options, parent, own);
  }

  get runId(): string {
    return this[STATE].runId;
  }

  /** What the user asked: text, or an object that also holds the system prompt. */
  prompt(prompt: string | PromptInput): this {
    const state = this[STATE];
    failOpen(state.runId, () => {
      const fields = readPrompt(prompt, state.runId);
      if (!fields) return;
      state.hasPrompt = true;
      state.recording.set('prompt', fields, promptLength(fields));
    });
    return this;
  }

  /** The final answer. A later call replaces an earlier one. */
  response(response: string | ResponseInput): this {
    const { recording } = this[STATE];
    failOpen(this.runId, () => {
      if (isObject(response) && 'response' in response) {
        recording.setText('response', toText(response.response));
        if (response.full_output !== undefined)
          recording.setText('full_output', toText(response.full_output));
      } else if (response !== undefined && response !== null) recording.setText('response', toText(response));
    });
    return this;
  }

  /** Names and values to filter by. Later keys win. */
  metadata(...records: Record<string, unknown>[]): this {
    failOpen(this.runId, () => this[STATE].recording.mergeMetadata(records));
    return this;
  }

  tags(...tags: (string | readonly string[])[]): this {
    failOpen(this.runId, () => this[STATE].tag(tags));
    return this;
  }

  user(userId: string): this {
    failOpen(this.runId, () => this[STATE].recording.setText('user_id', readId(userId, 'userId')));
    return this;
  }

  /** 0 = ok, 2 = error. Does not end the run. */
  status(code: number, message?: string): this {
    failOpen(this.runId, () => this[STATE].recording.pinStatus(code, message));
    return this;
  }

  /** Pins the end time; otherwise it is taken when the run ends. */
  endTime(time: Date): this {
    failOpen(this.runId, () => this[STATE].recording.pinEnd(time));
    return this;
  }

  /** A model call. Takes its id or `{ stepId, startTime }`. */
  step(options?: string | StepOptions): Step {
    return recover(
      this.runId,
      () => new Step(this, typeof options === 'string' ? { stepId: options } : (options ?? {})),
      () => new Step(this, {}),
    );
  }

  /** A tool execution. Takes its name or `{ name, toolCallId, startTime }`. */
  toolCall(options?: string | ToolCallOptions): ToolCall {
    return recover(
      this.runId,
      () => new ToolCall(this, typeof options === 'string' ? { name: options } : (options ?? {})),
      () => new ToolCall(this, {}),
    );
  }

  /** A nested run: another agent that this one calls. */
  run(options?: RunOptions): Run {
    return run({ ...options, parent: this });
  }

  /** Thumbs and words about this run, also long after it ended. */
  feedback(feedback: Omit<FeedbackInput, 'runId'>): Promise<void> {
    return submitFeedback({ ...feedback, runId: this.runId });
  }

  /**
   * Ends the run. Steps and tool calls that are still open are closed as `abandoned`.
   *
   * Resolves when the collector has acknowledged the run, or it is safe on disk, within `configure({ endTimeout })`.
   * Never rejects, unless `strict` is set. Nobody has to await it.
   */
  end(): Promise<void> {
    const state = this[STATE];
    return settle(state.runId, () => {
      if (endedBefore(state)) return;
      if (!state.hasPrompt) {
        misuse({
          kind: 'run-without-prompt',
          message:
            'A run ended without a prompt. Call run.prompt() before run.end(); it is recorded without one.',
          runId: state.runId,
        });
      }
      if (state.open.size > 0) {
        misuse({
          kind: 'children-not-ended',
          message: `${state.open.size} steps or tool calls were still open when their run ended. Call end() on each before run.end(); they are recorded as abandoned.`,
          runId: state.runId,
          count: state.open.size,
        });
      }
      state.end(outcomeOf(state.recording), undefined, 'abandoned');
    });
  }

  /** Ends the run as failed. Takes an Error or what to say. Open steps and tool calls are closed as errors. */
  error(message?: unknown): Promise<void> {
    const state = this[STATE];
    return settle(state.runId, () => {
      endedBefore(state);
      state.end('error', message === undefined ? undefined : messageOf(message), 'error');
    });
  }

  /** What console.log shows: not the bookkeeping. */
  [INSPECT](): string {
    return `Run { ${this.runId} }`;
  }

  /** `await using r = run()` ends the run with its block. */
  [Symbol.asyncDispose](): Promise<void> {
    return this[STATE].recording.ended ? Promise.resolve() : this.end();
  }
}

/** Whether the run had ended; if so that is said, and what came since is an amendment. */
function endedBefore(state: RunState): boolean {
  const { recording } = state;
  if (!recording.ended) return false;
  if (recording.outcome === 'timed_out') {
    report({
      kind: 'run-ended-after-timeout',
      message:
        'A run ended after its timeout had closed it. Raise `timeout`, or set it to 0; what it recorded since is kept.',
      runId: state.runId,
    });
    recording.finish('timed_out', undefined, performance.now() + state.offset, true);
    return true;
  }
  misuse({
    kind: 'run-ended-twice',
    message: 'A run was ended twice. Call end() or error() once; the second call only adds what is new.',
    runId: state.runId,
  });
  return true;
}

function settle(runId: string, work: () => void): Promise<void> {
  try {
    failOpen(runId, work);
    return outbox().acknowledged();
  } catch (error) {
    return Promise.reject(error);
  }
}

function readPrompt(prompt: unknown, runId: string): PromptFields | undefined {
  if (typeof prompt === 'string') return { user_prompt: prompt };
  if (isObject(prompt) && ('user_prompt' in prompt || 'system_prompt' in prompt || 'full_input' in prompt)) {
    const fields: PromptFields = {};
    for (const name of ['user_prompt', 'system_prompt', 'full_input'] as const) {
      const value = prompt[name];
      if (value !== undefined && value !== null) fields[name] = toText(value);
    }
    return fields;
  }
  misuse({
    kind: 'invalid-prompt',
    message: `prompt() takes text or { user_prompt, system_prompt? }, not ${prompt === null ? 'null' : typeof prompt}.`,
    runId,
  });
  return prompt === undefined || prompt === null ? undefined : { user_prompt: toText(plainCopy(prompt)) };
}

const promptLength = ({ user_prompt = '', system_prompt = '', full_input = '' }: PromptFields) =>
  user_prompt.length + system_prompt.length + full_input.length;

/**
 * Starts a run. It nests under the ambient run where there is one.
 *
 * @example
 * ```ts
 * const r = run({ sessionId: 'chat-42', conversational: true });
 * r.prompt("What's the weather in San Francisco?");
 * r.response("It's 72°F and sunny.");
 * await r.end();
 * ```
 */
export function run(options?: RunOptions): Run {
  const scope = currentScope();
  return recover(
    undefined,
    () => {
      const given = isObject(options) ? (options as RunOptions) : {};
      const { parent } = given;
      if (parent === null) return new Run(given, undefined);
      if (parent === undefined) return new Run(given, scope);
      // An explicit parent that is the ambient run is called from where the code stands, a tool call included.
      return new Run(given, scope?.run === parent ? scope : { run: parent });
    },
    () => new Run({}, scope),
  );
}
