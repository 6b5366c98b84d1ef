import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';

type Item = Record<string, unknown>;

/** Stands where the collector would: takes what the example's process sends. */
const items: Item[] = [];
const collector = createHttpServer(async (request, response) => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks);
  const encoding = request.headers['content-encoding'];
  const text = encoding === 'gzip' ? gunzipSync(body) : encoding === 'zstd' ? zstdDecompressSync(body) : body;
  const sent = JSON.parse(text.toString()) as { items?: Item[] };
  const received = sent.items ?? [sent as Item];
  items.push(...received);
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ accepted: received.length, duplicate: 0, rejected: [] }));
});

let example: ChildProcess;
let url: string;

beforeAll(async () => {
  collector.listen(0, '127.0.0.1');
  await once(collector, 'listening');
  const port = await freePort();
  url = `http://127.0.0.1:${port}/api/chat`;
  const { OPENAI_API_KEY: _, ...env } = process.env;
  example = spawn(process.execPath, [fileURLToPath(new URL('../dist/main.js', import.meta.url))], {
    env: {
      ...env,
      PORT: String(port),
      OBSERVATORY_URL: `http://127.0.0.1:${(collector.address() as AddressInfo).port}`,
      OBSERVATORY_SPOOL: 'false',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(example.stdout as NodeJS.ReadableStream, 'data');
});

afterAll(async () => {
  example.kill();
  if (example.exitCode === null) await once(example, 'exit');
  collector.closeAllConnections();
  collector.close();
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** All items of one id in one, as a reader of the dashboard would see it. */
function folded(type: string, key: string): Item[] {
  const byId = new Map<unknown, Item>();
  for (const item of items.filter((item) => item.type === type)) {
    byId.set(item[key], { ...byId.get(item[key]), ...item });
  }
  return [...byId.values()];
}

const ask = (id: string, text: string, signal?: AbortSignal) =>
  fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ id, messages: [{ id: 'm1', role: 'user', parts: [{ type: 'text', text }] }] }),
    ...(signal ? { signal } : {}),
  });

async function runOf(question: string): Promise<Item> {
  const deadline = performance.now() + 30_000;
  for (;;) {
    const run = folded('run', 'run_id').find(
      ({ prompt, end_time }) =>
        end_time !== undefined && (prompt as { user_prompt?: string })?.user_prompt === question,
    );
    if (run) return run;
    if (performance.now() > deadline) throw new Error(`No run for ${question}: ${JSON.stringify(items)}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

test('a streamed answer with tools is one run of the conversation', async () => {
  const question = 'Where is it warmer, Oslo or Lisbon?';
  const answer = await (await ask('chat-1', question)).text();
  expect(answer).toContain('"type":"tool-output-available"');
  expect(answer.trimEnd().endsWith('data: [DONE]')).toBe(true);
  const run = await runOf(question);
  expect(run).toMatchObject({
    name: 'packing-chat',
    session_id: 'chat-1',
    outcome: 'ok',
    response: 'Lisbon: 21 °C, Oslo has 4 °C.',
  });
  const steps = folded('step', 'step_id').filter(({ run_id }) => run_id === run.run_id);
  expect(steps.map(({ finish_reason }) => finish_reason)).toEqual(['tool-calls', 'stop']);
  expect(steps[1]).toMatchObject({
    prompt_cached_tokens: 128,
    prompt_uncached_tokens: 52,
    completion_tokens: 14,
  });
  const calls = folded('tool_call', 'tool_call_id').filter(({ run_id }) => run_id === run.run_id);
  expect(calls.map(({ args, result }) => [args, result])).toEqual([
    ['{"city":"Oslo"}', '{"city":"Oslo","celsius":4}'],
    ['{"city":"Lisbon"}', '{"city":"Lisbon","celsius":21}'],
  ]);
});

test('a client that leaves cancels its run, and what was said is kept', async () => {
  const question = 'Tell me a story';
  const controller = new AbortController();
  const response = await ask('chat-2', question, controller.signal);
  const reader = response.body?.getReader();
  for (let seen = ''; !seen.includes('Word 3'); )
    seen += Buffer.from((await reader?.read())?.value ?? []).toString();
  controller.abort();
  const run = await runOf(question);
  expect(run).toMatchObject({ session_id: 'chat-2', outcome: 'cancelled' });
  const [step] = folded('step', 'step_id').filter(({ run_id }) => run_id === run.run_id);
  expect(step).toMatchObject({ outcome: 'cancelled' });
  expect(JSON.stringify(items)).toContain('Word 3.');
});
