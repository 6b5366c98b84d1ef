import {
  type End,
  type Recorder,
  type Run,
  type RunFields,
  type RunStart,
  recorder,
  type Scope,
  type Step,
  type ToolCall,
} from '@observatory/core/recorder';
import type { Failure } from './map-outcome.js';
import { SDK } from './version.js';

export const record: Recorder = recorder(SDK);

/** A run whose answer is there waits this long for children that are still going on. */
const CHILDREN_WAIT_MS = 2_000;
/** A run remembers this many tool calls, and as many requests for some. */
const MAX_CALLS = 2_000;

/** A tool call that a model asked for and that nobody has started yet. */
interface Request {
  step: Step;
  name: string;
  args: unknown;
}

/** A tool call that was made, perhaps more than once. */
interface Execution {
  call: ToolCall;
  name: string;
  args: string;
  step: Step | undefined;
  attempts: number;
  interrupted: boolean;
}

/** What a graph asked a person, and where it stands until the answer comes. */
export interface Interrupt {
  questions: readonly unknown[];
  checkpointId?: string | undefined;
}

/**
 * What is known about a run that invocations record into: the run itself, the tool calls that models asked for, and those
 * that were made. It is opened for a root invocation or a sub-agent, or stands for a run of the host's.
 */
export class RunBook {
  readonly run: Run;
  /** False for the ambient run, which its host ends. */
  readonly own: boolean;
  /** The invocation the run was opened for; another one after a resume. */
  rootId: string;
  /** Puts the run where the leg that goes on with it will look. */
  park: (() => void) | undefined;
  /** When something last happened in it, on the monotonic clock. */
  touchedAt = performance.now();
  /** Invocations that have started and not ended. */
  open = 0;
  /** Closes over the model calls among them: keeps what their streams have brought so far. */
  readonly streams = new Set<() => void>();
  interrupt: Interrupt | undefined;
  /** How the last part directly under the root failed: the root itself may only say `Abort`. */
  failure: Failure | undefined;
  /** Sub-agents that wait for a person, by the tool call that started them. */
  readonly waiting = new Map<string, RunBook>();
  readonly #requests = new Map<string, Request>();
  readonly #executions = new Map<string, Execution>();
  /** Whether the host's run takes its response from here. */
  #answers = false;

  private constructor(rootId: string, run: Run, own: boolean) {
    this.rootId = rootId;
    this.run = run;
    this.own = own;
  }

  /** A run of the host's, which gets what it does not say of itself. */
  static joining(rootId: string, run: Run, fields: RunFields): RunBook {
    const book = new RunBook(rootId, run, false);
    book.#answers = introduce(run, fields);
    return book;
  }

  /** A run of its own. A `lazy` one is only recorded if something happens in it. */
  static opening(rootId: string, start: RunStart): RunBook {
    return new RunBook(rootId, record.openRun(start), true);
  }

  touch(): void {
    this.touchedAt = performance.now();
  }

  requested(id: string, request: Request): void {
    if (this.#requests.size < MAX_CALLS) this.#requests.set(id, request);
  }

  get awaitsTools(): boolean {
    return this.#requests.size > 0;
  }

  /** Takes the request for a call with this id. */
  take(id: string): Request | undefined {
    const request = this.#requests.get(id);
    this.#requests.delete(id);
    return request;
  }

  /**
   * The id of the request that a tool answers which does not say so (`@langchain/core` 0.3): same name, same arguments, and
   * one that waits for a person first.
   */
  claim(name: string, argsJson: string): string | undefined {
    for (const [id, execution] of this.#executions) {
      if (execution.interrupted && execution.name === name && execution.args === argsJson) return id;
    }
    let sameName: string | undefined;
    for (const [id, request] of this.#requests) {
      if (request.name !== name) continue;
      sameName ??= id;
      if (JSON.stringify(request.args) === argsJson) return id;
    }
    return sameName;
  }

  /** The call with this id as it was made before, if it was. */
  execution(id: string): Execution | undefined {
    return this.#executions.get(id);
  }

  executed(id: string, execution: Execution): void {
    if (this.#executions.size < MAX_CALLS || this.#executions.has(id)) this.#executions.set(id, execution);
  }

  end(end: RunFields & End): void {
    for (const save of this.streams) save();
    if (!this.own) {
      if (this.#answers && end.response !== undefined) record.amendRun(this.run, { response: end.response });
      return;
    }
    const late = this.open > 0 || !record.isOpen(this.run);
    void record.endRun(this.run, {
      ...end,
      endTime: late ? Date.now() : undefined,
      children: 'wait',
      waitMs: CHILDREN_WAIT_MS,
    });
  }

  /** Another leg of the same run, after a person has answered. */
  resume(rootId: string, answer: string | undefined): void {
    this.rootId = rootId;
    this.failure = undefined;
    this.interrupt = undefined;
    this.touch();
    record.resumeRun(this.run);
    if (answer !== undefined) record.amendRun(this.run, { metadata: { resumed_with: answer } });
  }

  /** Says on the run what it waits for. */
  interrupted(interrupt: Interrupt): void {
    this.interrupt = interrupt;
    record.amendRun(this.run, {
      metadata: {
        interrupts: interrupt.questions,
        ...(interrupt.checkpointId === undefined ? {} : { checkpoint_id: interrupt.checkpointId }),
      },
    });
  }

  scope(toolCall: ToolCall | undefined, metadata: Record<string, unknown> | undefined): Scope {
    return { run: this.run, toolCall, metadata };
  }
}

/** The adapters whose runs are requests: an agent inside gives such a run its name. */
const REQUEST_SDK = /^@observatory\/(http|express|hono|fastify)\b/;
/** Runs that have taken their name, or their response, from an agent inside. */
const named = new WeakSet<Run>();
const answered = new WeakSet<Run>();

/** Tells a run of the host's what it does not know. Returns whether its response is left to us. */
function introduce(
  run: Run,
  { name, prompt, sessionId, conversational, userId, tags, metadata }: RunFields,
): boolean {
  const about = record.about(run);
  const renames = about.name === undefined || (REQUEST_SDK.test(about.sdk ?? '') && !named.has(run));
  if (renames && name !== undefined) named.add(run);
  record.amendRun(run, {
    name: renames ? name : undefined,
    prompt: about.hasPrompt ? undefined : prompt,
    ...(record.sessionOf(run) === undefined ? { sessionId, conversational } : {}),
    userId,
    tags,
    metadata,
  });
  if (about.hasResponse && !answered.has(run)) return false;
  answered.add(run);
  return true;
}
