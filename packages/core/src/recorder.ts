/**
 * The seam for adapters: open a run or join the ambient one, start and end steps and tool calls, attach what comes late,
 * close what a framework left open. Snapshots, idempotence, truncation, redaction and fail-open live behind it, so that an
 * adapter is a mapping. No function here throws or rejects.
 */
import { currentScope, enteredScope, enterScope, type Scope, within } from './ambient.js';
import { outbox } from './current-outbox.js';
import {
  type Optional,
  type RunFields,
  type StepFields,
  setRun,
  setStep,
  setToolCall,
  type ToolCallFields,
} from './recorder-fields.js';
import { OWNER_RUN, outcomeOf, RECORDING, type Recording, recover, STATE } from './recording.js';
import { RequestedCalls } from './requested-calls.js';
import { Run } from './run.js';
import { CHILDREN_WAIT_MS } from './run-state.js';
import type { Lazy } from './seal.js';
import { messageOf } from './snapshot.js';
import { Step, type TokenUsage } from './step.js';
import { stepTexts } from './step-texts.js';
import { ToolCall, toolCallOf } from './tool-call.js';
import type { Message, Outcome } from './wire.js';

export { addScopeSource, asyncStorage, type ScopeSource } from './ambient.js';
export { contentHash } from './content.js';
export { setOutbox } from './current-outbox.js';
export { report } from './diagnostics.js';
export { follow, type Settled } from './follow.js';
export type { FlushOptions, Outbox, Receipt } from './outbox.js';
export type { RunFields, StepFields, ToolCallFields } from './recorder-fields.js';
export { seal } from './seal.js';
export { shared } from './shared.js';
export { messageOf, toJson, toText } from './snapshot.js';
export type { Lazy, Message, Outcome, Run, Scope, Step, TokenUsage, ToolCall };

/** After this long nothing attaches to an ended run any more: what still runs in its context is something else. */
const LATE_CHILD_MS = 60_000;

export type End = Optional<{
  /** Default: `error` when `error` is given or the host said so with `status(2)`, else `ok`. */
  outcome: Outcome;
  /** An Error or what to say. */
  error: unknown;
  endTime: Date | number;
}>;

export type RunStart = RunFields &
  Optional<{
    runId: string;
    startTime: Date | number;
    timeout: number;
    /** Default: where the code stands; `null` = none. Ids stand for a run that another process records. */
    parent: Run | Scope | RunIds | null;
    /**
     * Records the run only if something happens in it: a step, a tool call or a nested run. Called just before the first; what it
     * returns is set then, and `false` means to record nothing, neither the run nor what is in it.
     */
    lazy: true | ((run: Run) => RunFields | false | undefined);
    /** Without a prompt or response of its own the run takes that of its first or last step. */
    textFromSteps: boolean;
  }>;

export interface RunIds {
  runId: string;
  toolCallId?: string | undefined;
}

export type StepStart = StepFields & Optional<{ stepId: string; startTime: Date | number }>;

export type ToolCallStart = ToolCallFields &
  Optional<{
    toolCallId: string;
    startTime: Date | number;
    /**
     * The model asked for it, and somebody else may make it: by `run.toolCall({ toolCallId })`, by a traced tool of that name
     * in the same run, or never. The run does not wait for it.
     */
    requested: boolean;
  }>;

export interface Recorder {
  /** Where the calling code stands, or undefined outside any run. */
  scope(): Scope | undefined;
  /** Runs `fn` there; `undefined` = outside any run. */
  within<T>(scope: Scope | undefined, fn: () => T): T;
  /** The scope that was entered last, also where a framework's own context says more. */
  enteredScope(): Scope | undefined;
  /**
   * The rest of the current async function, and what it calls, stands in `scope`. Only for frameworks that announce a model
   * call and give no function to run it in; `within` is right everywhere else.
   */
  enterScope(scope: Scope | undefined): void;
  /** The model call an outer adapter is recording right now: an inner one only adds what it alone knows. */
  outerStep(): Step | undefined;
  openRun(start?: RunStart): Run;
  startStep(run: Run, start?: StepStart): Step;
  startToolCall(run: Run, start?: ToolCallStart): ToolCall;
  /** Adds or replaces fields, also after the end. */
  amendRun(run: Run, fields: RunFields): void;
  amendStep(step: Step, fields: StepFields): void;
  amendToolCall(call: ToolCall, fields: ToolCallFields): void;
  /** Ends once. A second end amends: the outcome may get worse. */
  endStep(step: Step, end?: StepFields & End): void;
  endToolCall(call: ToolCall, end?: ToolCallFields & End): void;
  /** Ends the run; `children: 'wait'` first lets open children end, for at most `waitMs` (default 30,000). */
  endRun(run: Run, end?: RunFields & End & RunEnd): Promise<void>;
  /** Goes on with a run that ended as `interrupted`: what comes is part of it, and its next end is the real one. */
  resumeRun(run: Run): void;
  isOpen(target: Run | Step | ToolCall): boolean;
  /** Records a lazy run even if nothing happens in it. */
  keepRun(run: Run): void;
  /** The session of the run, or of the nearest run around it that has one. */
  sessionOf(run: Run): string | undefined;
  /** Whether the run is nested in the other one, at any depth. */
  isWithin(run: Run, other: Run): boolean;
  /** What a run says of itself so far, for an adapter that joins a run it did not open. */
  about(run: Run): AboutRun;
}

export interface AboutRun {
  readonly name: string | undefined;
  /** The adapter that opened it; undefined for the host's own. */
  readonly sdk: string | undefined;
  readonly hasPrompt: boolean;
  readonly hasResponse: boolean;
}

export type RunEnd = Optional<{
  children: 'abandon' | 'wait';
  waitMs: number;
  /** With `wait`: how long a run without open children waits for another. Default 0. */
  settleMs: number;
}>;

/**
 * A recorder for an adapter.
 *
 * @param sdk the adapter's package and version, e.g. `@observatory/openai/0.1.0`
 *
 * @example
 * ```ts
 * const record = recorder('@acme/adapter/1.0.0');
 * const run = record.scope()?.run ?? record.openRun({ name: 'agent' });
 * const step = record.startStep(run, { model: 'gpt-5', messages: () => JSON.parse(body).messages });
 * record.endStep(step, { response: 'hi', tokens: { uncached: 12, completion: 3 } });
 * ```
 */
export function recorder(sdk: string): Recorder {
  const scope = (): Scope | undefined => {
    const current = currentScope();
    if (!current) return undefined;
    const { endedMs, offset } = current.run[STATE];
    return endedMs !== undefined && performance.now() + offset - endedMs > LATE_CHILD_MS
      ? undefined
      : current;
  };

  const open = (start: RunStart): Run => {
    const { parent, startTime, prompt, response, fullOutput, lazy, textFromSteps, ...options } = start;
    const onAttach =
      lazy &&
      (() => {
        const fields = lazy === true ? undefined : lazy(run);
        if (fields) setRun(run, fields);
        return fields !== false;
      });
    const run: Run = new Run(
      {
        ...options,
        startTime: startTime as Date,
        lazy: onAttach,
        texts: textFromSteps ? stepTexts() : undefined,
      },
      parent === undefined ? scope() : parent === null ? undefined : scopeOf(parent),
    );
    run[STATE].sdk = sdk;
    run[STATE].recording.setText('sdk', sdk);
    setRun(run, { prompt, response, fullOutput });
    return run;
  };

  return {
    scope,
    within,
    enteredScope,
    enterScope: (scope) => quietly(() => enterScope(scope)),
    outerStep() {
      const step = scope()?.step;
      return step && !step.ended ? step : undefined;
    },
    openRun: (start = {}) =>
      attempt(
        () => open(start),
        () => new Run({}, undefined),
      ),
    startStep: (run, start = {}) =>
      attempt(
        () => {
          const step = new Step(run, { stepId: start.stepId, startTime: start.startTime as Date });
          const place = placeIn(run, scope());
          if (place) step[RECORDING].mergeMetadata([place]);
          setStep(step, start);
          return step;
        },
        () => new Step(run, {}),
      ),
    startToolCall: (run, start = {}) =>
      attempt(
        () => {
          const { toolCallId, requested, name, args } = start;
          const options = { toolCallId, startTime: start.startTime as Date };
          const call = requested ? new ToolCall(run, options) : toolCallOf(run, options);
          setToolCall(call, start);
          if (requested && !run[STATE].recording.ended) {
            run[STATE].requested ??= new RequestedCalls();
            run[STATE].requested.add(call, name, args);
          }
          return call;
        },
        () => new ToolCall(run, {}),
      ),
    amendRun: (run, fields) => quietly(() => setRun(run, fields)),
    amendStep: (step, fields) => quietly(() => setStep(step, fields)),
    amendToolCall: (call, fields) => quietly(() => setToolCall(call, fields)),
    endStep(step, end = {}) {
      quietly(() => {
        setStep(step, end);
        finish(step[RECORDING], end);
        step[OWNER_RUN][STATE].childEnded(step);
      });
    },
    endToolCall(call, end = {}) {
      quietly(() => {
        setToolCall(call, end);
        finish(call[RECORDING], end);
        call[OWNER_RUN][STATE].childEnded(call);
      });
    },
    async endRun(run, end = {}) {
      const state = run[STATE];
      let waiting: Promise<void> | undefined;
      quietly(() => {
        setRun(run, end);
        const { outcome, message, endMs } = readEnd(end, state.recording);
        if (state.recording.ended) state.recording.finish(outcome, message, endMs, true);
        else if (end.children === 'wait') {
          waiting = state.endAfterChildren(
            outcome,
            message,
            end.waitMs ?? CHILDREN_WAIT_MS,
            endMs,
            end.settleMs,
          );
        } else state.end(outcome, message, outcome === 'error' ? 'error' : 'abandoned', endMs);
      });
      await (waiting ?? outbox().acknowledged());
    },
    resumeRun: (run) => quietly(() => run[STATE].resume()),
    isOpen: (target) =>
      !(target instanceof Object && STATE in target ? target[STATE].recording : target[RECORDING]).ended,
    isWithin: (run, other) => run[STATE].isWithin(other[STATE]),
    about(run) {
      const { name, sdk, hasPrompt, hasResponse } = run[STATE];
      return { name, sdk, hasPrompt, hasResponse };
    },
    keepRun: (run) => quietly(() => run[STATE].attach()),
    sessionOf: (run) => run[STATE].session,
  };
}

/** Where in its run a step is made: its item names only the run. */
function placeIn(run: Run, at: Scope | undefined): Record<string, unknown> | undefined {
  if (at?.run !== run || !(at.toolCall || at.metadata)) return undefined;
  return { ...at.metadata, ...(at.toolCall ? { tool_call_id: at.toolCall.toolCallId } : {}) };
}

function scopeOf(parent: Run | Scope | RunIds): Scope {
  if (STATE in parent) return { run: parent };
  if ('run' in parent) return parent;
  const { runId, toolCallId } = parent;
  const run = new Run({ runId }, undefined, false);
  return toolCallId ? { run, toolCall: { toolCallId } as ToolCall } : { run };
}

/** Under `strict` the host's own calls throw; an adapter's never do. */
function quietly(work: () => void): void {
  attempt(work, () => undefined);
}

function attempt<T>(work: () => T, fallback: () => T): T {
  try {
    return recover(undefined, work, fallback);
  } catch {
    // Misuse that strict mode throws at hosts.
    return fallback();
  }
}

function readEnd(
  end: End,
  recording: Recording,
): { outcome: Outcome; message: string | undefined; endMs: number | undefined } {
  const failed = end.error !== undefined && end.error !== null;
  const { endTime } = end;
  return {
    outcome: end.outcome ?? (failed ? 'error' : outcomeOf(recording)),
    message: failed ? messageOf(end.error) : undefined,
    endMs: endTime instanceof Date ? endTime.getTime() : endTime,
  };
}

function finish(recording: Recording, end: End): void {
  const { outcome, message, endMs } = readEnd(end, recording);
  recording.finish(outcome, message, endMs);
}
