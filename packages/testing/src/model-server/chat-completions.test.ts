import OpenAI, { AzureOpenAI } from 'openai';
import OpenAI4 from 'openai-v4';
import OpenAI5 from 'openai-v5';
import OpenAI6 from 'openai-v6';
import { describe, expect, test } from 'vitest';
import { modelServer } from './model-server.js';
import type { Reply } from './reply.js';

const user = (content: string) => [{ role: 'user' as const, content }];
const model = 'gpt-4o-mini';

// The four majors share these calls; the newest types stand for all.
const MAJORS = [
  ['7', OpenAI],
  ['6', OpenAI6 as unknown as typeof OpenAI],
  ['5', OpenAI5 as unknown as typeof OpenAI],
  ['4', OpenAI4 as unknown as typeof OpenAI],
] as const;

async function collect<T>(source: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const each of source) all.push(each);
  return all;
}

async function streamed(reply: Reply, extra: Record<string, unknown> = {}) {
  await using server = await modelServer([reply]);
  const openai = new OpenAI(server.clientOptions);
  const stream = await openai.chat.completions.create({
    model,
    messages: user('Hi'),
    stream: true,
    ...extra,
  });
  return collect(stream);
}

describe.each(MAJORS)('chat completions with openai %s', (major, Client) => {
  // Version 4 keeps these helpers under `beta`.
  const helpers = (client: OpenAI) =>
    major === '4' ? (client.beta as unknown as OpenAI).chat.completions : client.chat.completions;

  test('answers a plain request', async () => {
    await using server = await modelServer(['Hello there.']);
    const openai = new Client(server.clientOptions);
    const request = openai.chat.completions.create({ model, messages: user('Hi') });
    const { data, response } = await request.withResponse();
    expect(data.object).toBe('chat.completion');
    expect(data.choices[0]?.message.content).toBe('Hello there.');
    expect(data.choices[0]?.finish_reason).toBe('stop');
    expect(data.usage?.total_tokens).toBeGreaterThan(3);
    expect(response.headers.get('x-request-id')).toMatch(/^req_/);
    expect(server.requests[0]?.lastUser).toBe('Hi');
  });

  test('streams what it would have answered at once', async () => {
    await using server = await modelServer(['Hello there, friend.']);
    const openai = new Client(server.clientOptions);
    const chunks = await collect(
      await openai.chat.completions.create({ model, messages: user('Hi'), stream: true }),
    );
    const deltas = chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '');
    expect(deltas.join('')).toBe('Hello there, friend.');
    expect(deltas.length).toBeGreaterThan(3);
    expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe('stop');
    expect(chunks.every((chunk) => !('usage' in chunk))).toBe(true);
  });

  test('works with the stream helper', async () => {
    await using server = await modelServer([{ text: 'One two three.', usage: { prompt: 9, completion: 3 } }]);
    const openai = new Client(server.clientOptions);
    const stream = helpers(openai).stream({
      model,
      messages: user('Count'),
      stream_options: { include_usage: true },
    });
    expect(await stream.finalContent()).toBe('One two three.');
    expect((await stream.totalUsage()).total_tokens).toBe(12);
  });

  test('works with parse', async () => {
    await using server = await modelServer([{ text: '{"city":"Oslo"}' }]);
    const openai = new Client(server.clientOptions);
    const schema = { type: 'object', properties: { city: { type: 'string' } } };
    const completion = await helpers(openai).parse({
      model,
      messages: user('Where?'),
      response_format: { type: 'json_schema', json_schema: { name: 'place', schema, strict: true } },
    });
    expect(completion.choices[0]?.message.content).toBe('{"city":"Oslo"}');
  });

  test.each([false, true])('works with runTools (stream: %s)', async (stream) => {
    await using server = await modelServer([
      {
        toolCalls: [
          { name: 'weather', args: { city: 'Oslo' } },
          { name: 'weather', args: { city: 'Rome' } },
        ],
      },
      { text: 'Oslo 4 °C, Rome 18 °C.' },
    ]);
    const openai = new Client(server.clientOptions);
    const asked: string[] = [];
    const parameters = { type: 'object', properties: { city: { type: 'string' } } };
    const weather = {
      type: 'function' as const,
      function: {
        name: 'weather',
        description: 'The weather in a city',
        parameters,
        parse: JSON.parse,
        function: async ({ city }: { city: string }) => {
          asked.push(city);
          return `${city} is fine`;
        },
      },
    };
    const options = { model, messages: user('Weather?'), tools: [weather] };
    const runner = stream
      ? helpers(openai).runTools({ ...options, stream: true })
      : helpers(openai).runTools(options);
    expect(await runner.finalContent()).toBe('Oslo 4 °C, Rome 18 °C.');
    expect(asked).toEqual(['Oslo', 'Rome']);
    expect(server.requests[1]?.toolResults.map(({ text }) => text)).toEqual(['Oslo is fine', 'Rome is fine']);
  });
});

describe('a streamed chat completion', () => {
  test('sends usage last, with an empty list of choices, only when it is asked for', async () => {
    const usage = { prompt: 100, cached: 60, cacheWrite: 20, completion: 30, reasoning: 10, audioPrompt: 5 };
    const chunks = await streamed({ text: 'a b', usage }, { stream_options: { include_usage: true } });
    expect(chunks.at(-1)).toMatchObject({
      choices: [],
      usage: {
        prompt_tokens: 100,
        completion_tokens: 30,
        total_tokens: 130,
        prompt_tokens_details: { cached_tokens: 60, cache_write_tokens: 20, audio_tokens: 5 },
        completion_tokens_details: { reasoning_tokens: 10 },
      },
    });
    expect(chunks.slice(0, -1).every((chunk) => chunk.usage === null)).toBe(true);
  });

  test('sends no usage when the reply has none', async () => {
    const chunks = await streamed({ text: 'a', usage: null }, { stream_options: { include_usage: true } });
    expect(chunks.every((chunk) => !chunk.usage)).toBe(true);
  });

  test('interleaves the arguments of parallel tool calls', async () => {
    const chunks = await streamed({
      toolCalls: [
        { id: 'call_a', name: 'f', deltas: ['{"x"', ':1}'] },
        { id: 'call_b', name: 'g', deltas: ['{"y"', ':2}'] },
      ],
      interleave: true,
    });
    const parts = chunks.flatMap((chunk) => chunk.choices[0]?.delta.tool_calls ?? []);
    expect(parts.map(({ index, id, function: f }) => [index, id, f?.name, f?.arguments])).toEqual([
      [0, 'call_a', 'f', ''],
      [1, 'call_b', 'g', ''],
      [0, undefined, undefined, '{"x"'],
      [1, undefined, undefined, '{"y"'],
      [0, undefined, undefined, ':1}'],
      [1, undefined, undefined, ':2}'],
    ]);
    expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe('tool_calls');
  });

  test('keeps the choices of n apart', async () => {
    const chunks = await streamed({ choices: [{ text: 'left one' }, { text: 'right' }] }, { n: 2 });
    const of = (index: number) =>
      chunks
        .flatMap(({ choices }) => choices)
        .filter((choice) => choice.index === index)
        .map(({ delta }) => delta.content ?? '')
        .join('');
    expect([of(0), of(1)]).toEqual(['left one', 'right']);
  });

  test('carries refusals, reasoning, audio, custom tools and the legacy function call', async () => {
    const refused = await streamed({ refusal: 'I cannot do that.' });
    expect(refused.map((chunk) => chunk.choices[0]?.delta.refusal ?? '').join('')).toBe('I cannot do that.');
    const reasoned = await streamed({ reasoning: 'Think first.', text: 'Yes.' });
    const thoughts = reasoned.map((chunk) => {
      const delta: { content?: unknown; reasoning_content?: string } | undefined = chunk.choices[0]?.delta;
      return delta?.reasoning_content ?? '';
    });
    expect(thoughts.join('')).toBe('Think first.');
    const spoken = await streamed({ audio: { transcript: 'Hi you', data: 'AAAA' } });
    expect(JSON.stringify(spoken)).toContain('"transcript":"Hi"');
    const custom = await streamed({ toolCalls: [{ type: 'custom', name: 'sql', args: 'select 1' }] });
    expect(JSON.stringify(custom)).toContain('"custom":{"name":"sql","input":""}');
    const legacy = await streamed({ functionCall: { name: 'f', args: { a: 1 } } });
    expect(legacy.at(-1)?.choices[0]?.finish_reason).toBe('function_call');
  });

  test('follows the habits of Azure, Ollama, Gemini and Groq', async () => {
    const toolCalls = [
      { name: 'f', args: { x: 1 } },
      { name: 'g', args: {} },
    ];
    const azure = await streamed({ text: 'Hi', habit: 'azure' });
    expect(azure[0]).toMatchObject({ choices: [], id: '', prompt_filter_results: [{ prompt_index: 0 }] });

    const calls = (chunks: typeof azure) =>
      chunks.flatMap((chunk) => chunk.choices[0]?.delta.tool_calls ?? []);
    const ollama = await streamed({ toolCalls, habit: 'ollama' });
    expect(calls(ollama).map(({ index, function: f }) => [index, f?.name, f?.arguments])).toEqual([
      [0, 'f', '{"x":1}'],
      [0, 'g', '{}'],
    ]);

    const gemini = await streamed({ toolCalls: [{ ...toolCalls[0]!, id: '' }], habit: 'gemini' });
    expect(calls(gemini)[0]).not.toHaveProperty('index');
    expect(calls(gemini)[0]?.id).toBe('');
    expect(gemini.at(-1)?.choices[0]?.finish_reason).toBe('stop');
    expect(gemini.every((chunk) => chunk.usage)).toBe(true);

    const groq = await streamed({ text: 'Hi', habit: 'groq', usage: { prompt: 5, completion: 2 } });
    expect(groq.at(-1)).toMatchObject({ x_groq: { usage: { total_tokens: 7 } } });
  });

  test('repeats the running usage on every chunk when asked to', async () => {
    const chunks = await streamed({ text: 'a b c', usage: { everyChunk: true } });
    const counts = chunks.map((chunk) => chunk.usage?.completion_tokens ?? -1);
    expect(counts.every((count) => count >= 0)).toBe(true);
  });

  test('takes exact deltas, from a generator too', async () => {
    function* words() {
      for (let i = 0; i < 1000; i++) yield `${i},`;
    }
    const chunks = await streamed({ text: words() });
    expect(chunks).toHaveLength(1002);
  });
});

test('an Azure client finds its paths and its model', async () => {
  await using server = await modelServer(['Hi']);
  const azure = new AzureOpenAI({
    endpoint: server.origin,
    apiKey: 'k',
    apiVersion: '2024-10-21',
    deployment: 'my-gpt',
  });
  const completion = await azure.chat.completions.create({ model: '', messages: user('Hi') });
  expect(completion.choices[0]?.message.content).toBe('Hi');
  expect(server.requests[0]).toMatchObject({ endpoint: 'chat', model: 'my-gpt' });
});

test('legacy completions work, plain and streamed', async () => {
  await using server = await modelServer(['one two', 'one two']);
  const openai = new OpenAI(server.clientOptions);
  const plain = await openai.completions.create({ model: 'gpt-3.5-turbo-instruct', prompt: 'Count' });
  expect(plain.choices[0]?.text).toBe('one two');
  const stream = await openai.completions.create({
    model: 'gpt-3.5-turbo-instruct',
    prompt: 'Count',
    stream: true,
  });
  const chunks = await collect(stream);
  expect(chunks.map((chunk) => chunk.choices[0]?.text).join('')).toBe('one two');
});
