import { describe, expect, it } from 'vitest';
import type { Verdict } from './answer.js';
import { receiptFor, unreachable, virtualOutbox } from './virtual-outbox.test.support.js';

const later = (retryAfterMs: number): Verdict => ({
  kind: 'later',
  problem: 'collector-busy',
  words: 'answered 429',
  retryAfterMs,
});

/** A request whose answer the test gives. */
function held() {
  let answer!: (verdict: Verdict) => void;
  const promise = new Promise<Verdict>((resolve) => {
    answer = resolve;
  });
  return { hold: () => promise, answer };
}

describe('what is recorded', () => {
  it('leaves in one request on the next turn when a run ended', async () => {
    const { outbox, schedule, sent, run } = virtualOutbox();
    run('a', 100, false);
    run('b');
    run('c');
    expect(sent).toEqual([]);
    await schedule.turn();
    expect(sent).toEqual([['a', 'b', 'c']]);
    expect(outbox.receipt()).toMatchObject({ delivered: 3, queued: 0, complete: true });
  });

  it('leaves within a second when no run ended', async () => {
    const { schedule, sent, run } = virtualOutbox();
    run('a', 100, false);
    await schedule.turn();
    expect(sent).toEqual([]);
    await schedule.pass(1000);
    expect(sent).toEqual([['a']]);
    run('b', 100, false);
    await schedule.pass(1000);
    expect(sent).toEqual([['a'], ['b']]);
  });

  it('gathers while a request is under way, and leaves together when it ends', async () => {
    const { schedule, sent, answers, run } = virtualOutbox();
    const first = held();
    answers.push(first.hold);
    run('a');
    await schedule.turn();
    for (const id of ['b', 'c', 'd']) {
      run(id);
      await schedule.turn();
    }
    expect(sent).toEqual([['a']]);
    first.answer(receiptFor(['']));
    await schedule.turn();
    expect(sent).toEqual([['a'], ['b', 'c', 'd']]);
  });

  it('is sealed once, with what was added to it meanwhile', async () => {
    const { outbox, schedule, sent, run } = virtualOutbox();
    const item = run('a', 100, false) as unknown as Record<string, unknown>;
    item.response = 'hello';
    outbox.add(item as never, 120, true);
    await schedule.turn();
    expect(sent).toEqual([['a']]);
    expect(outbox.receipt().delivered).toBe(1);
  });

  it('travels in batches of bounded size', async () => {
    const { schedule, sent, run } = virtualOutbox();
    for (let i = 0; i < 1200; i++) run(`r${i}`);
    await schedule.turn();
    expect(sent.map((ids) => ids.length)).toEqual([500, 500, 200]);
  });
});

describe('while a request is under way', () => {
  it('the next one is made ready under load, one at a time and in order', async () => {
    const { schedule, sent, packed, answers, run } = virtualOutbox();
    const [first, second] = [held(), held()];
    answers.push(first.hold, second.hold);
    for (let i = 0; i < 1700; i++) run(`r${i}`);
    await schedule.turn();
    expect(packed).toEqual([500]);
    first.answer(receiptFor([]));
    await schedule.turn();
    expect(packed).toEqual([500, 500]);
    second.answer(receiptFor([]));
    await schedule.turn();
    expect(sent.flat()).toEqual(Array.from({ length: 1700 }, (_, i) => `r${i}`));
  });

  it('what is less than a request can carry goes on growing', async () => {
    const { schedule, sent, packed, answers, run } = virtualOutbox();
    const first = held();
    answers.push(first.hold);
    run('a');
    await schedule.turn();
    for (let i = 0; i < 400; i++) run(`r${i}`);
    await schedule.turn();
    expect(packed).toEqual([]);
    for (let i = 0; i < 50; i++) run(`s${i}`);
    first.answer(receiptFor(['']));
    await schedule.turn();
    expect(sent.map((ids) => ids.length)).toEqual([1, 450]);
  });

  it('what was made ready waits behind a batch that has to be sent again', async () => {
    const { schedule, stored, answers, run } = virtualOutbox();
    answers.push(() => unreachable);
    for (let i = 0; i < 1000; i++) run(`r${i}`);
    await schedule.pass(5000);
    expect(stored).toEqual(Array.from({ length: 1000 }, (_, i) => `r${i}`));
  });

  it('nothing is made ready that memory has no room for twice', async () => {
    const { outbox, schedule, packed, answers, run } = virtualOutbox({ memoryLimit: 40_000 });
    answers.push(() => new Promise(() => {}));
    for (let i = 0; i < 1000; i++) run(`r${i}`, 30);
    await schedule.turn();
    expect(packed).toEqual([]);
    expect(outbox.receipt()).toMatchObject({ queued: 1000, dropped: 0 });
  });

  it('what was made ready gives its room to what is recorded', async () => {
    const { outbox, schedule, packed, answers, run } = virtualOutbox({ memoryLimit: 50_000 });
    answers.push(() => new Promise(() => {}));
    for (let i = 0; i < 1000; i++) run(`r${i}`, 30);
    await schedule.turn();
    expect(packed).toEqual([500]);
    for (let i = 0; i < 100; i++) run(`s${i}`, 100);
    expect(outbox.receipt()).toMatchObject({ queued: 1100, dropped: 0 });
  });
});

describe('acknowledged()', () => {
  it('is one promise for everybody until the batch leaves, and resolves with its answer', async () => {
    const { outbox, schedule, answers, run } = virtualOutbox();
    const first = held();
    answers.push(first.hold);
    run('a');
    const mine = outbox.acknowledged();
    run('b');
    expect(outbox.acknowledged()).toBe(mine);
    let done = false;
    mine.then(() => {
      done = true;
    });
    await schedule.turn();
    run('c');
    expect(outbox.acknowledged()).not.toBe(mine);
    expect(done).toBe(false);
    first.answer(receiptFor(['', '']));
    await schedule.turn();
    expect(done).toBe(true);
  });

  it('resolves after endTimeout when no answer comes, and never rejects', async () => {
    const { outbox, schedule, answers, run } = virtualOutbox({ endTimeout: 3000 });
    answers.push(() => new Promise(() => {}));
    run('a');
    let done = false;
    outbox.acknowledged().then(() => {
      done = true;
    });
    await schedule.pass(2900);
    expect(done).toBe(false);
    await schedule.pass(200);
    expect(done).toBe(true);
  });

  it('slows a host down once per outage, not at every run', async () => {
    const { outbox, schedule, answers, run } = virtualOutbox({ endTimeout: 3000 });
    for (let i = 0; i < 100; i++) answers.push(() => unreachable);
    run('a');
    await schedule.pass(4000);
    run('b');
    let done = false;
    outbox.acknowledged().then(() => {
      done = true;
    });
    await schedule.turn();
    expect(done).toBe(true);
    expect(outbox.receipt()).toMatchObject({ queued: 2, complete: false });
  });

  it('a request whose answer never comes is given up for lost, and its batch sent again', async () => {
    const { outbox, schedule, stored, sent, answers, run } = virtualOutbox({}, undefined, undefined, 1000);
    answers.push(() => new Promise(() => {}));
    run('a');
    await schedule.pass(3000);
    run('b');
    await schedule.pass(20_000);
    expect(sent).toEqual([['a'], ['a'], ['b']]);
    expect(stored).toEqual(['a', 'b']);
    expect(outbox.receipt().delivered).toBe(2);
  });

  it('where answers die with the request that asked for them, who flushes sends again what another one sent', async () => {
    const { outbox, schedule, stored, sent, answers, run } = virtualOutbox(
      {},
      undefined,
      undefined,
      10_000,
      true,
    );
    answers.push(() => new Promise(() => {}));
    run('a');
    await schedule.turn();
    run('b');
    let receipt: unknown;
    outbox.flush().then((done) => {
      receipt = done;
    });
    await schedule.pass(2000);
    expect(sent).toEqual([['a'], ['a'], ['b']]);
    expect(stored).toEqual(['a', 'b']);
    expect(receipt).toMatchObject({ delivered: 2, complete: true });
    await schedule.pass(60_000);
    expect(sent).toHaveLength(3);
  });

  it('resolves at once when nothing waits', async () => {
    const { outbox } = virtualOutbox();
    await outbox.acknowledged();
  });
});

describe('when the collector takes nothing', () => {
  it('is asked again with growing pauses, and gets everything once', async () => {
    const { outbox, schedule, sent, stored, answers, diagnostics, run } = virtualOutbox();
    for (let i = 0; i < 4; i++) answers.push(() => unreachable);
    run('a');
    await schedule.turn();
    run('b');
    expect(sent).toHaveLength(1);
    // Half of 500, 1000, 2000 and 4000 ms: `random` is 0.5.
    await schedule.pass(240);
    expect(sent).toHaveLength(1);
    await schedule.pass(20);
    expect(sent).toHaveLength(2);
    await schedule.pass(10_000);
    expect(stored).toEqual(['a', 'b']);
    expect(outbox.receipt()).toMatchObject({ delivered: 2, dropped: 0, complete: true });
    expect(diagnostics.map(({ kind }) => kind)).toEqual(['collector-unreachable', 'collector-reachable']);
    expect(diagnostics[0]?.message).toContain('http://collector.test');
    expect(diagnostics[0]?.message).toContain('1 item waits');
  });

  it('says why, and when it is asked again, for whoever debugs', async () => {
    const { schedule, log, answers, run } = virtualOutbox();
    answers.push(
      () => unreachable,
      () => later(20_000),
    );
    run('a');
    await schedule.pass(1000);
    expect(log).toEqual([
      'collector-unreachable (nothing listens there): 1 items wait, again in 250 ms',
      'collector-busy (answered 429): 1 items wait, again in 20250 ms',
    ]);
  });

  it('is left alone as long as it asked to be', async () => {
    const { outbox, schedule, sent, answers, run } = virtualOutbox();
    answers.push(() => later(20_000));
    run('a');
    await schedule.pass(19_000);
    expect(sent).toHaveLength(1);
    const flushed = outbox.flush({ timeoutMs: 500 });
    await schedule.pass(500);
    expect((await flushed).complete).toBe(false);
    expect(sent).toHaveLength(1);
    await schedule.pass(2000);
    expect(sent).toHaveLength(2);
  });

  it('is asked at once when the configuration was mended', async () => {
    const settings = { url: 'http://collector.test', apiKey: 'wrong' };
    const { schedule, stored, answers, run } = virtualOutbox(settings);
    answers.push(() => ({ kind: 'misconfigured', problem: 'not-authorised', words: 'answered 401' }));
    run('a');
    await schedule.turn();
    run('b');
    await schedule.turn();
    expect(stored).toEqual([]);
    settings.apiKey = 'right';
    run('c');
    await schedule.turn();
    expect(stored).toEqual(['a', 'b', 'c']);
  });

  it('flush() asks at once', async () => {
    const { outbox, schedule, stored, answers, run } = virtualOutbox({}, undefined, () => 1);
    for (let i = 0; i < 5; i++) answers.push(() => unreachable);
    run('a');
    await schedule.pass(10_000);
    answers.length = 0;
    const flushed = outbox.flush();
    await schedule.turn();
    expect(await flushed).toMatchObject({ delivered: 1, complete: true });
    expect(stored).toEqual(['a']);
  });

  it('drops the oldest beyond memoryLimit where there is no disk, and never loses the count', async () => {
    const { outbox, schedule, stored, answers, lossReports, diagnostics, run } = virtualOutbox({
      memoryLimit: 10_000,
    });
    answers.push(() => unreachable);
    run('first');
    await schedule.turn();
    for (let i = 0; i < 200; i++) run(`r${i}`, 100);
    const { dropped, queued, dropped_by_reason } = outbox.receipt();
    expect(dropped).toBeGreaterThan(0);
    expect(dropped + queued).toBe(201);
    expect(dropped_by_reason).toEqual({ memory_full: dropped });
    expect(diagnostics.some(({ kind }) => kind === 'dropped')).toBe(true);
    await schedule.pass(20_000);
    expect(stored).toHaveLength(queued);
    expect(stored.at(-1)).toBe('r199');
    expect(lossReports).toEqual([{ reason: 'memory_full', items: dropped }]);
    expect(diagnostics.filter(({ kind }) => kind === 'dropped').reduce((n, d) => n + (d.count ?? 0), 0)).toBe(
      dropped,
    );
  });
});

it('has told of every loss when flush() gives its receipt', async () => {
  const { outbox, schedule, answers, diagnostics, run } = virtualOutbox({ memoryLimit: 10_000 });
  answers.push(() => unreachable);
  for (let i = 0; i < 2_000; i++) run(`r${i}`, 100);
  const flushed = outbox.flush({ timeoutMs: 1 });
  await schedule.pass(1);
  const { dropped } = await flushed;
  expect(dropped).toBeGreaterThan(1);
  const told = diagnostics.filter(({ kind }) => kind === 'dropped');
  expect(told.reduce((sum, { count = 0 }) => sum + count, 0)).toBe(dropped);
});

describe('when the collector does not take a batch', () => {
  it('sends it in halves when it is too large, and drops a single item that still is', async () => {
    const { outbox, schedule, stored, answers, run } = virtualOutbox();
    const tooLarge = (lines: readonly string[]): Verdict =>
      lines.length > 2 || lines.some((line) => line.includes('huge'))
        ? { kind: 'too-large', words: 'over 1 MB' }
        : receiptFor(lines);
    for (let i = 0; i < 30; i++) answers.push(tooLarge);
    for (const id of ['a', 'b', 'huge', 'c', 'd', 'e', 'f']) run(id);
    const flushed = outbox.flush();
    await schedule.turn();
    await flushed;
    expect(stored).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
    expect(outbox.receipt()).toMatchObject({
      delivered: 6,
      dropped: 1,
      dropped_by_reason: { too_large: 1 },
      complete: true,
    });
    await schedule.turn();
  });

  it('isolates the item it refuses and delivers its neighbours', async () => {
    const { outbox, schedule, stored, answers, run, diagnostics, lossReports } = virtualOutbox();
    const poisoned = (lines: readonly string[]): Verdict =>
      lines.some((line) => line.includes('poison'))
        ? { kind: 'refused', words: 'items[3].tags: expected an array' }
        : receiptFor(lines);
    for (let i = 0; i < 60; i++) answers.push(poisoned);
    for (let i = 0; i < 40; i++) run(i === 17 ? 'poison' : `r${i}`);
    const flushed = outbox.flush();
    await schedule.turn();
    await flushed;
    await schedule.turn();
    expect(stored).toHaveLength(39);
    const receipt = outbox.receipt();
    expect(receipt.rejected).toEqual([{ reason: 'items[3].tags: expected an array' }]);
    expect(receipt).toMatchObject({ delivered: 39, dropped: 1, dropped_by_reason: { rejected: 1 } });
    expect(diagnostics[0]).toMatchObject({ kind: 'item-rejected', count: 1 });
    expect(diagnostics[0]?.message).toContain('items[3].tags');
    expect(lossReports).toEqual([{ reason: 'rejected', items: 1 }]);
  });

  it('lets others pass when it fails over one item again and again', async () => {
    const { outbox, schedule, stored, answers, run } = virtualOutbox();
    for (let i = 0; i < 200; i++) {
      answers.push((lines) =>
        lines.some((line) => line.includes('cursed'))
          ? { kind: 'later', problem: 'collector-failing', words: 'answered 500' }
          : receiptFor(lines),
      );
    }
    for (let i = 0; i < 40; i++) run(i === 17 ? 'cursed' : `r${i}`);
    await schedule.turn();
    for (let i = 0; i < 40; i++) run(`s${i}`);
    await schedule.pass(300_000);
    expect(stored).toHaveLength(79);
    expect(outbox.receipt()).toMatchObject({ delivered: 79, queued: 1, dropped: 0 });
  });

  it('keeps the collector’s words about items it rejects one by one', async () => {
    const { outbox, schedule, answers, run } = virtualOutbox();
    answers.push(() => ({
      kind: 'stored',
      receipt: { accepted: 1, duplicate: 1, rejected: [{ index: 1, id: 'b', reason: 'run_id: too long' }] },
    }));
    for (const id of ['a', 'b', 'c']) run(id);
    const flushed = outbox.flush();
    await schedule.turn();
    await flushed;
    await schedule.turn();
    expect(outbox.receipt()).toMatchObject({
      delivered: 2,
      dropped: 1,
      rejected: [{ id: 'b', reason: 'run_id: too long' }],
    });
  });

  it('keeps everything when only a person can mend it, says so once, and tries slowly', async () => {
    const { outbox, schedule, sent, answers, diagnostics, run } = virtualOutbox();
    for (let i = 0; i < 50; i++) {
      answers.push(() => ({
        kind: 'misconfigured',
        problem: 'not-authorised',
        words: 'answered 401: unknown key; check apiKey (OBSERVATORY_API_KEY)',
      }));
    }
    run('a');
    await schedule.pass(60_000);
    expect(sent.length).toBeLessThan(8);
    expect(diagnostics).toHaveLength(1);
    expect(diagnostics[0]?.message).toContain('apiKey');
    expect(outbox.receipt()).toMatchObject({ queued: 1, dropped: 0 });
  });
});
