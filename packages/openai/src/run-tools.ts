import type { Recorder, Run } from '@observatory/core/recorder';
import { messageText } from './map-chat.js';
import { type ObservedClient, openRunFor, pendingOf } from './model-call.js';
import { defineHidden, isBag, ownData } from './own-data.js';
import { RequestBody } from './request-body.js';

type RunTools = (this: unknown, ...args: unknown[]) => unknown;
type ToolFunction = (this: unknown, ...args: unknown[]) => unknown;

/** What the client's runners, from version 4 to 7, tell about themselves. */
interface Runner {
  on?(event: 'end', listener: () => void): unknown;
  errored?: unknown;
  aborted?: unknown;
  allChatCompletions?(): { choices?: { message?: unknown }[] }[];
}

/**
 * `runTools` runs the tools itself, so their exact times, errors and what runs inside them can be known: the functions are
 * observed, and a loop outside any run gets one of its own for as long as the runner works.
 */
export function observeRunTools(observed: ObservedClient): void {
  const { client } = observed;
  // Version 4 has it below `beta`.
  for (const chat of [ownData(client, 'chat'), ownData(ownData(client, 'beta'), 'chat')]) {
    const completions = ownData(chat, 'completions');
    if (!isBag(completions) || typeof completions.runTools !== 'function') continue;
    const own = ownData(completions, 'runTools');
    const original = () =>
      (typeof own === 'function'
        ? own
        : Reflect.get(Object.getPrototypeOf(completions) as object, 'runTools', completions)) as RunTools;
    defineHidden(completions, 'runTools', function runTools(this: unknown, ...args: unknown[]) {
      const [body, ...rest] = args;
      const prepared = prepare(observed, body);
      if (!prepared) return original().apply(this, args);
      const { run, owned } = prepared;
      const runner = observed.recorder.within({ run }, () =>
        original().apply(this, [prepared.body, ...rest]),
      );
      if (owned) endWith(observed.recorder, run, runner);
      return runner;
    });
  }
}

function prepare(
  observed: ObservedClient,
  body: unknown,
): { run: Run; owned: boolean; body: unknown } | undefined {
  const { recorder, options } = observed;
  try {
    const tools = ownData(body, 'tools');
    if (!Array.isArray(tools) || recorder.outerStep()) return undefined;
    const ambient = recorder.scope()?.run;
    const run = ambient ?? openRunFor(recorder, options, new RequestBody(body, undefined));
    const observedTools = tools.map((tool) => observeTool(recorder, run, tool));
    return { run, owned: !ambient, body: withMember(body as object, 'tools', observedTools) };
  } catch {
    // A body that cannot be read is the client's to complain about.
    return undefined;
  }
}

/** The same object but for one member: getters stay getters, hidden members stay hidden. */
function withMember(holder: object, key: string, value: unknown): object {
  const descriptors = Object.getOwnPropertyDescriptors(holder) as PropertyDescriptorMap;
  const enumerable = descriptors[key]?.enumerable ?? true;
  descriptors[key] = { value, enumerable, configurable: true, writable: true };
  return Object.create(Object.getPrototypeOf(holder) as object | null, descriptors) as object;
}

function observeTool(recorder: Recorder, run: Run, tool: unknown): unknown {
  if (typeof tool !== 'object' || tool === null) return tool;
  const definition = ownData(tool, 'function');
  const callback = ownData(tool, '$callback');
  if (typeof callback === 'function') {
    const name = String(ownData(definition, 'name') ?? callback.name);
    return withMember(tool, '$callback', observeFunction(recorder, run, name, callback as ToolFunction));
  }
  const fn = ownData(definition, 'function');
  // A copy of a class instance would lack its private fields.
  if (typeof fn !== 'function' || Object.getPrototypeOf(definition) !== Object.prototype) return tool;
  const name = String(ownData(definition, 'name') || fn.name);
  const observed = observeFunction(recorder, run, name, fn as ToolFunction, definition);
  return withMember(tool, 'function', withMember(definition as object, 'function', observed));
}

function observeFunction(
  recorder: Recorder,
  run: Run,
  name: string,
  fn: ToolFunction,
  holder?: unknown,
): ToolFunction {
  const observed: ToolFunction = function (this: unknown, ...args) {
    const receiver = holder ?? this;
    const toolCall = pendingOf(recorder, run).starting(name, args[0])?.toolCall;
    if (!toolCall) return fn.apply(receiver, args);
    const failed = (error: unknown) => recorder.endToolCall(toolCall, { error });
    const finished = (result: unknown) => recorder.endToolCall(toolCall, { result: result ?? null });
    let result: unknown;
    try {
      result = recorder.within({ run, toolCall }, () => fn.apply(receiver, args));
    } catch (error) {
      failed(error);
      throw error;
    }
    // The runner awaits what a tool returns, so this branch hides no rejection.
    if (result instanceof Promise) result.then(finished, failed);
    else finished(result);
    return result;
  };
  // The client falls back to the function's own name.
  Object.defineProperty(observed, 'name', { value: fn.name, configurable: true });
  Object.defineProperty(observed, 'length', { value: fn.length, configurable: true });
  return observed;
}

/** A listener for `end` changes nothing: only listeners for `error` and `abort` decide what is unhandled. */
function endWith(recorder: Recorder, run: Run, runner: unknown): void {
  const { on } = (runner ?? {}) as Runner;
  const end = () => {
    const { errored, aborted, allChatCompletions } = runner as Runner;
    const message = allChatCompletions?.call(runner).at(-1)?.choices?.[0]?.message;
    const response = isBag(message) ? messageText(message as Parameters<typeof messageText>[0]) : undefined;
    void recorder.endRun(run, {
      outcome: aborted ? 'cancelled' : errored ? 'error' : 'ok',
      response,
    });
  };
  if (typeof on === 'function') on.call(runner, 'end', end);
  else void recorder.endRun(run);
}
