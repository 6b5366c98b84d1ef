import { currentScope, type Scope, within } from './ambient.js';
import { follow, type Settled } from './follow.js';
import { failOpen, RECORDING, STATE } from './recording.js';
import { run as openRun, type Run } from './run.js';
import { messageOf, toText } from './snapshot.js';
import { endRun } from './with-run.js';

export interface TracedOptions {
  /** What a call of the function is. Default `run`. */
  as?: 'run' | 'step' | 'tool';
  /** Default: the function's own name (which bundlers shorten). */
  name?: string;
  /** Record the arguments. Default true. */
  captureInput?: boolean;
  /** Record what it returns. Default true. */
  captureOutput?: boolean;
}

const TRACED = Symbol.for('observatory.traced.v1');

interface Watch {
  scope: Scope;
  end(end: Settled): void;
}

/**
 * A function that records each of its calls as a run, a step or a tool call, and otherwise is the same: sync stays sync,
 * `this`, name, length and properties stay, and so do promises, generators and streams it returns. Tracing a traced
 * function changes nothing.
 *
 * A step or tool call outside any run gets a run of its own.
 *
 * @example
 * ```ts
 * const searchFlights = traced(async (to: string) => api.search(to), { as: 'tool', name: 'search_flights' });
 * ```
 */
export function traced<Fn extends (...args: never[]) => unknown>(fn: Fn, options: TracedOptions = {}): Fn {
  if (typeof fn !== 'function') throw new TypeError(`traced() takes a function, not ${typeof fn}.`);
  if (TRACED in fn) return fn;
  const { as = 'run', captureInput = true, captureOutput = true } = options;
  const name = options.name ?? (fn.name || 'anonymous');

  const wrapper = function (this: unknown, ...args: unknown[]): unknown {
    let watch: Watch | undefined;
    failOpen(undefined, () => {
      watch = start(as, name, captureInput ? args : undefined, captureOutput);
    });
    const apply = () => Reflect.apply(fn, this, args);
    const watched = watch;
    if (!watched) return apply();
    const enter = <R>(work: () => R): R => within(watched.scope, work);
    const end = (settled: Settled) => failOpen(undefined, () => watched.end(settled));
    let result: unknown;
    try {
      result = enter(apply);
    } catch (error) {
      end({ failed: true, error });
      throw error;
    }
    return follow(result, enter, end);
  };

  const properties = Object.getOwnPropertyDescriptors(fn);
  // A plain function's prototype makes `new traced(Fn)` possible; keep what the wrapper cannot redefine as it is.
  delete (properties as Record<string, unknown>).prototype;
  delete (properties as Record<string, unknown>).arguments;
  delete (properties as Record<string, unknown>).caller;
  Object.defineProperties(wrapper, properties);
  Object.defineProperty(wrapper, TRACED, { value: true });
  return wrapper as unknown as Fn;
}

const input = (args: unknown[]) => (args.length === 1 ? args[0] : args);

function start(
  as: 'run' | 'step' | 'tool',
  name: string,
  args: unknown[] | undefined,
  captureOutput: boolean,
): Watch {
  if (as === 'run') {
    const run = openRun({ name });
    if (args) run.prompt(toText(input(args) ?? ''));
    return {
      scope: { run },
      end(end) {
        if (captureOutput && end.value !== undefined) run.response(toText(end.value));
        endRun(run, end);
      },
    };
  }
  const ambient = currentScope();
  const run: Run = ambient?.run ?? openRun({ name });
  const own = !ambient;
  if (as === 'step') {
    const step = run.step().model(name);
    if (args) step.prompt(toText(input(args) ?? ''));
    return {
      scope: { run, step },
      end(end) {
        if (captureOutput && end.value !== undefined) step.response(toText(end.value));
        finish(step, end, run);
        if (own) endRun(run, end);
      },
    };
  }
  const asked = run[STATE].requested.claim(name, args && input(args));
  const call = asked ?? run.toolCall(name);
  if (args && !asked) call.args(input(args) ?? {});
  return {
    scope: { run, toolCall: call },
    end(end) {
      if (captureOutput) call.result(end.value);
      finish(call, end, run);
      if (own) endRun(run, end);
    },
  };
}

function finish(target: ReturnType<Run['step']> | ReturnType<Run['toolCall']>, end: Settled, run: Run): void {
  if (target.ended) return;
  const recording = target[RECORDING];
  if (end.failed) recording.finish('error', messageOf(end.error));
  else recording.finish(end.cancelled ? 'cancelled' : recording.pinnedCode === 2 ? 'error' : 'ok');
  run[STATE].childEnded(target);
}
