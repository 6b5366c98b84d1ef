import type { CapturedRun, Habit, ModelReply } from '@observatory/testing';
import type OpenAI from 'openai';
import { expect } from 'vitest';
import { chat, collect, plain, type Scenario } from './scenario.test.support.js';

const weather = { name: 'get_weather', args: { city: 'Oslo' } };
const time = { name: 'get_time', args: { zone: 'CET' } };

const both = [
  { function: { name: 'get_weather', arguments: '{"city":"Oslo"}' } },
  { function: { name: 'get_time', arguments: '{"zone":"CET"}' } },
];

/** The same answer, plain and streamed, must be recorded the same. */
function answered(
  name: string,
  reply: ModelReply,
  recorded: (run: CapturedRun) => void,
  body: Partial<OpenAI.ChatCompletionCreateParams> = {},
): Scenario[] {
  const script = () => [reply];
  const check = (runs: CapturedRun[]) => {
    expect(runs).toHaveLength(1);
    recorded(runs[0]!);
  };
  return [
    {
      name,
      script,
      recorded: check,
      unsettled: true,
      play: async ({ client }) =>
        plain(await client.chat.completions.create({ ...chat(), ...body, stream: false })),
    },
    {
      name: `${name}, streamed`,
      script,
      recorded: check,
      unsettled: true,
      play: async ({ client }) =>
        collect(
          await client.chat.completions.create({
            ...chat(),
            ...body,
            stream: true,
            stream_options: { include_usage: true },
          }),
        ),
    },
  ];
}

const habit = (name: Habit) =>
  answered(
    `parallel tool calls as ${name} sends them`,
    { habit: name, toolCalls: [weather, time] },
    (run) => {
      expect(run.steps[0]!.output).toMatchObject([{ tool_calls: both }]);
      expect(run.tool_calls.map(({ tool_name, args }) => [tool_name, args])).toEqual([
        ['get_weather', '{"city":"Oslo"}'],
        ['get_time', '{"zone":"CET"}'],
      ]);
    },
  );

const png = Buffer.alloc(3_000, 7).toString('base64');

/** What a model answers, in the shapes of the API and of the servers that speak it. */
export const contentScenarios: Scenario[] = [
  ...(['openai', 'azure', 'ollama', 'gemini', 'groq'] as const).flatMap(habit),
  ...answered('interleaved argument deltas', { toolCalls: [weather, time], interleave: true }, (run) =>
    expect(run.steps[0]!.output).toMatchObject([{ tool_calls: both }]),
  ),
  ...answered(
    'tool calls without ids',
    {
      toolCalls: [
        { ...weather, id: '' },
        { ...time, id: '' },
      ],
    },
    (run) =>
      expect(run.tool_calls.map(({ tool_name }) => tool_name).sort()).toEqual(['get_time', 'get_weather']),
  ),
  ...answered('a custom tool', { toolCalls: [{ name: 'shell', args: 'ls -l', type: 'custom' }] }, (run) =>
    expect(run.tool_calls).toMatchObject([{ tool_name: 'shell', args: 'ls -l', kind: 'custom' }]),
  ),
  ...answered('a legacy function_call', { functionCall: weather, finishReason: 'function_call' }, (run) => {
    expect(run.tool_calls).toMatchObject([{ tool_name: 'get_weather', args: '{"city":"Oslo"}' }]);
    expect(run.steps[0]!.finish_reason).toBe('function_call');
  }),
  ...answered('a refusal', { refusal: 'I cannot do that.' }, (run) => {
    expect(run.steps[0]!.output).toMatchObject([{ refusal: 'I cannot do that.' }]);
    expect(run.response).toBe('I cannot do that.');
  }),
  ...answered('reasoning_content', { reasoning: 'Let me see.', text: 'Done.' }, (run) =>
    expect(run.steps[0]!.output).toMatchObject([{ reasoning_content: 'Let me see.', content: 'Done.' }]),
  ),
  ...answered(
    'n = 2: two messages',
    { choices: [{ text: 'First.' }, { text: 'Second.' }] },
    (run) => expect(run.steps[0]!.output).toMatchObject([{ content: 'First.' }, { content: 'Second.' }]),
    { n: 2 },
  ),
  ...answered(
    'audio: the transcript, not the bytes',
    { audio: { transcript: 'Hello there.', data: png } },
    (run) => {
      expect(run.response).toBe('Hello there.');
      expect(JSON.stringify(run)).not.toContain(png.slice(0, 300));
      expect(JSON.stringify(run)).toContain('3000 bytes');
    },
  ),
  ...answered(
    'usage: cached, written to the cache, reasoning, audio',
    {
      text: 'x',
      usage: {
        prompt: 100,
        cached: 40,
        cacheWrite: 10,
        completion: 20,
        reasoning: 8,
        audioPrompt: 5,
        audioCompletion: 3,
      },
    },
    (run) =>
      expect(run.steps[0]).toMatchObject({
        prompt_uncached_tokens: 50,
        prompt_cached_tokens: 40,
        cache_write_tokens: 10,
        completion_tokens: 20,
        reasoning_tokens: 8,
        metadata: { input_audio_tokens: 5, output_audio_tokens: 3 },
      }),
  ),
  ...answered(
    'usage on every chunk is not summed',
    { text: 'One two three', usage: { prompt: 9, completion: 4, everyChunk: true } },
    (run) => expect(run.steps[0]).toMatchObject({ prompt_uncached_tokens: 9, completion_tokens: 4 }),
  ),
  ...answered('no usage is unknown, not 0', { text: 'x', usage: null }, (run) => {
    expect(run.steps[0]!.prompt_uncached_tokens).toBeUndefined();
    expect(run.steps[0]!.metadata).toMatchObject({ usage: 'missing' });
  }),
  ...answered('another model answers', { text: 'x', model: 'gpt-5-2026-01-01', serviceTier: 'flex' }, (run) =>
    expect(run.steps[0]).toMatchObject({
      model_requested: 'gpt-5',
      model_used: 'gpt-5-2026-01-01',
      metadata: { service_tier: 'flex' },
    }),
  ),
  {
    name: 'chunks without choices, with null deltas and of other shapes',
    script: () => [
      {
        raw: {
          sse: [
            { choices: [], prompt_filter_results: [] },
            { choices: [{ index: 0, delta: null }] },
            { choices: null },
            { choices: [null] },
            { id: 'x', model: 'm', choices: [{ index: 0, delta: { content: 'ok' } }] },
            { choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] },
          ],
        },
      },
    ],
    play: async ({ client }) => {
      const seen: unknown[] = [];
      try {
        for await (const chunk of await client.chat.completions.create({ ...chat(), stream: true }))
          seen.push(chunk);
      } catch (error) {
        seen.push((error as Error).constructor.name);
      }
      return seen;
    },
  },
  {
    name: 'hosted tool items are finished tool calls',
    script: () => [
      {
        text: 'Found it.',
        items: [
          {
            type: 'web_search_call',
            id: 'ws_1',
            status: 'completed',
            action: { type: 'search', query: 'oslo' },
          },
          {
            type: 'mcp_call',
            id: 'mcp_1',
            name: 'lookup',
            server_label: 'crm',
            arguments: '{"id":1}',
            output: 'Ada',
          },
        ],
      },
    ],
    play: async ({ client }) =>
      collect(await client.responses.create({ model: 'gpt-5', input: 'Find', stream: true })),
    recorded: (runs) =>
      expect(runs).toMatchObject([
        {
          response: 'Found it.',
          tool_calls: expect.arrayContaining([
            expect.objectContaining({ tool_name: 'web_search', kind: 'hosted', tool_call_id: 'ws_1' }),
            expect.objectContaining({ tool_name: 'lookup', kind: 'mcp', args: '{"id":1}', result: 'Ada' }),
          ]),
        },
      ]),
  },
  {
    name: 'embeddings: what was embedded and how much, not the vectors',
    play: async ({ client }) =>
      plain(await client.embeddings.create({ model: 'text-embedding-3-small', input: ['one', 'two'] })),
    recorded: (runs) =>
      expect(runs).toMatchObject([
        {
          steps: [
            {
              metadata: { kind: 'embedding', embeddings: 2, dimensions: expect.any(Number) },
              prompt_uncached_tokens: expect.any(Number),
            },
          ],
        },
      ]),
  },
  {
    name: 'images: named and sized',
    play: async ({ client }) =>
      plain(await client.images.generate({ model: 'gpt-image-1', prompt: 'A cat' })),
    recorded: (runs) =>
      expect(runs).toMatchObject([
        {
          prompt: { user_prompt: 'A cat' },
          steps: [{ metadata: { kind: 'image', images: expect.any(Number) } }],
        },
      ]),
  },
  {
    name: 'speech: the response itself, sized',
    play: async ({ client }) => {
      const response = await client.audio.speech.create({ model: 'tts-1', voice: 'alloy', input: 'Hello' });
      return [response.bodyUsed, (await response.arrayBuffer()).byteLength];
    },
    recorded: (runs) =>
      expect(runs).toMatchObject([
        { steps: [{ metadata: { kind: 'speech', content_type: expect.stringContaining('audio') } }] },
      ]),
  },
  {
    name: 'moderations',
    play: async ({ client }) => plain(await client.moderations.create({ input: 'kind words' })),
    recorded: (runs) =>
      expect(runs).toMatchObject([{ steps: [{ metadata: { kind: 'moderation', flagged: 0 } }] }]),
  },
  {
    name: 'base64 input is sized and never kept',
    play: async ({ client }) =>
      plain(
        await client.chat.completions.create({
          model: 'gpt-5',
          messages: [
            {
              role: 'user',
              content: [
                { type: 'text', text: 'What is it?' },
                { type: 'image_url', image_url: { url: `data:image/png;base64,${png}` } },
                { type: 'input_audio', input_audio: { data: png, format: 'wav' } },
              ],
            },
          ],
        }),
      ),
    recorded: (runs) => {
      const recorded = JSON.stringify(runs);
      expect(recorded).not.toContain(png.slice(0, 300));
      expect(recorded).toContain('[binary: image/png, 3000 bytes]');
      expect(recorded).toContain('[binary: audio/wav, 3000 bytes]');
    },
  },
];
