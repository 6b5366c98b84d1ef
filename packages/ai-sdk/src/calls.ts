import { shared } from '@observatory/core/recorder';
import type { Call } from './call.js';

/** Calls that were stopped and may still be told of, by a tool that ignored the abort. */
const STOPPED = 128;
/** Calls that went well: only an answer that cannot be parsed is told of after the end, and at once. */
const DONE = 16;
/** Calls that never end are forgotten from here on; the run's own time-out closes them. */
const OPEN_LIMIT = 10_000;

/**
 * Two generations: when the younger is full, the older is forgotten as a whole, which costs nothing per call.
 */
class Generations {
  #young = new Map<string, Call>();
  #old = new Map<string, Call>();
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get(callId: string): Call | undefined {
    return this.#young.get(callId) ?? this.#old.get(callId);
  }

  set(callId: string, call: Call): void {
    if (this.#young.size >= this.#limit) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(callId, call);
  }

  delete(callId: string): void {
    if (!this.#young.delete(callId)) this.#old.delete(callId);
  }

  get size(): number {
    return this.#young.size + this.#old.size;
  }
}

class Calls {
  readonly #open = new Generations(OPEN_LIMIT);
  readonly #stopped = new Generations(STOPPED);
  readonly #done = new Generations(DONE);

  get(callId: string | undefined): Call | undefined {
    if (callId === undefined) return undefined;
    return this.#open.get(callId) ?? this.#done.get(callId) ?? this.#stopped.get(callId);
  }

  add(callId: string, call: Call): void {
    this.#open.set(callId, call);
  }

  over(callId: string): void {
    const call = this.#open.get(callId);
    if (!call) return;
    this.#open.delete(callId);
    (call.wentWell ? this.#done : this.#stopped).set(callId, call);
  }

  get size(): number {
    return this.#open.size + this.#done.size + this.#stopped.size;
  }
}

/** Calls of SDK 7 by the id the SDK gave them; two copies of this package tell each other nothing twice. */
export const calls = shared('ai-sdk.calls', () => new Calls());
