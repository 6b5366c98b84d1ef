import type { Scope } from './ambient.js';
import { clockOffset, newId, timeWith } from './clock.js';
import { type SampleContext, settings } from './config.js';
import { SentContents } from './content-refs.js';
import { outbox } from './current-outbox.js';
import { misuse, report } from './diagnostics.js';
import { arm, timeoutOf, unwatch, watch } from './pulse.js';
import { failOpen, type Ledger, RECORDING, Recording, readId, STATE } from './recording.js';
import type { RequestedCalls } from './requested-calls.js';
import type { Run } from './run.js';
import { isObject, messageOf, plainCopy, toText } from './snapshot.js';
import type { StepTexts } from './step-texts.js';
import type { Outcome, PromptFields, RunItem } from './wire.js';

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

/** How long a run that was asked to end waits for model and tool calls that still go on. */
export const CHILDREN_WAIT_MS = 30_000;

/** A step or a tool call that has not ended. */
interface OpenChild {
  readonly [RECORDING]: Recording;
  /** Closes it because its run ended. */
  closeWithRun(outcome: 'abandoned' | 'error', message: string): void;
}

/** What an adapter may ask of a run beyond {@link RunOptions}. */
export interface InternalOptions {
  /**
   * Records the run only if something happens in it: a step, a tool call or a nested run. Called just before the first; `false`
   * means to record nothing.
   */
  lazy?: (() => boolean) | undefined;
  /** Where it takes its prompt and response from if it has none of its own. */
  texts?: StepTexts | undefined;
}

/** How an ended run waits for what still goes on in it. */
interface Waiting {
  outcome: Outcome;
  message: string | undefined;
  endMs: number;
  /** Milliseconds it waits for open children. */
  waitMs: number;
  /** Milliseconds it waits for another child when none is open. */
  settleMs: number;
}

/** @internal */
export class RunState implements Ledger {
  readonly recording: Recording;
  readonly runId: string;
  readonly offset: number;
  recorded: boolean;
  lazy = false;
  private contents: SentContents | undefined;
  readonly open = new Set<OpenChild>();
  private readonly timeout: number;
  /** When `expire` is due, on the monotonic clock. */
  deadline = Number.POSITIVE_INFINITY;
  hasPrompt = false;
  hasResponse = false;
  name: string | undefined;
  /** The adapter that opened it. */
  sdk: string | undefined;
  tagList: string[] = [];
  private ownSession: string | undefined;
  private readonly parent: RunState | undefined;
  private readonly onAttach: (() => boolean) | undefined;
  private readonly texts: StepTexts | undefined;
  /** Tool calls that the model asked for. */
  requested: RequestedCalls | undefined;
  /** Set while an ended run waits for its children. */
  private closing: { at: number; waiting: Waiting; done: () => void } | undefined;
  /** How it ended while it was lazy. */
  private endedLazily: Waiting | undefined;
  private lastChildEndMs = 0;

  /** `own` is false for a run that another process records: only its children are recorded here. */
  constructor(options: RunOptions & InternalOptions, parent: Scope | undefined, own: boolean) {
    const parentState = parent?.run[STATE];
    this.parent = parentState;
    this.onAttach = options.lazy;
    this.lazy = options.lazy !== undefined;
    this.texts = options.texts;
    if (!this.lazy) parentState?.attach();
    this.runId = readId(options.runId, 'runId') ?? newId();
    this.offset = parentState?.offset ?? clockOffset();
    this.recorded = parentState
      ? parentState.recorded
      : own && !this.lazy
        ? isSampled(options)
        : !settings.disabled;
    this.recording = new Recording({ type: 'run', run_id: this.runId }, this, options.startTime ?? undefined);
    const { recording } = this;
    this.setSession(readId(options.sessionId, 'sessionId'));
    if (options.conversational !== undefined)
      recording.set('conversational', options.conversational === true);
    if (options.name !== undefined) this.rename(toText(options.name));
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
    if (this.recorded && own && !this.lazy) watch(this);
  }

  /** Something happens in the run: if it was only to be recorded in that case, it is from now on. */
  attach(): void {
    if (!this.lazy) return;
    const { recording, endedLazily } = this;
    let wanted = true;
    failOpen(this.runId, () => {
      wanted = this.onAttach?.() !== false;
    });
    this.lazy = false;
    this.parent?.attach();
    const { name, session_id, user_id, tags } = (recording.item ?? {}) as Partial<RunItem>;
    this.recorded =
      wanted &&
      (this.parent
        ? this.parent.recorded
        : isSampled({ name, sessionId: session_id, userId: user_id, tags }));
    if (!this.recorded) recording.item = undefined;
    else if (endedLazily) this.wait(endedLazily, () => {});
    else watch(this);
    if (outbox().eager) recording.publish(false);
  }

  get sentContents(): SentContents {
    this.contents ??= new SentContents();
    return this.contents;
  }

  /** Whether something is open that an end has to wait for. */
  private get busy(): boolean {
    return this.open.size > (this.requested?.size ?? 0);
  }

  /** A step or tool call begins. */
  opened(child: OpenChild): void {
    this.open.add(child);
    // A settling run waits for this one too, as long as for any other.
    if (this.closing) this.deadline = this.closing.at + this.closing.waiting.waitMs;
  }

  /** When it ended, also while it is lazy; undefined while it runs. */
  get endedMs(): number | undefined {
    return this.recording.endMs ?? this.endedLazily?.endMs;
  }

  setPrompt(prompt: unknown): void {
    const fields = readPrompt(prompt, this.runId);
    if (!fields) return;
    this.hasPrompt = true;
    this.recording.set('prompt', fields, promptLength(fields));
  }

  setResponse(response: unknown): void {
    if (response === undefined || response === null) return;
    this.hasResponse = true;
    const { recording } = this;
    if (isObject(response) && 'response' in response) {
      recording.setText('response', toText(response.response));
      if (response.full_output !== undefined) recording.setText('full_output', toText(response.full_output));
    } else recording.setText('response', toText(response));
  }

  heard(_step: Recording, field: string, value: unknown): void {
    this.texts?.heard(field, value);
  }

  rename(name: string): void {
    this.name = name;
    this.recording.setText('name', name);
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

  setSession(id: string | undefined): void {
    this.ownSession = id ?? this.ownSession;
    this.recording.setText('session_id', id);
  }

  /** Its session, or that of the nearest run around it that has one. */
  get session(): string | undefined {
    return this.ownSession ?? this.parent?.session;
  }

  /** Whether it is nested in the other one, at any depth. */
  isWithin(other: RunState): boolean {
    for (let at = this.parent; at; at = at.parent) if (at === other) return true;
    return false;
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
    if (this.closing) this.close();
    else this.end('timed_out', 'Run timed out: nobody ended it in time', 'error');
  }

  /** Ends the run and closes its open children. */
  end(outcome: Outcome, message: string | undefined, children: 'abandoned' | 'error', endMs?: number): void {
    if (this.lazy) {
      this.endedLazily ??= {
        outcome,
        message,
        endMs: endMs ?? timeWith(this.offset),
        waitMs: CHILDREN_WAIT_MS,
        settleMs: 0,
      };
      return;
    }
    unwatch(this);
    this.closing = undefined;
    const reason = children === 'error' ? 'Parent run errored' : 'Run ended before this was';
    for (const child of this.open) {
      child.closeWithRun(this.requested?.has(child) ? 'abandoned' : children, reason);
    }
    this.requested = undefined;
    this.open.clear();
    if (this.texts) {
      const { prompt, response } = this.texts;
      if (!this.hasPrompt) this.recording.set('prompt', prompt(), 64);
      if (!this.hasResponse) this.recording.setText('response', response());
    }
    this.recording.finish(outcome, message, endMs, true);
  }

  /** Ends the run once its children have ended, or after `waitMs` with those that have not abandoned. */
  endAfterChildren(
    outcome: Outcome,
    message: string | undefined,
    waitMs: number,
    endMs?: number,
    settleMs = 0,
  ): Promise<void> {
    const waiting: Waiting = {
      outcome,
      message,
      endMs: endMs ?? timeWith(this.offset),
      waitMs,
      settleMs,
    };
    if (this.lazy) {
      this.endedLazily ??= waiting;
      return Promise.resolve();
    }
    if (!this.busy && settleMs === 0) {
      this.end(outcome, message, 'abandoned', endMs);
      return outbox().acknowledged();
    }
    return new Promise((resolve) => {
      this.wait(waiting, () => resolve(outbox().acknowledged()));
    });
  }

  private wait(waiting: Waiting, done: () => void): void {
    const before = this.closing;
    this.closing = {
      at: performance.now(),
      waiting,
      done: () => {
        before?.done();
        done();
      },
    };
    watch(this);
    this.settle(this.busy ? waiting.waitMs : waiting.settleMs);
  }

  private settle(ms: number): void {
    this.deadline = performance.now() + ms;
    arm(this.deadline);
  }

  private close(): void {
    const { closing } = this;
    if (!closing) return;
    const { outcome, message, endMs } = closing.waiting;
    this.end(outcome, message, 'abandoned', Math.max(endMs, this.lastChildEndMs));
    closing.done();
  }

  childEnded(child: OpenChild): void {
    if (!this.open.delete(child)) return;
    this.requested?.delete(child);
    this.lastChildEndMs = Math.max(this.lastChildEndMs, child[RECORDING].endMs ?? 0);
    if (this.busy || !this.closing) return;
    const { settleMs } = this.closing.waiting;
    if (settleMs > 0) this.settle(settleMs);
    else this.close();
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
