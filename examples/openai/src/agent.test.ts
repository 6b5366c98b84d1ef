import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { wrapOpenAI } from '@observatory/openai';
import { captureRuns, modelServer } from '@observatory/testing';
import OpenAI from 'openai';
import { expect, test } from 'vitest';
import { ask } from './agent.js';
import { script } from './script.js';

test('a question that takes two tools at once is one run with two steps and two tool calls', async () => {
  await using server = await modelServer(script);
  using captured = captureRuns();
  const client = wrapOpenAI(new OpenAI(server.clientOptions), { name: 'travel-agent' });
  const { answer } = await ask(client, 'A weekend in Lisbon?');
  await captured.settled();
  expect(captured.runs).toMatchObject([
    {
      name: 'travel-agent',
      prompt: { user_prompt: 'A weekend in Lisbon?', system_prompt: 'You are a travel agent. Be brief.' },
      response: answer,
      outcome: 'ok',
      steps: [
        { finish_reason: 'tool_calls', completion_tokens: expect.any(Number) },
        { finish_reason: 'stop', time_to_first_token_ms: expect.any(Number) },
      ],
      tool_calls: [
        { tool_name: 'find_flight', args: '{"city":"Lisbon"}', result: '{"city":"Lisbon","price_eur":89}' },
        { tool_name: 'get_weather', result: '21 °C and sunny in Lisbon' },
      ],
    },
  ]);
});

test('a tool that fails is told to the model and seen in the run', async () => {
  await using server = await modelServer(script);
  using captured = captureRuns();
  const { answer } = await ask(wrapOpenAI(new OpenAI(server.clientOptions)), 'A flight to Atlantis?');
  await captured.settled();
  expect(answer).toBe('Nobody flies to Atlantis, sorry.');
  expect(captured.runs[0]!.tool_calls).toMatchObject([{ result: 'Error: There is no flight to Atlantis' }]);
});

test('the program runs without a key and without a collector', async () => {
  const main = fileURLToPath(new URL('../dist/main.js', import.meta.url));
  const { OPENAI_API_KEY: _, ...env } = process.env;
  const { stdout } = await promisify(execFile)(process.execPath, [main], {
    env: { ...env, OBSERVATORY_URL: 'http://127.0.0.1:9', OBSERVATORY_SPOOL: 'false' },
  });
  expect(stdout).toContain('you get there for 89 €');
  expect(stdout).toContain('Nobody flies to Atlantis');
});
