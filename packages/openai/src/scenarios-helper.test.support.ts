import type OpenAI from 'openai';
import { expect } from 'vitest';
import { chat, collect, describeError, plain, type Scenario, turn, until } from './scenario.test.support.js';

const step = (fields: Record<string, unknown>) => (runs: { steps: unknown[] }[]) =>
  expect(runs).toMatchObject([{ steps: [fields] }]);

type Helpers = OpenAI['chat']['completions'];
/** Version 4 has the helpers below `beta`. */
const helpers = (client: OpenAI): Helpers => {
  const beta = (client.beta as unknown as { chat?: { completions?: Helpers } }).chat?.completions;
  return beta ?? client.chat.completions;
};

const format = {
  type: 'json_schema' as const,
  json_schema: {
    name: 'city',
    strict: true,
    schema: {
      type: 'object',
      properties: { city: { type: 'string' } },
      required: ['city'],
      additionalProperties: false,
    },
  },
};

const weather = (calls: unknown[]) => ({
  type: 'function' as const,
  function: {
    name: 'get_weather',
    description: 'The weather',
    parameters: { type: 'object', properties: { city: { type: 'string' } } },
    parse: JSON.parse,
    async function(this: unknown, args: { city: string }) {
      calls.push(args);
      await turn(20);
      return `Sunny in ${args.city}`;
    },
  },
});

const twoCalls = () => [
  {
    toolCalls: [
      { name: 'get_weather', args: { city: 'Oslo' } },
      { name: 'get_weather', args: { city: 'Rome' } },
    ],
  },
  'Sunny in both.',
];

const toolRun = (runs: unknown[]) => {
  expect(runs).toMatchObject([
    {
      response: 'Sunny in both.',
      outcome: 'ok',
      prompt: { user_prompt: 'Hi' },
      steps: [{ outcome: 'ok' }, { outcome: 'ok' }],
      tool_calls: [
        { tool_name: 'get_weather', args: '{"city":"Oslo"}', result: 'Sunny in Oslo', outcome: 'ok' },
        { tool_name: 'get_weather', args: '{"city":"Rome"}', result: 'Sunny in Rome', outcome: 'ok' },
      ],
    },
  ]);
  const [run] = runs as { tool_calls: { start_time: string; end_time: string; metadata?: unknown }[] }[];
  for (const { start_time, end_time, metadata } of run!.tool_calls) {
    expect(Date.parse(end_time) - Date.parse(start_time)).toBeGreaterThanOrEqual(15);
    expect(metadata).toBeUndefined();
  }
};

/** The client's own helpers, which call back into the client. */
export const helperScenarios: Scenario[] = [
  {
    name: 'parse',
    script: () => [{ text: '{"city":"Oslo"}' }],
    play: async ({ client }) => plain(await helpers(client).parse({ ...chat(), response_format: format })),
    recorded: step({ outcome: 'ok', output: [{ content: '{"city":"Oslo"}' }] }),
  },
  {
    name: 'parse().withResponse()',
    script: () => [{ text: '{"city":"Oslo"}' }],
    play: async ({ client }) => {
      const { data, request_id } = await helpers(client)
        .parse({ ...chat(), response_format: format })
        .withResponse();
      return [plain(data), request_id];
    },
    recorded: step({ outcome: 'ok' }),
  },
  {
    name: 'parse of an answer that was cut: the answer stays, the helper’s error is the host’s',
    script: () => [{ text: '{"city":"Os', finishReason: 'length' }],
    play: ({ client }) =>
      helpers(client)
        .parse({ ...chat(), response_format: format })
        .then(plain, describeError),
    recorded: step({
      outcome: 'ok',
      finish_reason: 'length',
      metadata: { helper_error: expect.stringContaining('LengthFinishReasonError') },
    }),
  },
  {
    name: 'parse passes headers, signal and timeout on',
    script: () => [{ text: '{"city":"Oslo"}' }],
    play: async ({ client, server }) => {
      await helpers(client).parse(
        { ...chat(), response_format: format },
        { headers: { 'x-mine': '1' }, timeout: 7_000 },
      );
      const { headers } = server.requests[0]!;
      return [headers['x-mine'], headers['x-stainless-timeout'], headers['x-stainless-helper-method']];
    },
  },
  {
    name: 'stream(): events and finals',
    script: () => [{ text: ['One ', 'two.'], usage: { prompt: 3, completion: 2 } }],
    play: async ({ client }) => {
      const stream = helpers(client).stream({ ...chat(), stream_options: { include_usage: true } });
      const events: string[] = [];
      for (const name of ['connect', 'content', 'message', 'finalContent', 'end'] as const)
        stream.on(name, () => void events.push(name));
      const chunks = await collect(stream);
      return [
        chunks,
        events,
        await stream.finalContent(),
        await stream.totalUsage(),
        plain(await stream.finalChatCompletion()),
      ];
    },
    recorded: step({ outcome: 'ok', output: [{ content: 'One two.' }], completion_tokens: 2 }),
  },
  {
    name: 'stream(): abort()',
    script: () => [{ text: ['One ', 'two.'], cut: { after: 2, with: 'hang' } }],
    play: async ({ client }) => {
      const stream = helpers(client).stream(chat());
      stream.on('content', () => stream.abort());
      return stream.done().then(
        () => 'done',
        (error) => error.constructor.name,
      );
    },
    recorded: step({ outcome: 'cancelled' }),
  },
  {
    name: 'stream(): toReadableStream and back',
    script: () => [{ text: ['One ', 'two.'] }],
    play: async ({ client }) => {
      const lines = await new Response(helpers(client).stream(chat()).toReadableStream()).text();
      return lines.replace(/"created":\d+/g, '').split('\n');
    },
    recorded: step({ outcome: 'ok' }),
  },
  {
    name: 'runTools: two tools at once, exact times',
    script: twoCalls,
    play: async ({ client }) => {
      const calls: unknown[] = [];
      const runner = helpers(client).runTools({ ...chat(), tools: [weather(calls)] as never });
      const events: string[] = [];
      runner.on('message', (message) => void events.push(message.role));
      return [await runner.finalContent(), events, calls, JSON.parse(JSON.stringify(runner.messages))];
    },
    recorded: toolRun,
  },
  {
    name: 'runTools, streamed',
    script: twoCalls,
    play: async ({ client }) => {
      const calls: unknown[] = [];
      const runner = helpers(client).runTools({ ...chat(), stream: true, tools: [weather(calls)] as never });
      return [await runner.finalContent(), calls, JSON.parse(JSON.stringify(runner.messages))];
    },
    recorded: toolRun,
  },
  {
    name: 'runTools: a tool that throws',
    script: twoCalls,
    play: async ({ client }) => {
      const tool = weather([]);
      tool.function.function = async () => {
        throw new Error('no weather today');
      };
      const runner = helpers(client).runTools({ ...chat(), tools: [tool] as never });
      return runner.finalContent().catch(describeError);
    },
    recorded: (runs) => {
      expect(runs).toMatchObject([{ outcome: 'error', steps: [{ outcome: 'ok' }] }]);
      expect(runs[0]!.tool_calls[0]).toMatchObject({ outcome: 'error', status_message: 'no weather today' });
    },
  },
  {
    name: 'runTools: a failure nobody handles',
    script: () => [{ error: 400 }],
    play: async ({ client, unhandled }) => {
      helpers(client).runTools({ ...chat(), tools: [weather([])] as never });
      await until(() => unhandled.length > 0);
      return 'not handled';
    },
    recorded: (runs) => expect(runs).toMatchObject([{ outcome: 'error', steps: [{ outcome: 'error' }] }]),
  },
  {
    name: 'responses.parse',
    script: () => [{ text: '{"city":"Oslo"}' }],
    play: async ({ client }) => {
      const { schema, name } = format.json_schema;
      const text = { format: { type: 'json_schema' as const, name, schema, strict: true } };
      return plain(await client.responses.parse({ model: 'gpt-5', input: 'Where?', text }));
    },
    recorded: step({
      outcome: 'ok',
      output: [{ content: '{"city":"Oslo"}' }],
      metadata: { kind: 'response' },
    }),
  },
  {
    name: 'responses.stream(): events and finalResponse',
    script: () => [{ text: ['One ', 'two.'] }],
    play: async ({ client }) => {
      const stream = client.responses.stream({ model: 'gpt-5', input: 'Say' });
      const deltas: string[] = [];
      stream.on('response.output_text.delta', ({ delta }) => void deltas.push(delta));
      return [await collect(stream), deltas, plain(await stream.finalResponse())];
    },
    recorded: step({ outcome: 'ok', output: [{ content: 'One two.' }] }),
  },
  {
    name: 'responses in the background: create, poll, completed',
    script: () => [{ text: 'Long thought.', polls: 2 }],
    play: async ({ client }) => {
      let response = await client.responses.create({ model: 'gpt-5', input: 'Think', background: true });
      const seen = [response.status];
      while (response.status === 'queued' || response.status === 'in_progress') {
        response = await client.responses.retrieve(response.id);
        seen.push(response.status);
      }
      return [seen, plain(response)];
    },
    recorded: (runs) =>
      expect(runs).toMatchObject([
        {
          response: 'Long thought.',
          steps: [
            { outcome: 'ok', output: [{ content: 'Long thought.' }], completion_tokens: expect.any(Number) },
          ],
        },
      ]),
  },
  {
    name: 'responses in the background: cancelled',
    script: () => [{ text: 'Long thought.', polls: 20 }],
    play: async ({ client }) => {
      const { id } = await client.responses.create({ model: 'gpt-5', input: 'Think', background: true });
      return plain(await client.responses.cancel(id));
    },
    recorded: step({ outcome: 'cancelled' }),
  },
  {
    name: 'responses loop with previous_response_id is one run',
    script: () => [{ toolCalls: [{ name: 'get_weather', args: { city: 'Oslo' } }] }, 'Sunny.'],
    play: async ({ client }) => {
      const first = await client.responses.create({ model: 'gpt-5', input: 'Weather?' });
      const call = first.output.find(({ type }) => type === 'function_call') as { call_id: string };
      const input = [{ type: 'function_call_output' as const, call_id: call.call_id, output: 'sunny' }];
      const second = await client.responses.create({ model: 'gpt-5', input, previous_response_id: first.id });
      return [plain(first), plain(second)];
    },
    recorded: (runs) =>
      expect(runs).toMatchObject([
        {
          response: 'Sunny.',
          steps: [{ finish_reason: 'tool_calls' }, { finish_reason: 'stop' }],
          tool_calls: [{ tool_name: 'get_weather', args: '{"city":"Oslo"}', result: 'sunny' }],
        },
      ]),
  },
  {
    name: 'two questions chained by previous_response_id are two runs of one conversation',
    script: () => ['One.', 'Two.'],
    play: async ({ client }) => {
      const first = await client.responses.create({ model: 'gpt-5', input: 'First?' });
      const second = await client.responses.create({
        model: 'gpt-5',
        input: 'Second?',
        previous_response_id: first.id,
      });
      return plain(second);
    },
    recorded: (runs) => {
      expect(runs).toMatchObject([
        { response: 'One.', conversational: true },
        { response: 'Two.', conversational: true },
      ]);
      expect(runs[0]!.session_id).toBeDefined();
      expect(runs[1]!.session_id).toBe(runs[0]!.session_id);
    },
  },
];
