import { currentScope, type Scope } from './ambient.js';
import { outbox } from './current-outbox.js';
import { misuse, report } from './diagnostics.js';
import { type FeedbackInput, submitFeedback } from './feedback.js';
import { change, Recorded } from './recorded.js';
import { failOpen, outcomeOf, readId, recover, STATE } from './recording.js';
import {
  type InternalOptions,
  type PromptInput,
  type ResponseInput,
  type RunOptions,
  RunState,
} from './run-state.js';
import { isObject, messageOf } from './snapshot.js';
import { Step, type StepOptions } from './step.js';
import { ToolCall, type ToolCallOptions, toolCallOf } from './tool-call.js';

export type { PromptInput, ResponseInput, RunOptions } from './run-state.js';

/**
 * One agent invocation, from the user's prompt to the final response. Made by {@link run}.
 *
 * Setters return the run, so they chain. None of them throws; what is recorded is what the values were at the call.
 */
export class Run extends Recorded {
  /** @internal */
  readonly [STATE]: RunState;

  /** @internal */
  constructor(options: RunOptions & InternalOptions, parent: Scope | undefined, own = true) {
    const state = new RunState(options, parent, own);
    super(state.recording);
    this[STATE] = state;
  }

  get runId(): string {
    return this[STATE].runId;
  }

  /** What the user asked: text, or an object that also holds the system prompt. */
  prompt(prompt: string | PromptInput): this {
    return change(this, () => {
      this[STATE].attach();
      this[STATE].setPrompt(prompt);
    });
  }

  /** The final answer. A later call replaces an earlier one. */
  response(response: string | ResponseInput): this {
    return change(this, () => {
      this[STATE].attach();
      this[STATE].setResponse(response);
    });
  }

  tags(...tags: (string | readonly string[])[]): this {
    return change(this, () => this[STATE].tag(tags));
  }

  user(userId: string): this {
    return change(this, (recording) => recording.setText('user_id', readId(userId, 'userId')));
  }

  /** A model call. Takes its id or `{ stepId, startTime }`. */
  step(options?: string | StepOptions): Step {
    return recover(
      this.runId,
      () => new Step(this, typeof options === 'string' ? { stepId: options } : (options ?? {})),
      () => new Step(this, {}),
    );
  }

  /**
   * A tool execution. Takes its name or `{ name, toolCallId, startTime }`. With the id of a call that the model asked for in
   * a step recorded by an adapter, it is that call.
   */
  toolCall(options?: string | ToolCallOptions): ToolCall {
    return recover(
      this.runId,
      () => toolCallOf(this, typeof options === 'string' ? { name: options } : (options ?? {})),
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
