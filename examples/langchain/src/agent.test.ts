import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { ChatOpenAI } from '@langchain/openai';
import { instrumentLangChain } from '@observatory/langchain';
import { captureRuns, modelServer } from '@observatory/testing';
import { afterAll, expect, test } from 'vitest';
import { ask, travelAgent } from './agent.js';
import { script } from './script.js';

const off = instrumentLangChain();
afterAll(() => off());

const scripted = async () => {
  const server = await modelServer(script);
  const { baseURL, apiKey } = server.clientOptions;
  return {
    server,
    agent: travelAgent(new ChatOpenAI({ model: 'gpt-5-mini', apiKey, configuration: { baseURL } })),
  };
};

test('a conversation is a session, each turn a run with its steps and tool calls', async () => {
  const { server, agent } = await scripted();
  await using _ = server;
  using captured = captureRuns();
  await ask(agent, 'chat-1', 'Where is it warmer, Oslo or Lisbon?');
  await ask(agent, 'chat-1', 'What do I pack?');
  expect(captured.runs).toMatchObject([
    {
      name: 'travel_agent',
      session_id: 'chat-1',
      conversational: true,
      prompt: { user_prompt: 'Where is it warmer, Oslo or Lisbon?' },
      response: 'Lisbon: 21 °C, Oslo has 4 °C.',
      steps: [
        { finish_reason: 'tool_calls', metadata: { agent: 'travel_agent', node: 'model_request' } },
        { prompt_cached_tokens: 128, prompt_uncached_tokens: 52, completion_tokens: 14 },
      ],
      tool_calls: [
        { tool_name: 'weather', args: '{"city":"Oslo"}', result: '4 °C in Oslo' },
        { tool_name: 'weather', args: '{"city":"Lisbon"}', result: '21 °C in Lisbon' },
      ],
    },
    { session_id: 'chat-1', response: 'Shirts and sunglasses.', tool_calls: [{ tool_name: 'packing_list' }] },
  ]);
  // The second turn was answered with the first one in mind.
  expect(captured.runs[1]!.steps[0]!.messages!.length).toBeGreaterThan(4);
});

test('a tool that fails is a failed tool call of a run that went well', async () => {
  const { server, agent } = await scripted();
  await using _ = server;
  using captured = captureRuns();
  await ask(agent, 'chat-2', 'And for Atlantis?');
  expect(captured.runs).toMatchObject([
    {
      outcome: 'ok',
      response: 'Nobody measures the weather in Atlantis.',
      tool_calls: [{ tool_name: 'weather', outcome: 'error', status_message: 'No station in Atlantis' }],
    },
  ]);
});

test('the program runs without a key and without a collector', { timeout: 60_000 }, async () => {
  const main = fileURLToPath(new URL('../dist/main.js', import.meta.url));
  const { OPENAI_API_KEY: _, ...env } = process.env;
  const { stdout } = await promisify(execFile)(process.execPath, [main], {
    env: { ...env, OBSERVATORY_URL: 'http://127.0.0.1:9', OBSERVATORY_SPOOL: 'false' },
  });
  expect(stdout).toContain('Shirts and sunglasses.');
});
