import { captureRuns, modelServer } from '@observatory/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { register } from '../../../instrumentation.js';

const server = await modelServer([
  {
    when: { toolResult: false, lastUser: /Oslo or Lisbon/ },
    reply: {
      toolCalls: [
        { name: 'weather', args: { city: 'Oslo' } },
        { name: 'weather', args: { city: 'Lisbon' } },
      ],
    },
  },
  {
    when: { toolResult: /21/ },
    reply: { text: 'Lisbon: 21 °C, Oslo has 4 °C.', usage: { prompt: 180, cached: 128, completion: 14 } },
  },
]);

beforeAll(async () => {
  process.env.OPENAI_BASE_URL = server.url;
  process.env.OPENAI_API_KEY = 'test';
  // Next.js may load it again, e.g. on a hot reload.
  await register();
  await register();
});

afterAll(() => server.close());

const ask = (id: string, text: string) =>
  new Request('http://localhost/api/chat', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ id, messages: [{ id: 'm1', role: 'user', parts: [{ type: 'text', text }] }] }),
  });

test('the route answers as useChat expects, and each request is one run of the chat', async () => {
  const { POST } = await import('./route.js');
  using captured = captureRuns();
  const response = await POST(ask('chat-1', 'Where is it warmer, Oslo or Lisbon?'));
  expect(response.headers.get('content-type')).toContain('text/event-stream');
  const events = await response.text();
  expect(events).toContain('"type":"tool-output-available"');
  expect(events.trimEnd().endsWith('data: [DONE]')).toBe(true);
  await captured.settled({ runs: 1 });
  expect(captured.runs).toMatchObject([
    {
      name: 'packing-chat',
      session_id: 'chat-1',
      outcome: 'ok',
      prompt: { user_prompt: 'Where is it warmer, Oslo or Lisbon?' },
      response: 'Lisbon: 21 °C, Oslo has 4 °C.',
      steps: [
        { finish_reason: 'tool-calls' },
        { prompt_cached_tokens: 128, prompt_uncached_tokens: 52, completion_tokens: 14 },
      ],
      tool_calls: [
        { tool_name: 'weather', result: '{"city":"Oslo","celsius":4}' },
        { tool_name: 'weather', result: '{"city":"Lisbon","celsius":21}' },
      ],
    },
  ]);
});
