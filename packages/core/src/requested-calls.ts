import { toText } from './snapshot.js';
import type { ToolCall } from './tool-call.js';

interface Requested {
  call: ToolCall;
  name: string | undefined;
  /** As the model wrote them. */
  args: string | undefined;
}

/** A model that asks for more at once loses the oldest ones' link to their execution. */
const LIMIT = 1_000;

/**
 * The tool calls of a run that the model asked for and nobody has made yet. Whoever makes one by its id or its name gets this
 * tool call instead of a second one. A host may also never make them (a schema in disguise, a loop that stops), so a run does
 * not wait for them to end.
 */
export class RequestedCalls {
  private readonly calls = new Map<ToolCall, Requested>();

  get size(): number {
    return this.calls.size;
  }

  has(call: unknown): boolean {
    return this.calls.has(call as ToolCall);
  }

  add(call: ToolCall, name: string | undefined, args: unknown): void {
    this.calls.set(call, { call, name, args: args === undefined ? undefined : toText(args) });
    if (this.calls.size > LIMIT) this.calls.delete(this.calls.keys().next().value as ToolCall);
  }

  delete(call: unknown): void {
    this.calls.delete(call as ToolCall);
  }

  /** The call with this id is being made. */
  take(toolCallId: unknown): ToolCall | undefined {
    for (const call of this.calls.keys()) {
      if (call.toolCallId !== toolCallId) continue;
      this.calls.delete(call);
      return call;
    }
    return undefined;
  }

  /**
   * A call of this tool is being made: the one with these arguments, or else (a schema or the host may have changed them) the
   * one that was asked for first.
   */
  claim(name: string, args: unknown): ToolCall | undefined {
    let first: ToolCall | undefined;
    for (const requested of this.calls.values()) {
      if (requested.name !== name) continue;
      if (sameArguments(requested.args, args)) {
        this.calls.delete(requested.call);
        return requested.call;
      }
      first ??= requested.call;
    }
    if (first) this.calls.delete(first);
    return first;
  }
}

function sameArguments(asked: string | undefined, given: unknown): boolean {
  if (asked === given) return true;
  try {
    return (
      toText(JSON.parse(asked ?? '{}')) === toText(typeof given === 'string' ? JSON.parse(given) : given)
    );
  } catch {
    return false;
  }
}
