import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ChatAnthropic } from '@langchain/anthropic';
import { captureRuns } from '@observatory/testing';
import { expect, test } from 'vitest';
import { ObservatoryCallbackHandler } from './index.js';

const usage = {
  input_tokens: 10,
  cache_creation_input_tokens: 30,
  cache_read_input_tokens: 100,
  output_tokens: 25,
};
const message = {
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: 'claude-5-2026',
  stop_sequence: null,
};
const plain = {
  ...message,
  stop_reason: 'tool_use',
  content: [
    { type: 'thinking', thinking: 'Hm.', signature: 'x' },
    { type: 'text', text: 'Let me look.' },
    { type: 'tool_use', id: 'toolu_1', name: 'look', input: { at: 'sky' } },
  ],
  usage,
};
const streamed = [
  {
    type: 'message_start',
    message: { ...message, stop_reason: null, content: [], usage: { ...usage, output_tokens: 1 } },
  },
  { type: 'content_block_start', index: 0, content_block: { type: 'thinking', thinking: '', signature: '' } },
  { type: 'content_block_delta', index: 0, delta: { type: 'thinking_delta', thinking: 'Hm.' } },
  { type: 'content_block_stop', index: 0 },
  { type: 'content_block_start', index: 1, content_block: { type: 'text', text: '' } },
  { type: 'content_block_delta', index: 1, delta: { type: 'text_delta', text: 'Blue.' } },
  { type: 'content_block_stop', index: 1 },
  {
    type: 'message_delta',
    delta: { stop_reason: 'end_turn', stop_sequence: null },
    usage: { output_tokens: 25 },
  },
  { type: 'message_stop' },
];

/** The documented shapes of Anthropic's Messages API. */
async function anthropicServer() {
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (piece) => {
      body += piece;
    });
    request.on('end', () => {
      if (!(JSON.parse(body) as { stream?: boolean }).stream) {
        response.setHeader('content-type', 'application/json').end(JSON.stringify(plain));
        return;
      }
      response.setHeader('content-type', 'text/event-stream');
      for (const event of streamed) {
        response.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
      }
      response.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

test("Anthropic's tokens become disjoint parts, plain and streamed, from wherever they stand", async () => {
  await using server = await anthropicServer();
  using captured = captureRuns();
  const model = new ChatAnthropic({
    model: 'claude-5',
    apiKey: 'k',
    maxRetries: 0,
    clientOptions: { baseURL: server.url },
  });
  const config = { callbacks: [new ObservatoryCallbackHandler()] };
  await model.invoke('What is it?', config);
  for await (const _ of await model.stream('What is it?', config)) await undefined;
  const tokens = { prompt_uncached_tokens: 10, prompt_cached_tokens: 100, cache_write_tokens: 30 };
  expect(captured.runs).toMatchObject([
    {
      response: 'Let me look.',
      steps: [
        {
          ...tokens,
          completion_tokens: 25,
          provider: 'anthropic',
          model_requested: 'claude-5',
          model_used: 'claude-5-2026',
          finish_reason: 'tool_use',
          metadata: { response_id: 'msg_1' },
          output: [
            { tool_calls: [{ id: 'toolu_1', function: { name: 'look', arguments: '{"at":"sky"}' } }] },
          ],
        },
      ],
    },
    {
      response: 'Blue.',
      steps: [{ ...tokens, model_used: 'claude-5-2026', finish_reason: 'end_turn' }],
    },
  ]);
  const [step] = captured.runs[1]!.steps;
  expect(step!.time_to_first_token_ms).toBeGreaterThan(0);
  // LangChain adds the one token that the first event announces to the final count.
  expect([25, 26]).toContain(step!.completion_tokens);
});
