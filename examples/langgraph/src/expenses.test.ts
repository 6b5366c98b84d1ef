import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Command } from '@langchain/langgraph';
import { ChatOpenAI } from '@langchain/openai';
import { ObservatoryCallbackHandler } from '@observatory/langchain';
import { captureRuns, modelServer } from '@observatory/testing';
import { expect, test } from 'vitest';
import { expenses } from './expenses.js';
import { script } from './script.js';

test.each([
  ['yes', '329 € are on their way.'],
  ['no', 'Sorry, this one is on you.'],
])('a claim that a person answers with %s is one run with two legs', async (answer, response) => {
  await using server = await modelServer(script);
  using captured = captureRuns();
  const { baseURL, apiKey } = server.clientOptions;
  const graph = expenses(new ChatOpenAI({ model: 'gpt-5-mini', apiKey, configuration: { baseURL } }));
  const config = {
    callbacks: [new ObservatoryCallbackHandler()],
    configurable: { thread_id: `claim-${answer}` },
  };
  await graph.invoke({ messages: [{ role: 'user', content: 'My trip to Rome, please.' }] }, config);
  const waiting = {
    name: 'expenses',
    session_id: `claim-${answer}`,
    prompt: { user_prompt: 'My trip to Rome, please.' },
    metadata: { interrupts: [{ question: 'Pay this?', summary: 'Hotel and train: 329 €.' }] },
    tool_calls: [{ tool_name: 'receipts', args: '{"trip":"Rome"}', metadata: { node: 'tools' } }],
    runs: [],
  };
  expect(captured.runs).toMatchObject([{ ...waiting, outcome: 'interrupted', steps: [{}, {}] }]);
  await graph.invoke(new Command({ resume: answer }), config);
  expect(captured.runs).toMatchObject([
    {
      ...waiting,
      outcome: 'ok',
      response,
      metadata: { ...waiting.metadata, resumed_with: answer },
      steps: [{ metadata: { node: 'read' } }, {}, { metadata: { node: 'settle' } }],
    },
  ]);
});

test('the program runs without a key and without a collector', { timeout: 60_000 }, async () => {
  const main = fileURLToPath(new URL('../dist/main.js', import.meta.url));
  const { OPENAI_API_KEY: _, ...env } = process.env;
  const { stdout } = await promisify(execFile)(process.execPath, [main], {
    env: { ...env, OBSERVATORY_URL: 'http://127.0.0.1:9', OBSERVATORY_SPOOL: 'false' },
  });
  expect(stdout).toContain('329 € are on their way.');
  expect(stdout).toContain('Sorry, this one is on you.');
});
