import { setTimeout as sleep } from 'node:timers/promises';
import { traced } from '@observatory/core';
import { captureRuns } from '@observatory/testing';
import fastify from 'fastify';
import { expect, test } from 'vitest';
import { observatory } from './fastify.js';

const model = traced(async (_prompt: string) => sleep(1, 'Rain.'), { as: 'step', name: 'gpt-test' });

test('a request to Fastify that does agent work is a run; other requests are not', async () => {
  using captured = captureRuns();
  const app = fastify();
  app.register(observatory());
  app.post('/chat/:id', async (request) => ({
    answer: await model((request.body as { prompt: string }).prompt),
  }));
  app.get('/health', async () => ({ ok: true }));
  app.post('/fails', async () => {
    await model('x');
    throw new Error('broken agent');
  });
  app.get('/stream', (_request, reply) => {
    const answer = async function* () {
      yield 'data: 1\n\n';
      yield `data: ${await model('x')}\n\n`;
    };
    reply.header('content-type', 'text/event-stream').send(ReadableStream.from(answer()));
  });
  const url = await app.listen({ port: 0, host: '127.0.0.1' });
  const send = (path: string, body?: object) =>
    fetch(url + path, {
      method: body ? 'POST' : 'GET',
      ...(body ? { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) } : {}),
    }).then((response) => response.text());

  expect(await send('/chat/7', { prompt: 'Weather?', threadId: 't-1' })).toBe('{"answer":"Rain."}');
  await send('/health');
  await send('/missing');
  await send('/fails', {});
  expect(await send('/stream')).toBe('data: 1\n\ndata: Rain.\n\n');
  await captured.settled({ runs: 3 });
  expect(captured.runs).toMatchObject([
    {
      name: 'POST /chat/:id',
      prompt: { user_prompt: 'Weather?' },
      response: 'Rain.',
      session_id: 't-1',
      outcome: 'ok',
      metadata: { http_status: 200 },
      steps: [{}],
    },
    { name: 'POST /fails', outcome: 'error', status_message: 'broken agent', steps: [{}] },
    { name: 'GET /stream', outcome: 'ok', steps: [{ response: 'Rain.' }] },
  ]);
  await app.close();
});
