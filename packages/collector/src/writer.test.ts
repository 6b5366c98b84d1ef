import { describe, expect, it } from 'vitest';
import type { Entry } from './entry.js';
import type { WriteReceipt } from './store.js';
import { createWriter, ENTRIES_PER_TRANSACTION } from './writer.js';

const entries = (count: number, name: string): Entry[] =>
  Array.from({ length: count }, (_, n) => ({ kind: 'content', hash: `${name}${n}`, body: '1' }));

/** A store that notes what it is asked to write. */
function recordingStore(fails: (entries: readonly Entry[]) => boolean = () => false) {
  const transactions: number[] = [];
  return {
    transactions,
    write(written: readonly Entry[]): WriteReceipt {
      if (fails(written)) throw new Error('disk full');
      transactions.push(written.length);
      return { results: written.map(() => 'accepted'), runIds: new Set(['r']) };
    },
  };
}

describe('the writer', () => {
  it('writes what arrives together in one transaction, and gives each request its own results', async () => {
    const store = recordingStore();
    const writer = createWriter(store, () => {});
    const results = await Promise.all([
      writer.write(entries(2, 'a')),
      writer.write(entries(3, 'b')),
      writer.write([]),
    ]);
    expect(store.transactions).toEqual([5]);
    expect(results.map((result) => result.length)).toEqual([2, 3, 0]);
  });

  it('lets others have a turn between transactions', async () => {
    const store = recordingStore();
    const writer = createWriter(store, () => {});
    let turns = 0;
    const count = () => {
      turns++;
      if (store.transactions.length < 5) setImmediate(count);
    };
    setImmediate(count);
    await Promise.all(
      Array.from({ length: 5 }, (_, n) => writer.write(entries(ENTRIES_PER_TRANSACTION, String(n)))),
    );
    expect(store.transactions).toHaveLength(5);
    expect(turns).toBeGreaterThanOrEqual(4);
  });

  it('fails only the request that cannot be stored', async () => {
    const store = recordingStore((written) =>
      written.some((entry) => entry.kind === 'content' && entry.hash === 'bad0'),
    );
    const writer = createWriter(store, () => {});
    const [good, bad] = await Promise.allSettled([
      writer.write(entries(1, 'good')),
      writer.write(entries(1, 'bad')),
    ]);
    expect(good).toMatchObject({ status: 'fulfilled', value: ['accepted'] });
    expect(bad).toMatchObject({ status: 'rejected', reason: new Error('disk full') });
  });

  it('announces runs only after they are committed, and knows when nothing is waiting', async () => {
    const store = recordingStore();
    const announced: number[] = [];
    const writer = createWriter(store, () => announced.push(store.transactions.length));
    void writer.write(entries(1, 'a'));
    await writer.idle();
    expect(announced).toEqual([1]);
    await writer.idle();
  });
});
