/** One wrapper in a process of its own: bare and wrapped calls in turns, main-thread CPU per call and per chunk. */
import { createRequire } from 'node:module';
import { setImmediate as turn } from 'node:timers/promises';
import { wrappers } from './openai-wrappers.mjs';

const [, , name, url] = process.argv;
process.on('unhandledRejection', () => {});

const text = 'The quick brown fox jumps over the lazy dog. ';
const answer = JSON.stringify({
  id: 'chatcmpl-1',
  object: 'chat.completion',
  created: 1,
  model: 'gpt-5-2026-06-01',
  choices: [
    {
      index: 0,
      finish_reason: 'stop',
      message: { role: 'assistant', content: text.repeat(22), refusal: null },
    },
  ],
  usage: { prompt_tokens: 512, completion_tokens: 256, total_tokens: 768 },
});
const CHUNKS = 2_000;
const chunk = (delta, finish_reason = null) =>
  `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'gpt-5-2026-06-01', choices: [{ index: 0, delta, finish_reason }] })}\n\n`;
const events = new TextEncoder().encode(
  `${chunk({ role: 'assistant' })}${chunk({ content: 'word ' }).repeat(CHUNKS)}${chunk({}, 'stop')}data: [DONE]\n\n`,
);

const fetch = async (_url, { body }) =>
  body.includes('"stream":true')
    ? new Response(events, { headers: { 'content-type': 'text/event-stream', 'x-request-id': 'r' } })
    : new Response(answer, { headers: { 'content-type': 'application/json', 'x-request-id': 'r' } });
const options = { apiKey: 'k', baseURL: 'https://api.openai.com/v1', fetch, maxRetries: 0 };

const { wrap, flush, client = 'openai-v7', around = (work) => work() } = await wrappers[name]({ url });
// One build of the client for the bare calls, the other for the wrapped ones: some wrappers patch the classes themselves.
const Bare = createRequire(import.meta.url)(client).OpenAI;
const { OpenAI } = await import(client);
const clients = { bare: new Bare(options), wrapped: wrap(new OpenAI(options), options, OpenAI) };

const body = {
  model: 'gpt-5',
  messages: [
    { role: 'system', content: text.repeat(10) },
    { role: 'user', content: text.repeat(35) },
  ],
};

const work = {
  async call(client) {
    await client.chat.completions.create(body);
  },
  async stream(client) {
    let seen = 0;
    for await (const _ of await client.chat.completions.create({ ...body, stream: true })) seen++;
    if (seen < CHUNKS) throw new Error(`${seen} chunks`);
  },
};

async function block(kind, which, count) {
  globalThis.gc?.({ type: 'minor' });
  const before = process.threadCpuUsage();
  const all = async () => {
    for (let i = 0; i < count; i++) {
      await work[kind](clients[which]);
      if (i % 50 === 49) await turn();
    }
  };
  await (which === 'wrapped' ? around(all) : all());
  if (which === 'wrapped') await flush();
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / (kind === 'stream' ? count * CHUNKS : count);
}

process.on('message', async ({ kind, which, count }) => {
  try {
    process.send({ us: await block(kind, which, count) });
  } catch (error) {
    process.send({ error: String(error?.stack ?? error) });
  }
});
process.on('disconnect', () => process.exit(0));
process.send({ ready: true });
