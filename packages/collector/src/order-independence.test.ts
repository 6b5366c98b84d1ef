import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { temporaryFolder } from './collector.test.fixture.js';
import { createIngest } from './ingest.js';
import { DEFAULT_LIMITS } from './limits.js';
import { openSqliteStore } from './sqlite-store.js';
import type { Store } from './store.js';
import { createWriter } from './writer.js';

type Item = Record<string, unknown>;

const stores: Store[] = [];
afterEach(() => {
  for (const store of stores.splice(0)) store.close();
});

/** What a reader sees after these requests. */
async function answerAfter(requests: Item[][]): Promise<unknown> {
  const store = openSqliteStore(await temporaryFolder());
  stores.push(store);
  const ingest = createIngest(
    createWriter(store, () => {}),
    DEFAULT_LIMITS,
  );
  for (const items of requests) {
    const receipt = await ingest.body(Buffer.from(JSON.stringify({ type: 'batch', items })), 'strict');
    expect(receipt.rejected).toEqual([]);
  }
  const runs = await store.runs({ op: 'and', of: [] }, { limit: 100 });
  const sessions = await store.sessions({ limit: 100 });
  const facets = await store.facets();
  return {
    runs,
    sessions,
    facets,
    topLevel: await store.runs({ op: 'top_level' }, { limit: 100 }),
    details: await Promise.all(runs.rows.map((row) => store.run(row.run_id))),
    threads: await Promise.all(sessions.rows.map((row) => store.thread(row.session_id, { limit: 100 }))),
  };
}

const time = fc.integer({ min: 0, max: 5000 }).map((ms) => new Date(Date.UTC(2026, 2, 1) + ms).toISOString());
const optional = <Value>(arbitrary: fc.Arbitrary<Value>) => fc.option(arbitrary, { nil: undefined, freq: 2 });
const runId = fc.constantFrom('a', 'b', 'c');
const hash = fc.constantFrom('h1', 'h2', 'h3');
const outcome = optional(
  fc.constantFrom('ok', 'error', 'cancelled', 'interrupted', 'abandoned', 'timed_out'),
);
const long = fc.constantFrom('x', 'y', 'z').map((letter) => letter.repeat(600));
const body = optional(fc.oneof(fc.constantFrom('short', 'other'), long));
const ending = {
  end_time: optional(time),
  outcome,
  status_code: optional(fc.constantFrom(0, 2)),
  status_message: body,
};

const runItem = fc.record({
  type: fc.constant('run'),
  run_id: runId,
  // An item without any time would make the run start when it arrived, which is no property of the items.
  start_time: time,
  ...ending,
  prompt: optional(fc.record({ user_prompt: body, system_prompt: body })),
  response: body,
  session_id: optional(fc.constantFrom('s1', 's2')),
  conversational: optional(fc.boolean()),
  name: optional(fc.constantFrom('agent', 'tool')),
  tags: optional(fc.subarray(['t1', 't2', 't3'])),
  metadata: optional(fc.dictionary(fc.constantFrom('k1', 'k2'), fc.constantFrom('v1', 'v2'))),
  parent_run_id: optional(fc.constantFrom('p', 'a')),
});

const stepItem = fc.record({
  type: fc.constant('step'),
  run_id: runId,
  step_id: fc.constantFrom('s1', 's2'),
  start_time: time,
  ...ending,
  prompt: fc.oneof(
    body,
    fc
      .array(fc.record({ role: fc.constantFrom('user', 'assistant'), content: fc.constantFrom('1', '2') }), {
        minLength: 1,
      })
      .map((messages) => JSON.stringify(messages)),
  ),
  response: body,
  messages: optional(fc.array(hash, { maxLength: 3 })),
  output: optional(fc.array(hash, { maxLength: 2 })),
  model_requested: optional(fc.constantFrom('gpt-4o', 'unknown-model')),
  model_used: optional(fc.constantFrom('gpt-4o-2024-08-06', 'claude-sonnet-4-20250514')),
  prompt_uncached_tokens: optional(fc.nat(1000)),
  prompt_cached_tokens: optional(fc.nat(1000)),
  completion_tokens: optional(fc.nat(1000)),
  real_total_cost: optional(fc.nat(1000).map((n) => n / 1000)),
  time_to_first_token_ms: optional(fc.nat(1000)),
});

const toolCallItem = fc.record({
  type: fc.constant('tool_call'),
  run_id: runId,
  tool_call_id: fc.constantFrom('t1', 't2'),
  start_time: time,
  ...ending,
  tool_name: optional(fc.constantFrom('search', 'weather')),
  args: body,
  result: body,
  step_id: optional(fc.constantFrom('s1')),
});

const feedbackItem = fc.record({
  type: fc.constant('feedback'),
  run_id: runId,
  score: fc.constantFrom('thumbs_up', 'thumbs_down'),
  time,
});

const contents: Item[] = ['h1', 'h2', 'h3'].map((name) => ({
  type: 'content',
  hash: name,
  body: { role: 'user', content: `message ${name}` },
}));

/** Histories that go on from each other, as an agent loop sends them: most steps name the list of one before. */
const history = fc
  .array(
    fc.record({
      from: fc.nat(6),
      added: fc.array(
        fc.oneof(
          hash,
          fc.constantFrom('1', '2').map((content) => ({ role: 'user', content })),
        ),
        {
          maxLength: 3,
        },
      ),
    }),
    { maxLength: 6 },
  )
  .map((steps) => {
    const lists: string[] = [];
    return steps.map(({ from, added }, n): Item => {
      const base = lists[from % (n + 1)];
      const refs = base === undefined ? added : [`@${base}`, ...added];
      if (refs.length > 1) lists.push(listHash(refs));
      return {
        type: 'step',
        run_id: 'loop',
        step_id: `l${n}`,
        start_time: '2026-03-01T00:00:00.000Z',
        messages: refs,
      };
    });
  });

const hashOf = (json: string) => createHash('sha256').update(json).digest('base64url').slice(0, 22);
const listHash = (refs: unknown[]) =>
  hashOf(JSON.stringify(refs.map((ref) => (typeof ref === 'string' ? ref : hashOf(JSON.stringify(ref))))));

/** A set of items as one client makes them: every item of an id has a seq of its own. */
const itemSet = fc
  .tuple(
    fc.array(fc.oneof(runItem, stepItem, toolCallItem, feedbackItem), { minLength: 1, maxLength: 14 }),
    history,
    fc.subarray(contents),
  )
  .map(([items, steps, sent]): Item[] => [
    ...[...items, ...steps].map((item, seq): Item => ({ ...item, seq: seq + 1 })),
    ...sent,
  ]);

/** The set sent as the network may send it: in any order, some of it twice or more, cut into requests anywhere. */
const sending = itemSet.chain((items) =>
  fc
    .tuple(
      fc.array(fc.nat(items.length - 1), { maxLength: 6 }),
      fc.array(fc.boolean(), { minLength: items.length + 6, maxLength: items.length + 6 }),
    )
    .chain(([again, cuts]) => {
      const all = [...items, ...again.map((at) => items[at]!)];
      return fc.shuffledSubarray(all, { minLength: all.length, maxLength: all.length }).map((shuffled) => {
        const requests: Item[][] = [[]];
        shuffled.forEach((item, at) => {
          requests.at(-1)!.push(item);
          if (cuts[at]) requests.push([]);
        });
        return { items, requests: requests.filter((request) => request.length > 0) };
      });
    }),
);

describe('what is stored', () => {
  it('does not depend on the order of items, on duplicates, or on how they were batched', {
    timeout: 120_000,
  }, async () => {
    await fc.assert(
      fc.asyncProperty(sending, async ({ items, requests }) => {
        const [inOrder, asSent] = [await answerAfter([items]), await answerAfter(requests)];
        for (const store of stores.splice(0)) store.close();
        expect(asSent).toEqual(inOrder);
      }),
      { numRuns: 60 },
    );
  });
});
