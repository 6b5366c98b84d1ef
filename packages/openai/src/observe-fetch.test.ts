import { recorder } from '@observatory/core/recorder';
import { captureRuns, modelServer, type Script } from '@observatory/testing';
import { expect, test } from 'vitest';
import { observeFetch } from './index.js';
import { majors } from './majors.test.support.js';
import { wrapOpenAI } from './wrap-openai.js';

const chat = { model: 'gpt-5', messages: [{ role: 'user' as const, content: 'Hi' }] };

const request = (stream = false): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ ...chat, stream }),
});

const script: Script = [{ text: ['One ', 'two.'], usage: { prompt: 5, completion: 2 } }];

const recorded = {
  prompt: { user_prompt: 'Hi' },
  response: 'One two.',
  steps: [
    {
      outcome: 'ok',
      model_requested: 'gpt-5',
      messages: chat.messages,
      output: [{ role: 'assistant', content: 'One two.' }],
      finish_reason: 'stop',
    },
  ],
};

const readers: Record<string, (response: Response) => Promise<unknown>> = {
  'json()': (response) => response.json(),
  'text()': (response) => response.text(),
  'arrayBuffer()': (response) => response.arrayBuffer(),
  'clone().json()': (response) => response.clone().json(),
  'clone(), then json()': async (response) => {
    response.clone();
    return response.json();
  },
  'a reader of the body': async (response) => {
    const reader = response.body!.getReader();
    while (!(await reader.read()).done);
  },
  'for await over the body': async (response) => {
    for await (const _ of response.body as unknown as AsyncIterable<unknown>);
  },
  'pipeThrough of the body': (response) =>
    new Response(
      response.body!.pipeThrough(new TextDecoderStream()).pipeThrough(new TextEncoderStream()),
    ).text(),
  'tee of the body': (response) => {
    const [left, right] = response.body!.tee();
    return Promise.all([new Response(left).text(), new Response(right).text()]);
  },
};

for (const [name, read] of Object.entries(readers)) {
  for (const stream of [false, true]) {
    if (stream && name.includes('json')) continue;
    test(`a call is recorded when its ${stream ? 'stream' : 'answer'} is read with ${name}`, async () => {
      await using server = await modelServer(script);
      using captured = captureRuns();
      const response = await observeFetch()(`${server.url}/chat/completions`, request(stream));
      await read(response);
      await captured.settled({ runs: 1 });
      expect(captured.runs).toMatchObject([recorded]);
    });
  }
}

test('what the framework reads is what was sent', async () => {
  await using server = await modelServer(() => 'the same');
  using captured = captureRuns();
  const url = `${server.url}/chat/completions`;
  const strip = (text: string) => text.replace(/"created":\d+|"id":"[^"]*"/g, '');
  for (const stream of [false, true]) {
    const bare = await (await fetch(url, request(stream))).text();
    const observed = await (await observeFetch()(url, request(stream))).text();
    expect(strip(observed)).toBe(strip(bare));
  }
  expect(captured.runs).toHaveLength(2);
});

test('a stream that is left keeps its partial text', async () => {
  await using server = await modelServer([{ text: ['One ', 'two.'], cut: { after: 2, with: 'hang' } }]);
  using captured = captureRuns();
  const response = await observeFetch()(`${server.url}/chat/completions`, request(true));
  const reader = response.body!.getReader();
  const decoder = new TextDecoder();
  let text = '';
  while (!text.includes('One')) text += decoder.decode((await reader.read()).value, { stream: true });
  await reader.cancel();
  await captured.settled({ runs: 1 });
  expect(captured.runs).toMatchObject([{ steps: [{ outcome: 'cancelled', output: [{ content: 'One ' }] }] }]);
  await server.settled();
  expect(server.requests[0]!.aborted).toBe(true);
});

test('errors carry status and message; a refused connection is an error, too', async () => {
  await using server = await modelServer([{ error: { status: 429, message: 'Slow down.' } }]);
  using captured = captureRuns();
  const response = await observeFetch()(`${server.url}/chat/completions`, request());
  expect(response.status).toBe(429);
  await response.text();
  await expect(observeFetch()('http://127.0.0.1:1/v1/chat/completions', request())).rejects.toThrow(
    'fetch failed',
  );
  await captured.settled({ runs: 2 });
  expect(captured.runs).toMatchObject([
    { steps: [{ outcome: 'error', metadata: { http_status: 429 }, status_message: '429 Slow down.' }] },
    { steps: [{ outcome: 'error' }] },
  ]);
});

test('other requests pass through untouched', async () => {
  await using server = await modelServer();
  using captured = captureRuns();
  const response = await observeFetch()(`${server.url}/models`);
  expect(Object.getOwnPropertyNames(response)).toEqual([]);
  await response.json();
  expect(captured.runs).toEqual([]);
});

for (const { major, OpenAI } of majors.slice(1)) {
  test(`${major}: a client of a framework's own, given an observed fetch`, async () => {
    await using server = await modelServer([...script, ...script]);
    using captured = captureRuns();
    const client = new OpenAI({ ...server.clientOptions, fetch: observeFetch() });
    await client.chat.completions.create(chat);
    for await (const _ of await client.chat.completions.create({ ...chat, stream: true }));
    await captured.settled({ runs: 2 });
    expect(captured.runs).toMatchObject([recorded, recorded]);
  });

  test(`${major}: below a wrapped client nothing is recorded twice`, async () => {
    await using server = await modelServer(script);
    using captured = captureRuns();
    const client = wrapOpenAI(new OpenAI({ ...server.clientOptions, fetch: observeFetch() }));
    await client.chat.completions.create(chat);
    await captured.settled({ runs: 1 });
    expect(captured.allRuns.flatMap(({ steps }) => steps)).toHaveLength(1);
  });
}

for (const { major, OpenAI } of majors) {
  test(`${major}: below another adapter's step only what the wire alone knows is added`, async () => {
    await using server = await modelServer([
      { error: { status: 429, retryAfterMs: 1 } },
      ...script,
      ...script,
    ]);
    using captured = captureRuns();
    const record = recorder('outer/1.0.0');
    const client = wrapOpenAI(new OpenAI(server.clientOptions));
    const run = record.openRun({ name: 'outer' });
    for (const stream of [false, true]) {
      const step = record.startStep(run, { model: 'outer-model' });
      await record.within({ run, step }, async () => {
        const answer = await client.chat.completions.create({ ...chat, stream });
        if (stream) for await (const _ of answer as unknown as AsyncIterable<unknown>);
      });
      record.endStep(step, { response: 'mine' });
    }
    await record.endRun(run);
    expect(captured.runs).toMatchObject([
      {
        name: 'outer',
        tool_calls: [],
        steps: [
          {
            model_requested: 'outer-model',
            response: 'mine',
            metadata: { request_id: expect.any(String), attempts: 2 },
          },
          { response: 'mine', metadata: { request_id: expect.any(String), attempts: 1 } },
        ],
      },
    ]);
    expect(captured.runs[0]!.steps).toHaveLength(2);
    expect(captured.runs[0]!.steps[0]!.output).toBeUndefined();
  });
}
