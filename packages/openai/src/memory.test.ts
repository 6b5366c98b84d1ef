import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { setOutbox } from '@observatory/core/recorder';
import OpenAI from 'openai';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { wrapOpenAI } from './wrap-openai.js';

/** Records into nothing: what stays in memory is the wrapper's own. */
let putBack: () => void;
beforeAll(() => {
  const receipt = () => ({
    delivered: 0,
    queued: 0,
    spooled: 0,
    dropped: 0,
    dropped_by_reason: {},
    rejected: [],
    complete: true,
  });
  putBack = setOutbox({
    eager: false,
    add: () => undefined,
    acknowledged: async () => undefined,
    flush: async () => receipt(),
    shutdown: async () => receipt(),
    receipt,
  });
});
afterAll(() => putBack());

const CHUNKS = 100_000;
const CALLS = 10_000;
const MB = 1024 * 1024;

setFlagsFromString('--expose_gc');
const gc = runInNewContext('gc') as () => void;

const heap = async () => {
  // Two turns, so that what finalizers free is free.
  for (let i = 0; i < 2; i++) {
    gc();
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return process.memoryUsage().heapUsed;
};

const answer = JSON.stringify({
  id: 'x',
  model: 'gpt-5',
  choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'y'.repeat(500) } }],
});

const client = wrapOpenAI(
  new OpenAI({
    apiKey: 'k',
    fetch: async (_url, init) => {
      if (!String(init?.body).includes('"stream":true'))
        return new Response(answer, { headers: { 'content-type': 'application/json' } });
      const delta = (content: string) => JSON.stringify({ choices: [{ index: 0, delta: { content } }] });
      const event = new TextEncoder().encode(`data: ${delta('word ')}\n\n`.repeat(1_000));
      let left = CHUNKS / 1_000;
      const body = new ReadableStream<Uint8Array>({
        pull(controller) {
          if (left-- > 0) controller.enqueue(event);
          else controller.close();
        },
      });
      return new Response(body, { headers: { 'content-type': 'text/event-stream' } });
    },
  }),
);

const body = { model: 'gpt-5', messages: [{ role: 'user' as const, content: 'x'.repeat(2_000) }] };

test('a stream of 100,000 chunks holds about its text while it is read, and no chunk', {
  timeout: 60_000,
}, async () => {
  const before = await heap();
  let seen = 0;
  let during = 0;
  for await (const _ of await client.chat.completions.create({ ...body, stream: true })) {
    if (++seen === CHUNKS) during = (await heap()) - before;
  }
  expect(seen).toBe(CHUNKS);
  // The text is half a megabyte; 100,000 kept chunks would be more than 30.
  expect(during).toBeLessThan(15 * MB);
});

test('10,000 calls leave nothing behind', { timeout: 60_000 }, async () => {
  const some = async (count: number) => {
    for (let i = 0; i < count; i++) await client.chat.completions.create(body);
  };
  await some(1_000);
  const before = await heap();
  await some(CALLS);
  // Kept bodies alone would be more than 20 MB.
  expect((await heap()) - before).toBeLessThan(12 * MB);
});
