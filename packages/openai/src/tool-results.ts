import type { Recorder, Run, Step, ToolCall } from '@observatory/core/recorder';
import type { RequestedCall } from './answer.js';
import { text } from './map-chat.js';
import { copyOwnData, ownData, ownText } from './own-data.js';
import type { RequestBody } from './request-body.js';

/** Tool calls of one run that wait for a result, at most. A model that asks for more loses the oldest ones' results. */
const PENDING_LIMIT = 1000;

/** What the host says a tool returned, found at the end of a request. */
export interface ToolResult {
  id: string | undefined;
  /** Legacy function messages have a name instead of an id. */
  name: string | undefined;
  content: unknown;
  /** What the history says was asked for under this id. */
  asked: { name: string | undefined; args: string | undefined } | undefined;
}

/**
 * The tool results a request brings: those after the model's last turn. Earlier ones are history that every request
 * repeats, so only the end of the list is looked at.
 */
export function toolResultsIn(body: RequestBody): ToolResult[] {
  const messages = body.now('messages');
  if (Array.isArray(messages)) return chatResults(messages);
  const input = body.now('input');
  return Array.isArray(input) ? responseResults(input) : [];
}

function chatResults(messages: unknown[]): ToolResult[] {
  const results: ToolResult[] = [];
  for (let i = messages.length - 1; i >= 0; i--) {
    const message = messages[i];
    const role = ownText(message, 'role');
    if (role === 'tool' || role === 'function') {
      results.push({
        id: text(ownData(message, 'tool_call_id')),
        name: text(ownData(message, 'name')),
        content: copyOwnData(ownData(message, 'content')),
        asked: undefined,
      });
    } else if (role === 'assistant' || role === undefined) {
      const calls = ownData(message, 'tool_calls');
      if (Array.isArray(calls)) for (const result of results) result.asked = askedIn(calls, result.id);
      break;
    }
  }
  return results.reverse();
}

function askedIn(calls: unknown[], id: string | undefined): ToolResult['asked'] {
  const call = calls.find((candidate) => ownText(candidate, 'id') === id);
  if (call === undefined) return undefined;
  const target = ownData(call, 'function') ?? ownData(call, 'custom');
  return {
    name: ownText(target, 'name'),
    args: ownText(target, 'arguments') ?? ownText(target, 'input'),
  };
}

function responseResults(input: unknown[]): ToolResult[] {
  const results: ToolResult[] = [];
  for (let i = input.length - 1; i >= 0; i--) {
    const item = input[i];
    const type = ownText(item, 'type');
    if (type?.endsWith('_output')) {
      results.push({
        id: text(ownData(item, 'call_id')),
        name: undefined,
        content: copyOwnData(ownData(item, 'output')),
        asked: undefined,
      });
    } else if (type?.endsWith('_call')) {
      const id = ownText(item, 'call_id');
      for (const result of results)
        if (result.id === id)
          result.asked = {
            name: ownText(item, 'name'),
            args: ownText(item, 'arguments') ?? ownText(item, 'input'),
          };
    } else if (type === 'reasoning' || ownText(item, 'role') === 'user') {
      // Reasoning stands between calls, and a host may add a word of the user's after the results.
    } else break;
  }
  return results.reverse();
}

export interface PendingCall {
  toolCall: ToolCall;
  id: string | undefined;
  name: string | undefined;
  args: string | undefined;
}

/** The tool calls of one run that the model asked for and that have no result yet. */
export class PendingCalls {
  readonly #calls = new Set<PendingCall>();
  readonly #recorder: Recorder;

  constructor(recorder: Recorder) {
    this.#recorder = recorder;
  }

  get size(): number {
    return this.#calls.size;
  }

  /** Opens the tool calls a step asked for. */
  open(run: Run, step: Step, requested: readonly RequestedCall[]): PendingCall[] {
    return requested.map((asked) => {
      const toolCall = this.#recorder.startToolCall(run, {
        toolCallId: asked.id,
        name: asked.name ?? 'unknown',
        args: asked.args,
        kind: asked.kind,
        requested: true,
        step,
      });
      const pending: PendingCall = {
        toolCall,
        id: asked.id,
        name: asked.name,
        args: asked.args,
      };
      this.#calls.add(pending);
      if (this.#calls.size > PENDING_LIMIT)
        this.#calls.delete(this.#calls.values().next().value as PendingCall);
      return pending;
    });
  }

  /**
   * Closes the calls these results answer. A result is known when the next request leaves, so the duration is an upper
   * bound.
   */
  close(results: readonly ToolResult[], endTime: number): void {
    for (const result of results) {
      const pending = this.find(result);
      if (!pending) continue;
      this.#calls.delete(pending);
      // A host that recorded its tool by itself knows better.
      if (!this.#recorder.isOpen(pending.toolCall)) continue;
      this.#recorder.endToolCall(pending.toolCall, {
        result: result.content,
        endTime,
        metadata: { timing: 'inferred' },
      });
    }
  }

  find(result: ToolResult): PendingCall | undefined {
    let nameless: PendingCall | undefined;
    for (const pending of this.#calls) {
      if (result.id !== undefined && pending.id === result.id) return pending;
      // Servers that send no ids, and legacy functions: by name, or else in the order they were asked for.
      if (pending.id === undefined && !nameless) {
        const name = result.name ?? result.asked?.name;
        if (name === undefined || pending.name === undefined || name === pending.name) nameless = pending;
      }
    }
    return nameless;
  }

  /**
   * The call a runner is about to make, which is then the runner's to end: the first of that name with those arguments, or
   * else (a schema may have changed them) the first of that name.
   */
  starting(name: string, args: unknown): PendingCall | undefined {
    const named = [...this.#calls].filter((pending) => pending.name === name);
    const pending = named.find((candidate) => sameArguments(candidate.args, args)) ?? named[0];
    if (pending) this.#calls.delete(pending);
    return pending;
  }
}

/** Whether two arguments say the same, whatever their spacing; a runner may pass them parsed. */
export function sameArguments(asked: string | undefined, given: unknown): boolean {
  if (asked === given) return true;
  try {
    const left = JSON.stringify(JSON.parse(asked ?? '{}'));
    const right = JSON.stringify(typeof given === 'string' ? JSON.parse(given) : given);
    return left === right;
  } catch {
    return false;
  }
}
