import { currentScope, enteredScope, type Scope, within } from './ambient.js';
import { follow, type Settled } from './follow.js';
import { replace } from './follow-promise.js';
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
  if (Object.hasOwn(fn, TRACED)) return fn;
  const { as = 'run', captureInput = true, captureOutput = true } = options;
  const name = options.name ?? (fn.name || 'anonymous');
  const begin = (args: unknown[]): Watch | undefined => {
    let watch: Watch | undefined;
    failOpen(undefined, () => {
      watch = start(as, name, captureInput ? args : undefined, captureOutput);
    });
    return watch;
  };

  const wrapper = function (this: unknown, ...args: unknown[]): unknown {
    // A constructor makes what it makes.
    if (new.target) return Reflect.construct(fn, args, new.target === wrapper ? fn : new.target);
    if (isGenerator(fn)) return followGenerator(Reflect.apply(fn, this, args), () => begin(args));
    const watch = begin(args);
    if (!watch) return Reflect.apply(fn, this, args);
    const enter = <R>(work: () => R): R => within(watch.scope, work);
    const end = (settled: Settled) => failOpen(undefined, () => watch.end(settled));
    let result: unknown;
    try {
      result = enter(() => Reflect.apply(fn, this, args));
    } catch (error) {
      end({ failed: true, error });
      throw error;
    }
    return follow(result, enter, end);
  };

  const properties = Object.getOwnPropertyDescriptors(fn) as Record<string, PropertyDescriptor>;
  // Of these a function has its own, which it does not let go.
  for (const own of ['prototype', 'arguments', 'caller']) delete properties[own];
  Object.defineProperties(wrapper, properties);
  wrapper.prototype = fn.prototype;
  Object.defineProperty(wrapper, TRACED, { value: true });
  return wrapper as unknown as Fn;
}

const GENERATORS = new Set(['GeneratorFunction', 'AsyncGeneratorFunction']);

const isGenerator = (fn: object): boolean =>
  GENERATORS.has((fn as Record<symbol, unknown>)[Symbol.toStringTag] as string);

/**
 * Calling a generator function runs nothing of it: the call begins with the first pull, and one that nobody pulls never was. It
 * belongs to where it was called, whoever pulls.
 */
function followGenerator(result: unknown, begin: () => Watch | undefined): unknown {
  const generator = result as Record<'return', (...args: unknown[]) => unknown>;
  const caller = enteredScope();
  let watch: Watch | undefined;
  let left = false;
  const leaveUnbegun = generator.return;
  follow(
    generator,
    (work) => {
      if (!watch && !left) watch = caller ? within(caller, begin) : begin();
      return watch ? within(watch.scope, work) : work();
    },
    (end) => failOpen(undefined, () => watch?.end(end)),
  );
  const leave = generator.return;
  replace(generator, 'return', (...args: unknown[]) => {
    if (watch) return leave(...args);
    left = true;
    return leaveUnbegun.apply(generator, args);
  });
  return generator;
}

const input = (args: unknown[]) => (args.length === 1 ? args[0] : args);

/** What a call gave: its value, or for a generator without one what it gave out on the way. */
function output({ value, items = [] }: Settled): unknown {
  if (value !== undefined || items.length === 0) return value;
  return items.every((item) => typeof item === 'string') ? items.join('') : items;
}

function record(value: unknown, set: (text: string) => void): void {
  if (value !== undefined) set(toText(value));
}

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
        if (captureOutput) record(output(end), (text) => run.response(text));
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
        if (captureOutput) record(output(end), (text) => step.response(text));
        finish(step, end, run);
        if (own) endRun(run, end);
      },
    };
  }
  const asked = run[STATE].requested?.claim(name, args && input(args));
  const call = asked ?? run.toolCall(name);
  if (args && !asked) call.args(input(args) ?? {});
  return {
    scope: { run, toolCall: call },
    end(end) {
      if (captureOutput) call.result(output(end));
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
