import type { Script } from '@observatory/testing';
import type OpenAI from 'openai';
import { expect } from 'vitest';
import { chat, collect, describeError, type Scenario, turn } from './scenario.test.support.js';

type ChatStream = AsyncIterable<OpenAI.ChatCompletionChunk> & {
  controller: AbortController;
  tee(): [ChatStream, ChatStream];
  toReadableStream(): ReadableStream<Uint8Array>;
  iterator(): AsyncIterator<unknown>;
};

const streamed = { ...chat(), stream: true as const };
const words = ['One ', 'two ', 'three ', 'four ', 'five.'];
const text = (): Script => [{ text: words, chunkDelayMs: 1 }];
const hanging = (after: number) => (): Script => [{ text: words, cut: { after, with: 'hang' } }];

const open = (client: OpenAI, options?: object) =>
  client.chat.completions.create(streamed, options) as unknown as Promise<ChatStream>;

const step = (fields: Record<string, unknown>) => (runs: { steps: unknown[] }[]) =>
  expect(runs).toMatchObject([{ steps: [fields] }]);

const whole = step({
  outcome: 'ok',
  finish_reason: 'stop',
  output: [{ role: 'assistant', content: words.join('') }],
  time_to_first_token_ms: expect.any(Number),
  metadata: { stream: true, usage: 'missing' },
});

const partial = (outcome: string) => (runs: { steps: { outcome?: string; output?: unknown }[] }[]) => {
  expect(runs).toMatchObject([{ steps: [{ outcome }] }]);
  const [message] = runs[0]!.steps[0]!.output as { content: string }[];
  expect(words.join('').startsWith(message!.content)).toBe(true);
  expect(message!.content.length).toBeGreaterThan(0);
};

/** Reads until the `count`th piece of text. */
async function upTo(stream: ChatStream, count: number, then: () => void): Promise<string[]> {
  const seen: string[] = [];
  for await (const chunk of stream) {
    const piece = chunk.choices[0]?.delta.content;
    if (piece) seen.push(piece);
    if (seen.length === count) then();
  }
  return seen;
}

/** What a host can do with a stream. */
export const streamScenarios: Scenario[] = [
  {
    name: 'for await',
    script: text,
    play: async ({ client }) => collect(await open(client)),
    recorded: whole,
  },
  {
    name: 'with usage asked for',
    script: () => [{ text: words, usage: { prompt: 20, cached: 8, completion: 5, reasoning: 2 } }],
    play: async ({ client }) =>
      collect(await client.chat.completions.create({ ...streamed, stream_options: { include_usage: true } })),
    recorded: step({
      prompt_uncached_tokens: 12,
      prompt_cached_tokens: 8,
      completion_tokens: 5,
      reasoning_tokens: 2,
      metadata: { stream: true },
    }),
  },
  {
    name: 'the stream is a Stream with its controller, tee and toReadableStream',
    script: text,
    play: async ({ client }) => {
      const stream = await open(client);
      const shape = [
        stream.constructor.name,
        Object.keys(stream),
        stream.controller instanceof AbortController,
        typeof stream.tee,
        typeof stream.toReadableStream,
      ];
      await collect(stream);
      return shape;
    },
    recorded: whole,
  },
  {
    name: 'withResponse of a stream',
    script: text,
    play: async ({ client }) => {
      const { data, response, request_id } = await client.chat.completions.create(streamed).withResponse();
      return [await collect(data), response.status, request_id];
    },
    recorded: whole,
  },
  {
    name: 'asResponse of a stream, read as text',
    script: text,
    play: async ({ client }) => {
      const response = await client.chat.completions.create(streamed).asResponse();
      return [response.status, (await response.text()).replace(/"created":\d+/g, '')];
    },
    recorded: step({ outcome: 'ok', metadata: { response: 'raw' } }),
  },
  {
    name: 'tee: both branches whole',
    script: text,
    play: async ({ client }) => {
      const [left, right] = (await open(client)).tee();
      return Promise.all([collect(left), collect(right)]);
    },
    recorded: whole,
  },
  {
    name: 'tee: one branch left early, the other whole',
    script: text,
    play: async ({ client }) => {
      const [left, right] = (await open(client)).tee();
      for await (const _ of left) break;
      return collect(right);
    },
    recorded: whole,
  },
  {
    name: 'toReadableStream, read whole',
    script: text,
    play: async ({ client }) => {
      const lines = await new Response((await open(client)).toReadableStream()).text();
      return lines.replace(/"created":\d+/g, '').split('\n');
    },
    recorded: whole,
  },
  {
    name: 'toReadableStream, cancelled',
    script: hanging(4),
    play: async ({ client, server }) => {
      const reader = (await open(client)).toReadableStream().getReader();
      const first = await reader.read();
      await reader.read();
      await reader.cancel();
      await server.settled();
      return [first.done, server.requests[0]!.aborted];
    },
    recorded: step({ outcome: 'cancelled' }),
  },
  {
    name: 'break: the connection closes and the partial text stays',
    script: hanging(4),
    play: async ({ client, server }) => {
      const seen: unknown[] = [];
      for await (const chunk of await open(client)) {
        seen.push(chunk.choices[0]?.delta.content);
        if (seen.length === 3) break;
      }
      await server.settled();
      return [seen, server.requests[0]!.aborted];
    },
    recorded: partial('cancelled'),
  },
  {
    name: 'break after the last chunk is a whole answer',
    script: text,
    play: async ({ client }) => {
      for await (const chunk of await open(client)) if (chunk.choices[0]?.finish_reason) break;
      return 'broke';
    },
    recorded: whole,
  },
  {
    name: 'a consumer that throws',
    script: hanging(4),
    play: async ({ client, server }) => {
      let count = 0;
      try {
        for await (const _ of await open(client)) if (++count === 3) throw new Error('mine');
      } catch (error) {
        await server.settled();
        return [describeError(error), server.requests[0]!.aborted];
      }
      return 'did not throw';
    },
    recorded: partial('cancelled'),
  },
  {
    name: 'stream.controller.abort()',
    script: hanging(4),
    play: async ({ client, server }) => {
      const stream = await open(client);
      const seen = await upTo(stream, 2, () => stream.controller.abort());
      await server.settled();
      return [seen, stream.controller.signal.aborted, server.requests[0]!.aborted];
    },
    recorded: partial('cancelled'),
  },
  {
    name: 'the caller’s signal, in the middle',
    script: hanging(4),
    play: async ({ client, server }) => {
      const controller = new AbortController();
      const stream = await open(client, { signal: controller.signal });
      const seen = await upTo(stream, 2, () => controller.abort());
      await server.settled();
      return [seen, server.requests[0]!.aborted];
    },
    recorded: partial('cancelled'),
  },
  {
    name: 'an error event in the middle keeps the partial text',
    script: () => [
      {
        text: words,
        cut: { after: 3, with: 'error', error: { message: 'overloaded', type: 'server_error' } },
      },
    ],
    play: async ({ client, OpenAI }) => {
      const seen: unknown[] = [];
      try {
        for await (const chunk of await open(client)) seen.push(chunk.choices[0]?.delta.content);
      } catch (error) {
        return [seen, describeError(error), error instanceof OpenAI.APIError];
      }
      return 'did not throw';
    },
    recorded: (runs) => {
      partial('error')(runs);
      expect(runs[0]!.steps[0]!.status_message).toContain('overloaded');
    },
  },
  {
    name: 'a dropped socket',
    script: () => [{ text: words, cut: { after: 3, with: 'drop' } }],
    play: async ({ client }) => {
      try {
        return await collect(await open(client));
      } catch (error) {
        return (error as Error).constructor.name;
      }
    },
    recorded: partial('error'),
  },
  {
    name: 'a stream that ends without a finish reason',
    script: () => [{ text: words, cut: { after: 3, with: 'end' } }],
    play: async ({ client }) => collect(await open(client)),
    recorded: partial('incomplete'),
  },
  {
    name: 'never iterated, then aborted',
    script: text,
    unsettled: true,
    play: async ({ client }) => {
      const stream = await open(client);
      stream.controller.abort();
      await turn();
      return stream.controller.signal.aborted;
    },
  },
  {
    name: 'iterated twice: the client’s own error, once recorded',
    script: text,
    play: async ({ client }) => {
      const stream = await open(client);
      const first = await collect(stream);
      return [first.length, await collect(stream).catch(describeError)];
    },
    recorded: whole,
  },
  {
    name: 'several next() at once',
    script: text,
    play: async ({ client }) => {
      const iterator = (await open(client))[Symbol.asyncIterator]();
      const some = await Promise.all([iterator.next(), iterator.next(), iterator.next()]);
      const rest: unknown[] = [];
      for (;;) {
        const { done, value } = await iterator.next();
        if (done) return [some, rest, await iterator.next()];
        rest.push(value);
      }
    },
    recorded: whole,
  },
  {
    name: 'the iterator keeps its kind',
    script: text,
    play: async ({ client }) => {
      const iterator = (await open(client))[Symbol.asyncIterator]();
      const shape = [
        Object.prototype.toString.call(iterator),
        Object.keys(iterator),
        typeof iterator.return,
        typeof iterator.throw,
        (iterator as unknown as AsyncIterable<unknown>)[Symbol.asyncIterator]() === iterator,
      ];
      for (;;) if ((await iterator.next()).done) return shape;
    },
    recorded: whole,
  },
  {
    name: 'iterator.throw()',
    script: hanging(4),
    play: async ({ client }) => {
      const iterator = (await open(client))[Symbol.asyncIterator]();
      await iterator.next();
      await iterator.next();
      return iterator.throw!(new Error('mine')).catch(describeError);
    },
    recorded: step({ outcome: 'cancelled' }),
  },
  {
    // Version 7 never gets as far as its own iterator: the stream counts as never read, until it is collected.
    name: 'iterator.return() before the first chunk',
    unsettled: true,
    script: text,
    play: async ({ client }) => {
      const iterator = (await open(client))[Symbol.asyncIterator]();
      return iterator.return!('value');
    },
  },
  {
    name: 'chunks the host changes are recorded as they came',
    script: text,
    play: async ({ client }) => {
      const seen: string[] = [];
      for await (const chunk of await open(client)) {
        const { delta } = chunk.choices[0]!;
        if (delta.content) seen.push(delta.content);
        delta.content = 'CHANGED';
      }
      return seen;
    },
    recorded: whole,
  },
  {
    name: 'a consumer that pauses pulls no further',
    script: () => {
      const sent = { count: 0 };
      return [
        {
          text: Array.from({ length: 400 }, () => 'x'.repeat(64 * 1024)),
          beforeChunk: () => void sent.count++,
        },
        () => ({ text: String(sent.count) }),
      ] as unknown as Script;
    },
    unsettled: true,
    play: async ({ client, server }) => {
      const iterator = (await open(client))[Symbol.asyncIterator]();
      await iterator.next();
      await iterator.next();
      await turn(200);
      await iterator.return!();
      await server.settled();
      return server.requests[0]!.aborted;
    },
  },
  {
    name: 'completions.create, streamed',
    script: text,
    play: async ({ client }) =>
      collect(
        await client.completions.create({ model: 'gpt-3.5-turbo-instruct', prompt: 'Say', stream: true }),
      ),
    recorded: (runs) =>
      expect(runs).toMatchObject([
        { steps: [{ outcome: 'ok', output: [{ content: words.join('') }], messages: [{ content: 'Say' }] }] },
      ]),
  },
  {
    name: 'responses.create, streamed',
    script: text,
    play: async ({ client }) =>
      collect(await client.responses.create({ model: 'gpt-5', input: 'Say', stream: true })),
    recorded: step({
      outcome: 'ok',
      output: [{ role: 'assistant', content: words.join('') }],
      time_to_first_token_ms: expect.any(Number),
      completion_tokens: expect.any(Number),
    }),
  },
  {
    name: 'responses.create, streamed, left early',
    script: hanging(9),
    play: async ({ client }) => {
      let deltas = 0;
      for await (const event of await client.responses.create({ model: 'gpt-5', input: 'Say', stream: true }))
        if (event.type === 'response.output_text.delta' && ++deltas === 2) break;
      return deltas;
    },
    recorded: (runs) =>
      expect(runs[0]!.steps[0]).toMatchObject({ outcome: 'cancelled', output: [{ content: 'One two ' }] }),
  },
  {
    name: 'responses: failed',
    script: () => [
      { text: 'Half', status: 'failed', failure: { code: 'server_error', message: 'It broke.' } },
    ],
    play: async ({ client }) =>
      collect(await client.responses.create({ model: 'gpt-5', input: 'Say', stream: true })),
    recorded: step({ outcome: 'error', status_message: expect.stringContaining('It broke.') }),
  },
  {
    name: 'responses: incomplete keeps output and reason',
    script: () => [{ text: 'Half of', finishReason: 'length' }],
    play: async ({ client }) =>
      collect(await client.responses.create({ model: 'gpt-5', input: 'Say', stream: true })),
    recorded: step({
      outcome: 'incomplete',
      finish_reason: 'max_output_tokens',
      output: [{ role: 'assistant', content: 'Half of' }],
    }),
  },
];
