import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Readable } from 'node:stream';
import { run } from '@observatory/core';
import { seal, setOutbox } from '@observatory/core/recorder';
import type { ContentRefs, Message, WireItem } from '@observatory/core/wire';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RunDetail, SearchResult, StepBody } from './api.js';
import { type CollectorFixture, collectorFixture, temporaryFolder } from './collector.test.fixture.js';
import { createIngest } from './ingest.js';
import { DEFAULT_LIMITS } from './limits.js';
import { type ListRow, wholeList } from './sqlite-lists.js';
import { openSqliteStore } from './sqlite-store.js';
import { exportLines, importLines } from './transfer.js';
import { createWriter } from './writer.js';

const hashOf = (json: string) => createHash('sha256').update(json).digest('base64url').slice(0, 22);
const contentHash = (body: unknown) => hashOf(JSON.stringify(body));
const listHash = (refs: ContentRefs) =>
  hashOf(JSON.stringify(refs.map((ref) => (typeof ref === 'string' ? ref : contentHash(ref)))));

const message = (n: number | string): Message => ({ role: 'user', content: `message ${n}` });
const step = (id: string, messages: ContentRefs, more: Record<string, unknown> = {}) => ({
  type: 'step',
  run_id: 'r',
  step_id: id,
  start_time: `2026-03-01T10:00:${id.slice(1).padStart(2, '0').slice(-2)}.000Z`,
  messages,
  seq: 1,
  ...more,
});

/** Steps of a loop in which each brings one message. */
function loop(steps: number, run_id = 'r') {
  let refs: ContentRefs = [];
  return Array.from({ length: steps }, (_, n) => {
    if (n === 0) refs = [message('system'), message(0)];
    else refs = [`@${listHash(refs)}`, message(n)];
    return step(`s${n}`, refs, {
      run_id,
      start_time: new Date(Date.UTC(2026, 2, 1) + n).toISOString(),
    });
  });
}
const history = (steps: number) => [
  message('system'),
  ...Array.from({ length: steps }, (_, n) => message(n)),
];

const stepsOf = async (collector: CollectorFixture, id = 'r'): Promise<StepBody[]> =>
  (await collector.get<RunDetail>(`/api/runs/${id}`)).steps;

const EARLIER_MISSING = { role: 'unknown', content: '[earlier messages not received]', not_received: true };

describe('a list of contents', () => {
  it('may hold contents, their hashes and, first, another list', async () => {
    const collector = await collectorFixture();
    const [a, b, c] = [message('a'), message('b'), message('c')];
    const first: ContentRefs = [a, 'chosen'];
    const receipt = await collector.send(
      { type: 'content', hash: 'chosen', body: b },
      step('s1', first, { output: [c], tool_definitions: [{ name: 'tool' }, { name: 'other' }] }),
      step('s2', [`@${listHash(first)}`, contentHash(c), contentHash(a)], {
        tool_definitions: [`@${listHash([{ name: 'tool' }, { name: 'other' }])}`],
      }),
    );
    expect(receipt).toEqual({ accepted: 3, duplicate: 0, rejected: [] });
    const steps = await stepsOf(collector);
    expect(steps[0]).toMatchObject({ messages: [a, b], output: [c] });
    expect(steps[1]).toMatchObject({
      messages: [a, b, c, a],
      message_hashes: [contentHash(a), 'chosen', contentHash(c), contentHash(a)],
    });
    for (const { tool_definitions } of steps) {
      expect(tool_definitions).toEqual([{ name: 'tool' }, { name: 'other' }]);
    }
  });

  it('whose beginning has not arrived says so, and is whole once it has, in whichever order', async () => {
    const collector = await collectorFixture();
    const items = loop(4);
    await collector.send(items[3]);
    expect((await stepsOf(collector))[0]).toMatchObject({
      messages: [EARLIER_MISSING, message(3)],
      message_hashes: [expect.stringMatching(/^@[\w-]{22}$/), contentHash(message(3))],
    });
    await collector.send(items[1]);
    await collector.send(items[2]);
    expect((await stepsOf(collector)).map(({ messages }) => messages?.[0])).toEqual([
      EARLIER_MISSING,
      EARLIER_MISSING,
      EARLIER_MISSING,
    ]);
    await collector.send(items[0]);
    await collector.send(...items.toReversed());
    const steps = await stepsOf(collector);
    expect(steps.map(({ messages }) => messages)).toEqual([1, 2, 3, 4].map(history));
    expect(steps.map(({ message_hashes }) => message_hashes)).toEqual(
      [1, 2, 3, 4].map((n) => history(n).map(contentHash)),
    );
  });

  it('that repeats one before is that list', async () => {
    const collector = await collectorFixture();
    const refs = [message(1), message(2)];
    const again = `@${listHash(refs)}`;
    await collector.send(step('s1', refs), step('s2', [again]), step('s3', [again, message(3)]));
    expect((await stepsOf(collector)).map(({ messages }) => messages)).toEqual([
      refs,
      refs,
      [...refs, message(3)],
    ]);
  });

  it('that nobody ever sends leaves the rest readable', async () => {
    const collector = await collectorFixture();
    const unknown = `@${'x'.repeat(22)}`;
    await collector.send(step('s1', [unknown]), step('s2', [unknown, message(1), 'never']));
    expect((await stepsOf(collector)).map(({ messages }) => messages)).toEqual([
      [EARLIER_MISSING],
      [
        EARLIER_MISSING,
        message(1),
        { role: 'unknown', content: '[content not received]', not_received: true },
      ],
    ]);
  });

  it('at the end of a chain of 10,000 is read whole', async () => {
    const collector = await collectorFixture();
    const items = loop(10_000).map((item, n) => ({ ...item, step_id: 's', seq: n + 1 }));
    const receipt = await collector.send(...items);
    expect(receipt).toMatchObject({ accepted: 10_000, rejected: [] });
    const [last] = await stepsOf(collector);
    expect(last?.messages).toHaveLength(10_001);
    expect(last?.messages?.at(0)).toEqual(message('system'));
    expect(last?.messages?.at(-1)).toEqual(message(9999));
  });

  it('longer than anybody reads is shown from its end', () => {
    const rows = new Map<number, ListRow>([
      [1, { base: undefined, keys: [10, 11, 12] }],
      [2, { base: 1, keys: [13] }],
      [3, { base: 2, keys: [14, 15] }],
    ]);
    const read = (key: number) => rows.get(key);
    const whole = { keys: [10, 11, 12, 13, 14, 15] };
    expect(wholeList(3, read, 6)).toEqual(whole);
    expect(wholeList(3, read, 5)).toEqual({ keys: [11, 12, 13, 14, 15], gap: { list: 1, why: 'too long' } });
    expect(wholeList(3, read, 3)).toEqual({ keys: [13, 14, 15], gap: { list: 2, why: 'too long' } });
    expect(wholeList(3, read, 1)).toEqual({ keys: [15], gap: { list: 3, why: 'too long' } });
  });
});

describe('the lists of a loop', () => {
  const stored = (dataDir: string) => {
    const db = new DatabaseSync(join(dataDir, 'runs.db'), { readOnly: true });
    const one = (sql: string) => Object.values(db.prepare(sql).get()!)[0] as number;
    const sizes = {
      lists: one(`SELECT count(*) FROM contents WHERE hash LIKE 'l:%'`),
      contents: one(`SELECT count(*) FROM contents WHERE hash LIKE 'c:%'`),
      uses: one('SELECT count(*) FROM content_uses'),
      bytes:
        one(`SELECT coalesce(sum(length(body)), 0) FROM contents WHERE hash LIKE 'l:%'`) +
        one('SELECT coalesce(sum(length(fields)), 0) FROM steps'),
    };
    db.close();
    return sizes;
  };

  it('take room by their steps, not by the square of them', async () => {
    const collector = await collectorFixture();
    await collector.send(...loop(100));
    const hundred = stored(collector.dataDir);
    expect(hundred).toMatchObject({ lists: 100, contents: 101, uses: 201 });
    await collector.send(...loop(200));
    expect(stored(collector.dataDir).bytes / hundred.bytes).toBeLessThan(2.2);
    expect(await (await collector.request('/metrics')).text()).toContain(
      'observatory_stored{kind="content"} 201',
    );
  });

  it('are found by the step that brought the text', async () => {
    const collector = await collectorFixture();
    const items = loop(5);
    await collector.send(items[4], items[2], items[3], items[1], items[0]);
    for (const n of [0, 2, 4]) {
      const { hits } = await collector.get<SearchResult>(
        `/api/search?q=${encodeURIComponent(`"message ${n}"`)}`,
      );
      expect(hits.map(({ step_id }) => step_id)).toEqual([`s${n}`]);
    }
    expect((await collector.get<{ runs: unknown[] }>('/api/runs?q=message')).runs).toHaveLength(1);
  });

  it('go when their runs go', async () => {
    const collector = await collectorFixture();
    await collector.send(...loop(5, 'a'), ...loop(3, 'b'));
    await collector.request('/api/runs/a', { method: 'DELETE' });
    expect(stored(collector.dataDir)).toMatchObject({ lists: 3, contents: 4, uses: 7 });
    expect((await stepsOf(collector, 'b')).map(({ messages }) => messages)).toEqual([1, 2, 3].map(history));
    await collector.send(...loop(5, 'a'));
    expect((await stepsOf(collector, 'a')).at(-1)?.messages).toEqual(history(5));
    await collector.request('/api/runs/a', { method: 'DELETE' });
    await collector.request('/api/runs/b', { method: 'DELETE' });
    expect(stored(collector.dataDir)).toMatchObject({ lists: 0, contents: 0, uses: 0 });
  });

  it('stay for a run that goes on from the list of another, when that goes', async () => {
    const collector = await collectorFixture();
    const items = loop(5, 'a');
    const last = `@${listHash(items[4]!.messages)}`;
    await collector.send(
      ...items,
      step('s1', [last, message('b')], { run_id: 'b' }),
      step('s1', [last], { run_id: 'c' }),
    );
    await collector.request('/api/runs/a', { method: 'DELETE' });
    await collector.request('/api/runs/c', { method: 'DELETE' });
    expect((await stepsOf(collector, 'b'))[0]?.messages).toEqual([...history(5), message('b')]);
    await collector.request('/api/runs/b', { method: 'DELETE' });
    expect(stored(collector.dataDir)).toMatchObject({ lists: 0, contents: 0, uses: 0 });
  });

  it('are exported by what is new in each, and read the same elsewhere', async () => {
    const first = await collectorFixture();
    const items = loop(50);
    await first.send(
      ...items,
      // The list that the next one goes on from is no longer carried by anything.
      step('s30', [message('other')], { seq: 2 }),
      step('s51', [`@${'x'.repeat(22)}`, message('after the unknown')]),
      step('s52', [`@${listHash(items[40]!.messages)}`]),
    );
    const seen = await stepsOf(first);
    await first.close();
    const target = { dataDir: first.dataDir, url: 'http://127.0.0.1:1' };
    const lines: string[] = [];
    for await (const line of exportLines(target)) lines.push(line);
    const refs = lines.flatMap((line) => (JSON.parse(line) as { messages?: unknown[] }).messages ?? []);
    expect(refs.length).toBeLessThan(150);
    const dataDir = await temporaryFolder();
    const report = await importLines(Readable.from(lines.map((line) => `${line}\n`)), { ...target, dataDir });
    expect(report.rejected).toEqual([]);
    expect(await stepsOf(await collectorFixture({ dataDir }))).toEqual(seen);
  });
});

describe('what core records of histories', () => {
  const edits = fc.array(
    fc.record({
      branch: fc.nat(2),
      edit: fc.constantFrom('add', 'add', 'repeat', 'trim', 'fork'),
      content: fc.constantFrom('a', 'b', 'ü', '\ud83d', '"'),
      at: fc.nat(8),
    }),
    { minLength: 1, maxLength: 15 },
  );

  /** The items of a run with these histories, as they leave the process. */
  function recorded(histories: Message[][]): string[] {
    const waiting = new Set<WireItem>();
    const lines: string[] = [];
    const receipt = {
      delivered: 0,
      queued: 0,
      spooled: 0,
      dropped: 0,
      dropped_by_reason: {},
      rejected: [],
      complete: true,
    };
    const restore = setOutbox({
      eager: false,
      add: (item) => void waiting.add(item),
      acknowledged: async () => undefined,
      flush: async () => receipt,
      shutdown: async () => receipt,
      receipt: () => receipt,
    });
    const agent = run({ runId: 'r' }).prompt('go');
    histories.forEach((messages, n) => {
      agent
        .step({ stepId: `s${n}`, startTime: new Date(Date.UTC(2026, 2, 1) + n) })
        .prompt(messages)
        .response({ role: 'assistant', content: `answer ${n}` })
        .end();
    });
    void agent.response('done').end();
    for (const item of waiting) lines.push(...seal(item));
    restore();
    return lines;
  }

  it('is stored as it was, however its items are ordered, repeated and split', {
    timeout: 120_000,
  }, async () => {
    await fc.assert(
      fc.asyncProperty(edits, fc.infiniteStream(fc.nat(1000)), async (script, random) => {
        const branches: Message[][] = [[], [], []];
        const histories = script.map(({ branch, edit, content, at }) => {
          const messages = branches[branch]!;
          if (edit === 'add')
            messages.push({ role: 'user', content }, { role: 'assistant', content: `${at}` });
          if (edit === 'trim') messages.splice(0, at % (messages.length + 1));
          if (edit === 'fork') branches[at % 3] = [...messages];
          return [...messages];
        });
        const lines = recorded(histories);
        const order = new Map(lines.map((line) => [line, random.next().value as number]));
        const shuffled = [...lines, ...lines.filter(() => (random.next().value as number) % 2)].sort(
          (a, b) => order.get(a)! - order.get(b)!,
        );
        const store = openSqliteStore(await temporaryFolder());
        try {
          const ingest = createIngest(
            createWriter(store, () => {}),
            DEFAULT_LIMITS,
          );
          while (shuffled.length > 0) {
            const items = shuffled.splice(0, 1 + ((random.next().value as number) % 5));
            const receipt = await ingest.body(Buffer.from(`{"type":"batch","items":[${items}]}`), 'strict');
            expect(receipt.rejected).toEqual([]);
          }
          const detail = await store.run('r');
          expect(detail?.steps.map(({ messages }) => messages)).toEqual(histories);
          expect(detail?.steps.map(({ output }) => output)).toEqual(
            histories.map((_, n) => [{ role: 'assistant', content: `answer ${n}` }]),
          );
        } finally {
          store.close();
        }
      }),
      { numRuns: 50 },
    );
  });
});
