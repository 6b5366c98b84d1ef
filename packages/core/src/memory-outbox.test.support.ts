import { setOutbox } from './current-outbox.js';
import type { Receipt } from './outbox.js';
import { seal } from './seal.js';
import type { WireItem } from './wire.js';

type Json = Record<string, unknown>;

/** An outbox that keeps what is recorded: `sent()` seals what waits and returns it as the wire would carry it. */
export function memoryOutbox({ eager = false } = {}) {
  const waiting = new Set<WireItem>();
  const all: Json[] = [];
  const receipt = { delivered: 0 } as Receipt;
  const urgent = new Set<WireItem>();
  const restore = setOutbox({
    eager,
    add(item, _bytes, soon) {
      waiting.add(item);
      if (soon) urgent.add(item);
    },
    acknowledged: () => Promise.resolve(),
    flush: () => Promise.resolve(receipt),
    shutdown: () => Promise.resolve(receipt),
    receipt: () => receipt,
  });
  const seals = () => {
    for (const item of waiting) {
      waiting.delete(item);
      for (const line of seal(item)) all.push(JSON.parse(line) as Json);
    }
    return all;
  };
  return {
    restore,
    /** Everything sealed so far, in order. */
    sent: (type?: string) => seals().filter((item) => type === undefined || item.type === type),
    /** The fields of one id, later items over earlier ones. */
    merged(id: string): Json {
      const own = seals().filter((item) => (item.step_id ?? item.tool_call_id ?? item.run_id) === id);
      return Object.assign({}, ...own.sort((a, b) => Number(a.seq) - Number(b.seq)));
    },
    get waiting() {
      return waiting.size;
    },
    get urgent() {
      return urgent.size;
    },
  };
}
