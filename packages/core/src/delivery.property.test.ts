import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Verdict } from './answer.js';
import type { Receipt } from './outbox.js';
import { createSpool, noSpool, type Spool } from './spool.js';
import { receiptFor, unreachable, type VirtualOutbox, virtualOutbox } from './virtual-outbox.test.support.js';

/** What a collector, or what stands before it, may answer. `lost` stores everything and then breaks the connection. */
type Mood =
  | 'stored'
  | 'unreachable'
  | 'busy'
  | 'lost'
  | 'too-large'
  | 'poison'
  | 'misconfigured'
  | 'half-rejected'
  | 'failing';

type Event =
  | { do: 'record'; soon: boolean; bytes: number }
  | { do: 'amend' }
  | { do: 'pass'; ms: number }
  | { do: 'turn' }
  | { do: 'await' }
  | { do: 'flush'; ms: number }
  | { do: 'save' };

const events = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        do: fc.constant('record' as const),
        soon: fc.boolean(),
        bytes: fc.integer({ min: 1, max: 400 }),
      }),
    },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('amend' as const) }) },
    {
      weight: 2,
      arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 5000 }) }),
    },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('turn' as const) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('await' as const) }) },
    {
      weight: 1,
      arbitrary: fc.record({ do: fc.constant('flush' as const), ms: fc.integer({ min: 1, max: 3000 }) }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('save' as const) }) },
  ),
  { maxLength: 60 },
);
const moods = fc.array(
  fc.constantFrom<Mood>(
    'stored',
    'unreachable',
    'busy',
    'lost',
    'too-large',
    'poison',
    'misconfigured',
    'half-rejected',
    'failing',
  ),
  { maxLength: 20 },
);

const POISON = 'r3';

/** The collector: stores by id, refuses the poisoned item, and has its moods. */
function collectorWith(box: VirtualOutbox, script: Mood[], arrived: Map<string, number[]>): void {
  const store = (lines: readonly string[]) => {
    for (const line of lines) {
      const { run_id, seq } = JSON.parse(line);
      if (run_id === undefined) continue;
      arrived.set(run_id, [...(arrived.get(run_id) ?? []), seq]);
    }
  };
  for (const mood of script) {
    box.answers.push((lines): Verdict => {
      switch (mood) {
        case 'unreachable':
          return unreachable;
        case 'busy':
          return { kind: 'later', problem: 'collector-busy', words: '429', retryAfterMs: 700 };
        case 'misconfigured':
          return { kind: 'misconfigured', problem: 'not-authorised', words: '401' };
        case 'lost':
          store(lines);
          return unreachable;
        case 'failing':
          return { kind: 'later', problem: 'collector-failing', words: '500' };
        case 'too-large':
          if (lines.length > 1) return { kind: 'too-large', words: 'too large' };
          break;
        case 'poison':
          if (lines.some((line) => line.includes(`"${POISON}"`)))
            return { kind: 'refused', words: 'bad item' };
          break;
        case 'half-rejected': {
          const index = lines.findIndex((line) => line.includes(`"${POISON}"`));
          if (index < 0) break;
          store(lines.filter((_, i) => i !== index));
          return {
            kind: 'stored',
            receipt: { accepted: lines.length - 1, duplicate: 0, rejected: [{ index, reason: 'bad item' }] },
          };
        }
      }
      store(lines);
      return receiptFor(lines);
    });
  }
  // Afterwards it is well.
  for (let i = 0; i < 2000; i++) {
    box.answers.push((lines) => {
      store(lines);
      return receiptFor(lines);
    });
  }
}

async function play(
  box: VirtualOutbox,
  script: Event[],
): Promise<{ added: number; versions: Map<string, number> }> {
  const versions = new Map<string, number>();
  let added = 0;
  const items = new Map<string, { run_id: string; seq: number }>();
  for (const event of script) {
    switch (event.do) {
      case 'record': {
        const id = `r${added++}`;
        const item = { type: 'run' as const, run_id: id, seq: 1 };
        items.set(id, item);
        versions.set(id, 1);
        box.outbox.add(item, event.bytes, event.soon);
        break;
      }
      case 'amend': {
        // A new item for the same id, as after the first was sealed.
        if (added === 0) break;
        const id = `r${(added * 7) % added}`;
        const seq = versions.get(id)! + 1;
        versions.set(id, seq);
        box.outbox.add({ type: 'run', run_id: id, seq }, 50, false);
        break;
      }
      case 'pass':
        await box.schedule.pass(event.ms);
        break;
      case 'turn':
        await box.schedule.turn();
        break;
      case 'await':
        void box.outbox.acknowledged();
        break;
      case 'flush':
        void box.outbox.flush({ timeoutMs: event.ms });
        break;
      case 'save':
        box.outbox.save();
        break;
    }
  }
  return { added: [...versions.values()].reduce((sum, n) => sum + n, 0), versions };
}

function withSpool<T>(task: (spool: Spool, folder: string) => Promise<T>): Promise<T> {
  const folder = fs.mkdtempSync(join(tmpdir(), 'property-'));
  const spool = createSpool({
    now: () => performance.now(),
    report() {},
    settings: {
      spool: folder,
      spoolLimit: 1e9,
      durable: false,
      url: 'http://collector.test',
      apiKey: undefined,
    },
    lock: { owner: '1-1-1-0', isGone: (owner) => owner === 'free' },
  });
  return task(spool, folder).finally(() => {
    spool.close();
    fs.rmSync(folder, { recursive: true });
  });
}

/** Every flush asks the collector at once, unless it asked for time itself. */
async function deliverAll(box: VirtualOutbox): Promise<Receipt> {
  for (let i = 0; i < 100; i++) {
    void box.outbox.flush({ timeoutMs: 1500 });
    await box.schedule.pass(1500);
    const receipt = box.outbox.receipt();
    if (receipt.queued + receipt.spooled === 0) break;
  }
  // The last losses are told.
  await box.schedule.pass(1500);
  return box.outbox.receipt();
}

const counts = (box: VirtualOutbox) => {
  const { delivered, queued, spooled, dropped } = box.outbox.receipt();
  return delivered + queued + spooled + dropped;
};

describe('whatever happens in whatever order', () => {
  for (const where of ['memory', 'disk'] as const) {
    for (const durable of where === 'disk' ? [false, true] : [false]) {
      it(`everything arrives at least once and in order per id, and the counts add up (${durable ? 'journal' : where})`, async () => {
        await fc.assert(
          fc.asyncProperty(events, moods, async (script, answers) => {
            const test = async (spool: Spool) => {
              const box = virtualOutbox({ durable }, spool);
              const arrived = new Map<string, number[]>();
              collectorWith(box, answers, arrived);
              const { added, versions } = await play(box, script);
              expect(counts(box)).toBe(added);
              const receipt = await deliverAll(box);
              expect(receipt).toMatchObject({ queued: 0, spooled: 0, complete: true });
              expect(receipt.delivered + receipt.dropped).toBe(added);
              for (const [id, last] of versions) {
                const seqs = arrived.get(id) ?? [];
                if (id === POISON) continue;
                expect(new Set(seqs).size).toBe(last);
                // First arrivals are in order; what was sent again may repeat. A batch the collector fails over lets the
                // others pass: stored is the same (wire.ts), only later.
                if (answers.includes('failing')) continue;
                const firsts = seqs.filter((seq, i) => seqs.indexOf(seq) === i);
                expect(firsts).toEqual([...firsts].sort((a, b) => a - b));
              }
              const lost = Object.values<number>(receipt.dropped_by_reason).reduce((sum, n) => sum + n, 0);
              expect(lost).toBe(receipt.dropped);
              expect(receipt.dropped).toBeLessThanOrEqual(versions.get(POISON) ?? 0);
            };
            await (where === 'disk' ? withSpool(test) : test(noSpool));
          }),
          { numRuns: where === 'disk' ? 100 : 300 },
        );
      });
    }
  }

  it('memory stays below its bound, what does not fit is counted, and the newest is kept', async () => {
    await fc.assert(
      fc.asyncProperty(
        events,
        moods,
        fc.integer({ min: 300, max: 3000 }),
        async (script, answers, memoryLimit) => {
          const box = virtualOutbox({ memoryLimit });
          const arrived = new Map<string, number[]>();
          collectorWith(box, answers, arrived);
          const { added } = await play(box, script);
          expect(counts(box)).toBe(added);
          const flushed = box.outbox.flush({ timeoutMs: 3_600_000 });
          await box.schedule.pass(3_600_000);
          const { delivered, dropped, queued } = await flushed;
          expect(queued).toBe(0);
          expect(delivered + dropped).toBe(added);
          // The collector was told every loss.
          const told = box.lossReports.reduce((sum, { items }) => sum + items, 0);
          expect(told).toBe(dropped);
        },
      ),
      { numRuns: 300 },
    );
  });
});

it('a process that ends at any point leaves the rest to the next, and every item arrives', async () => {
  await fc.assert(
    fc.asyncProperty(events, moods, fc.boolean(), async (script, answers, durable) => {
      const folder = fs.mkdtempSync(join(tmpdir(), 'property-'));
      const arrived = new Map<string, number[]>();
      const processOf = (owner: string) => {
        const spool = createSpool({
          now: () => performance.now(),
          report() {},
          settings: {
            spool: folder,
            spoolLimit: 1e9,
            durable,
            url: 'http://collector.test',
            apiKey: undefined,
          },
          lock: { owner, isGone: (other) => other !== owner },
        });
        return virtualOutbox({ durable }, spool);
      };
      try {
        const first = processOf('1-1-1-0');
        collectorWith(
          first,
          answers.filter((mood) => mood !== 'poison' && mood !== 'half-rejected'),
          arrived,
        );
        const { versions } = await play(first, script);
        first.outbox.end();
        const second = processOf('2-2-2-0');
        collectorWith(second, [], arrived);
        const flushed = second.outbox.flush();
        await second.schedule.pass(10_000);
        await flushed;
        for (const [id, last] of versions) expect(new Set(arrived.get(id)).size).toBe(last);
        second.outbox.end();
        expect(fs.readdirSync(folder)).toEqual([]);
      } finally {
        fs.rmSync(folder, { recursive: true });
      }
    }),
    { numRuns: 100 },
  );
});
