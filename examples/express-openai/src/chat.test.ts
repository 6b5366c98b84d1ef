import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { captureRuns, modelServer } from '@observatory/testing';
import { expect, test } from 'vitest';
import { script } from './script.js';
import { start } from './start.js';

async function started() {
  const model = await modelServer(script);
  const captured = captureRuns();
  const server = await start(model.clientOptions);
  return {
    captured,
    ask: (content: string, signal?: AbortSignal) =>
      fetch(`${server.url}/chat`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-session-id': 's-1' },
        body: JSON.stringify({ messages: [{ role: 'user', content }] }),
        ...(signal ? { signal } : {}),
      }),
    get: (path: string) => fetch(server.url + path),
    async [Symbol.asyncDispose]() {
      await server.close();
      await model.close();
      await captured.settled();
      captured.restore();
    },
  };
}

test('a streamed conversation with a tool is one run, with the run of the service that it calls inside', async () => {
  await using chat = await started();
  await (await chat.get('/health')).text();
  expect(await (await chat.ask('Do I need an umbrella in Oslo?')).text()).toContain('umbrella');
  await chat.captured.settled({ runs: 1 });
  expect(chat.captured.runs).toMatchObject([
    {
      name: 'POST /chat',
      prompt: { user_prompt: 'Do I need an umbrella in Oslo?' },
      response: 'Take an umbrella: it rains in Oslo, at 7 °C.',
      session_id: 's-1',
      conversational: true,
      outcome: 'ok',
      metadata: { http_route: '/chat', http_status: 200 },
      steps: [{ finish_reason: 'tool_calls' }, { finish_reason: 'stop' }],
      tool_calls: [{ tool_name: 'get_weather', result: 'Rain, 7 °C.' }],
      runs: [
        {
          name: 'weather-agent',
          session_id: 's-1',
          prompt: { user_prompt: 'Weather in Oslo?' },
          response: 'Rain, 7 °C.',
          steps: [{ model_requested: 'gpt-5-nano' }],
        },
      ],
    },
  ]);
});

test('a client that leaves cancels its run and the model call in it', async () => {
  await using chat = await started();
  const leave = new AbortController();
  const answer = await chat.ask('Tell me a long story.', leave.signal);
  await answer.body?.getReader().read();
  leave.abort();
  await chat.captured.settled({ runs: 1 });
  expect(chat.captured.runs).toMatchObject([
    { outcome: 'cancelled', status_code: 0, steps: [{ outcome: 'cancelled' }] },
  ]);
});

test('the program runs without a key and without a collector', async () => {
  const main = fileURLToPath(new URL('../dist/main.js', import.meta.url));
  const { OPENAI_API_KEY: _, ...env } = process.env;
  const { stdout } = await promisify(execFile)(process.execPath, [main], {
    env: { ...env, OBSERVATORY_URL: 'http://127.0.0.1:9', OBSERVATORY_SPOOL: 'false' },
  });
  expect(stdout).toContain('umbrella');
});
