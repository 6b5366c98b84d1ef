import { type Message, type Outcome, type Run, type RunFields, toText } from '@observatory/core/recorder';
import { type IdleWatch, watchIdle } from './idle.js';
import { type Labels, nameOf } from './labels.js';
import { errorText, outcomeOf } from './map-error.js';
import { MessageMapper, promptOf } from './map-messages.js';
import { ModelCall, type ModelCallStart } from './model-call.js';
import { type Fields, fields, list, text } from './plain.js';
import { record } from './record.js';
import { type Privacy, ToolCalls } from './tool-calls.js';

export interface CallStart extends Privacy {
  /** e.g. `ai.streamText`. */
  operation: string;
  functionId?: unknown;
  labels: Labels;
  /** System prompt and messages as the host gave them. */
  instructions?: unknown;
  messages?: unknown;
  /** What is asked where there are no messages. */
  prompt?: string | undefined;
  parameters?: Fields | undefined;
}

/** One request of a call that sends its values in several. */
export interface Batch {
  id: string;
  readonly subject: unknown;
  readonly step: ModelCall;
}

/**
 * One call of the SDK: a run of its own, or part of the run it is made in. Whatever hook tells of it, in whatever order and
 * however often, it reaches one final state, which later news can only make worse.
 */
export class Call implements Privacy {
  readonly run: Run;
  /** Whether the run ends with this call. */
  readonly owned: boolean;
  readonly inputs: boolean;
  readonly outputs: boolean;
  readonly tools: ToolCalls;
  readonly mapper = new MessageMapper();
  readonly steps: ModelCall[] = [];
  readonly operation: string;
  /** Settings of the call that each of its steps shares. */
  readonly parameters: Fields | undefined;
  /** Embeddings and rankings in flight. */
  readonly batches: Batch[] = [];
  #outcome: Outcome | undefined;
  #reader: IdleWatch | undefined;
  #brought: unknown;
  /** What the call says of the run it joined. */
  #joined: RunFields | undefined;
  readonly #onOver: () => void;

  constructor(start: CallStart, onOver: () => void = () => {}) {
    this.inputs = start.inputs;
    this.outputs = start.outputs;
    this.operation = start.operation;
    this.parameters = start.parameters;
    this.#onOver = onOver;
    const messages = this.inputs ? this.mapper.map(start.instructions, start.messages) : [];
    const prompt = this.inputs ? (promptOf(messages) ?? start.prompt) : undefined;
    const { run, owned, joined } = enter(start, prompt);
    this.run = run;
    this.owned = owned;
    this.#joined = joined;
    this.tools = new ToolCalls(run, this);
    this.tools.denied(start.messages);
    this.#brought = start.messages;
  }

  get step(): ModelCall | undefined {
    return this.steps.at(-1);
  }

  /** The step whose last request failed: what comes next is another attempt of it. */
  get retried(): ModelCall | undefined {
    const { step } = this;
    return step && !step.over && step.failure ? step : undefined;
  }

  startStep(start: ModelCallStart): ModelCall {
    this.#reader?.busy();
    const step = new ModelCall(this, start);
    if (this.#joined) {
      // A request's run says who it is when something first happens in it; what the call says goes before that.
      record.amendRun(this.run, this.#joined);
      this.#joined = undefined;
    }
    this.steps.push(step);
    return step;
  }

  /** What a step is asked. What models and tools said before is output too. */
  messages(instructions: unknown, messages: unknown): Message[] | undefined {
    if (!this.inputs) return undefined;
    const mapped = this.mapper.map(instructions, messages);
    if (this.outputs) return mapped;
    return mapped.map((message) => (GIVEN.has(message.role) ? message : { role: message.role }));
  }

  /** A tool call that the conversation brought along, to be executed now that it was approved. */
  broughtAlong(id: string): Fields | undefined {
    for (const message of list(this.#brought)) {
      const part = list(fields(message).content).find((part) => {
        const { type, toolCallId } = fields(part);
        return type === 'tool-call' && toolCallId === id;
      });
      if (part) return fields(part);
    }
    return undefined;
  }

  /** The step that asked for a tool call: the newest that has it in its answer, else the newest. */
  stepAsking(id: string): ModelCall | undefined {
    return (
      this.steps.findLast(({ partial }) => partial.calls.some(({ toolCallId }) => toolCallId === id)) ??
      this.step
    );
  }

  /** How many steps the SDK has called complete. */
  completed = 0;

  /** The next step is complete; the one after it may have begun by now. */
  completeStep(result: Fields): void {
    const step =
      this.steps[this.completed] ?? this.startStep({ modelId: text(fields(result.response).modelId) });
    this.completed++;
    this.#complete(step, result);
  }

  /** The current step is complete, its tools included. */
  endStep(result: Fields): void {
    const { step } = this;
    if (step) this.#complete(step, result);
  }

  /** How it was stopped, if it was. */
  get aborted(): Outcome | undefined {
    return this.#outcome === 'cancelled' || this.#outcome === 'timed_out' ? this.#outcome : undefined;
  }

  /** A stream's model is done; what comes next is for whoever reads the stream, who may have left. */
  waitForReader(): void {
    this.#reader ??= watchIdle(() => {
      if (this.finished) return true;
      if (this.tools.running > 0) return false;
      this.stop('abandoned');
      return true;
    });
    this.#reader.waiting();
  }

  get wentWell(): boolean {
    return this.#outcome === 'ok';
  }

  get finished(): boolean {
    return this.#outcome !== undefined && this.#outcome !== 'abandoned';
  }

  #complete(step: ModelCall, result: Fields): void {
    if (step.over) step.amend(result);
    else step.answer(result);
    this.tools.reconcile(result.content, step.step);
  }

  /** The SDK says it is done. Whether it went well is for the steps to say. */
  end(response?: string): void {
    for (const step of this.#open) {
      const failure = step.failure;
      if (failure) step.fail(failure.error);
      else step.stop('incomplete');
    }
    const { step } = this;
    const outcome = step?.outcome ?? 'ok';
    const waiting = outcome === 'ok' && this.tools.waiting;
    this.#finish(waiting ? 'interrupted' : outcome, step?.error, response ?? step?.text);
  }

  /** The step that is going on fails; whether the call does is said later. */
  failStep(error: unknown): void {
    for (const step of this.#open) step.fail(error);
  }

  fail(error: unknown): void {
    this.failStep(error);
    const { step } = this;
    const outcome = outcomeOf(error);
    this.#finish(outcome, errorText(error, this.inputs && this.outputs), step?.text);
  }

  abort(reason: unknown): void {
    const outcome = outcomeOf(reason) === 'timed_out' ? 'timed_out' : 'cancelled';
    this.stop(outcome, outcome === 'timed_out' ? errorText(reason, true) : undefined);
  }

  /** It ends without the SDK's word. */
  stop(outcome: Outcome, message?: string): void {
    for (const step of this.#open) step.stop(outcome, message);
    this.#finish(outcome, message, this.step?.text);
  }

  /** Steps that are not over: one, or the batches of an embedding. */
  get #open(): ModelCall[] {
    return this.steps.filter(({ over }) => !over);
  }

  #finish(outcome: Outcome, error: string | undefined, response: string | undefined): void {
    const again = this.#outcome !== undefined;
    if (again && this.#outcome === outcome) return;
    this.#outcome = outcome;
    this.#reader?.stop();
    this.#reader = undefined;
    this.#brought = undefined;
    this.tools.close();
    if (outcome === 'abandoned') this.tools.abandon();
    const answer = this.outputs && response ? this.#response(response) : {};
    if (this.owned) {
      void record.endRun(this.run, {
        ...answer,
        outcome,
        ...(error === undefined || outcome === 'ok' ? {} : { error }),
        ...(again ? { endTime: new Date() } : {}),
      });
    } else if ('response' in answer) record.amendRun(this.run, answer);
    this.#onOver();
  }

  /** The last answer is the run's, unless the host has said what that is. */
  #response(response: string): { response?: string } {
    if (!this.owned && record.about(this.run).hasResponse && !answeredByCalls.has(this.run)) return {};
    answeredByCalls.add(this.run);
    return { response };
  }
}

/** Who speaks for the host. */
const GIVEN = new Set(['system', 'developer', 'user']);

/** Runs of others whose response is the answer of a call. */
const answeredByCalls = new WeakSet<Run>();

/** Opened for a request or a job, not for an agent of that name. */
const REQUEST_SDK = /^@observatory\/(?:http|express|hono|fastify)\b/;

type Prompt = Parameters<Run['prompt']>[0];

interface Entered {
  run: Run;
  owned: boolean;
  joined: RunFields | undefined;
}

/** The run a call belongs to: the ambient one, or its own inside a tool, under another agent's name, or outside any run. */
function enter(start: CallStart, prompt: Prompt | undefined): Entered {
  const { agent, metadata, ...labels } = start.labels;
  const scope = record.scope();
  const given = {
    ...labels,
    metadata: { ...metadata, ...(agent ? { agent } : {}) },
    ...(agent ? { name: agent } : {}),
  };
  if (scope && !scope.toolCall) {
    const about = record.about(scope.run);
    const renames =
      agent !== undefined &&
      (about.name === undefined || (REQUEST_SDK.test(about.sdk ?? '') && !named.has(scope.run)));
    if (agent === undefined || about.name === agent || renames) {
      if (agent) named.add(scope.run);
      record.amendRun(scope.run, { ...given, ...(about.hasPrompt ? {} : { prompt }) });
      return { run: scope.run, owned: false, joined: given };
    }
  }
  const run = record.openRun({
    ...given,
    name: agent ?? nameOf(start.functionId, start.operation),
    metadata: { ...given.metadata, operation: start.operation },
    prompt,
  });
  return { run, owned: true, joined: undefined };
}

/** Runs that carry the name of an agent that took them over. */
const named = new WeakSet<Run>();

/** The text of a final object. */
export const objectText = (object: unknown): string | undefined =>
  object === undefined || object === null ? undefined : toText(object);
