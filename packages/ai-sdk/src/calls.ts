import { shared } from '@observatory/core/recorder';
import type { Call } from './call.js';

/** Calls that are over and may still be told of: a tool that ignored the abort, a parse failure after the end. */
const REMEMBERED = 256;
/** Calls that never end are forgotten from here on; the run's own time-out closes them. */
const OPEN_LIMIT = 10_000;

class Calls {
  readonly #open = new Map<string, Call>();
  readonly #over = new Map<string, Call>();

  get(callId: string | undefined): Call | undefined {
    return callId === undefined ? undefined : (this.#open.get(callId) ?? this.#over.get(callId));
  }

  add(callId: string, call: Call): void {
    this.#open.set(callId, call);
    forgetOldest(this.#open, OPEN_LIMIT);
  }

  over(callId: string): void {
    const call = this.#open.get(callId);
    if (!call) return;
    this.#open.delete(callId);
    this.#over.set(callId, call);
    forgetOldest(this.#over, REMEMBERED);
  }

  get size(): number {
    return this.#open.size + this.#over.size;
  }
}

function forgetOldest(map: Map<string, Call>, limit: number): void {
  if (map.size <= limit) return;
  for (const oldest of map.keys()) {
    map.delete(oldest);
    return;
  }
}

/** Calls of SDK 7 by the id the SDK gave them; two copies of this package tell each other nothing twice. */
export const calls = shared('ai-sdk.calls', () => new Calls());
