import { createRequire } from 'node:module';
import { withRun } from '@observatory/core';
import { captureRuns, modelServer } from '@observatory/testing';
import OpenAI, { AzureOpenAI } from 'openai';
import { ResponsesToolRunner } from 'openai/helpers/responses-tool-runner';
import { AzureOpenAI as AzureOpenAI4 } from 'openai-v4';
import { AzureOpenAI as AzureOpenAI5 } from 'openai-v5';
import { AzureOpenAI as AzureOpenAI6 } from 'openai-v6';
import { expect, expectTypeOf, test } from 'vitest';
import { majors } from './majors.test.support.js';
import { wrapOpenAI } from './wrap-openai.js';

const chat = { model: 'gpt-5', messages: [{ role: 'user' as const, content: 'Hi' }] };

for (const [major, Azure] of Object.entries({
  v4: AzureOpenAI4 as unknown as typeof AzureOpenAI,
  v5: AzureOpenAI5 as unknown as typeof AzureOpenAI,
  v6: AzureOpenAI6 as unknown as typeof AzureOpenAI,
  v7: AzureOpenAI,
})) {
  test(`${major}: AzureOpenAI keeps its deployment paths and its kind`, async () => {
    await using server = await modelServer();
    using captured = captureRuns();
    const options = { endpoint: server.origin, apiKey: 'k', apiVersion: '2025-01-01', deployment: 'mine' };
    const client = wrapOpenAI(new Azure(options));
    expect(client).toBeInstanceOf(Azure);
    await client.chat.completions.create(chat);
    await client.embeddings.create({ model: 'embedder', input: 'x' });
    await captured.settled({ runs: 2 });
    expect(server.requests.map(({ url }) => url)).toEqual([
      '/openai/deployments/mine/chat/completions?api-version=2025-01-01',
      expect.stringMatching(/^\/openai\/deployments\/\w+\/embeddings\?api-version=2025-01-01$/),
    ]);
    expect(captured.runs.flatMap(({ steps }) => steps)).toMatchObject([
      { model_requested: 'gpt-5', output: [{ content: 'You said: Hi' }] },
      { model_requested: 'embedder', metadata: { kind: 'embedding' } },
    ]);
  });
}

for (const { major, OpenAI } of majors) {
  test(`${major}: a transcription names and sizes its file, and its text is the answer`, async () => {
    await using server = await modelServer();
    using captured = captureRuns();
    const client = wrapOpenAI(new OpenAI(server.clientOptions));
    const file = new File([Buffer.alloc(2_000)], 'call.wav', { type: 'audio/wav' });
    const { text } = await client.audio.transcriptions.create({ model: 'whisper-1', file, language: 'en' });
    await captured.settled({ runs: 1 });
    const [step] = captured.runs[0]!.steps;
    expect(step).toMatchObject({
      model_requested: 'whisper-1',
      output: [{ role: 'assistant', content: text }],
      metadata: { kind: 'transcription' },
    });
    // Version 4 encodes the form before anybody can look at it.
    if (major !== 'v4') expect(step!.parameters).toEqual({ language: 'en' });
  });

  test(`${major}: the CommonJS build beside the other one`, async () => {
    await using server = await modelServer();
    using captured = captureRuns();
    const name = { v4: 'openai-v4', v5: 'openai-v5', v6: 'openai-v6', v7: 'openai' }[major]!;
    const other = createRequire(import.meta.url)(name) as { OpenAI: typeof OpenAI };
    expect(other.OpenAI).not.toBe(OpenAI);
    for (const Client of [OpenAI, other.OpenAI]) {
      const client = wrapOpenAI(new Client(server.clientOptions));
      expect(client).toBeInstanceOf(Client);
      await client.chat.completions.create(chat);
    }
    expect(captured.runs).toHaveLength(2);
  });
}

test('the v7 Responses tool runner is one run when it is given one, its functions tool calls with results', async () => {
  await using server = await modelServer([
    { toolCalls: [{ name: 'get_weather', args: { city: 'Oslo' } }] },
    'Sunny.',
  ]);
  using captured = captureRuns();
  const client = wrapOpenAI(new OpenAI(server.clientOptions));
  const runner = new ResponsesToolRunner({
    functions: [
      {
        tool: {
          type: 'function',
          name: 'get_weather',
          strict: false,
          parameters: { type: 'object', properties: { city: { type: 'string' } } },
        },
        execute: ({ city }) => `sunny in ${city}`,
      },
    ],
  });
  const response = await withRun({ name: 'runner' }, () =>
    runner.run(client, { model: 'gpt-5', input: 'Weather?' }),
  );
  expect(response.output_text).toBe('Sunny.');
  await captured.settled();
  expect(captured.runs).toMatchObject([
    {
      name: 'runner',
      steps: [{ finish_reason: 'tool_calls' }, { finish_reason: 'stop' }],
      tool_calls: [
        { tool_name: 'get_weather', args: '{"city":"Oslo"}', result: 'sunny in Oslo', outcome: 'ok' },
      ],
    },
  ]);
});

test('what is no client is returned as it is, with one diagnostic', () => {
  const warn = console.warn;
  const said: unknown[] = [];
  console.warn = (...args) => void said.push(args);
  try {
    const thing = Object.freeze({ chat: 1 });
    expect(wrapOpenAI(thing)).toBe(thing);
    expect(wrapOpenAI(undefined as never)).toBeUndefined();
    const frozen = Object.freeze(new OpenAI({ apiKey: 'k' }));
    expect(wrapOpenAI(frozen)).toBe(frozen);
  } finally {
    console.warn = warn;
  }
  expect(said.length).toBeLessThanOrEqual(1);
});

test('types are those of the client given', () => {
  class Mine extends OpenAI {
    mine = 1;
  }
  const azure = wrapOpenAI(
    new AzureOpenAI({ endpoint: 'https://x.openai.azure.com', apiKey: 'k', apiVersion: '1' }),
  );
  expectTypeOf(azure).toEqualTypeOf<AzureOpenAI>();
  expectTypeOf(wrapOpenAI(new Mine({ apiKey: 'k' })).mine).toEqualTypeOf<number>();
  const client = wrapOpenAI(new OpenAI({ apiKey: 'k' }));
  expectTypeOf(client.chat.completions.create).toEqualTypeOf<OpenAI['chat']['completions']['create']>();
});
