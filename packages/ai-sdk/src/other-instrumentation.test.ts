import { configure } from '@observatory/core';
import { observeFetch, wrapOpenAI } from '@observatory/openai';
import { captureRuns, modelServer } from '@observatory/testing';
import OpenAI from 'openai';
import { expect, test, vi } from 'vitest';
import { Call } from './call.js';
import { since, VERSIONS } from './majors.test.support.js';
import { MessageMapper } from './map-messages.js';
import { mockModel } from './mock-model.test.support.js';
import { ModelCall } from './model-call.js';
import { observe } from './observe.js';
import { benchOf, everyVersion, tree, WEATHER } from './observed.test.support.js';
import { OPENAI_CHAT, provider } from './providers.test.support.js';
import { ToolCalls } from './tool-calls.js';
import { wrapAISDK } from './wrap-ai-sdk.js';

everyVersion('over a provider whose fetch is observed too, nothing is counted twice', async (bench) => {
  const { ai, captured } = bench;
  const models = await provider('openai', bench.major, OPENAI_CHAT, (fetch) => observeFetch(fetch));
  const model = () => models.chat?.('gpt-5');
  const schema = ai.jsonSchema({ type: 'object' });
  const calls: Record<string, () => Promise<unknown>> = {
    generateText: () => ai.generateText({ model: model(), prompt: 'Hi' }),
    streamText: () => ai.streamText({ model: model(), prompt: 'Hi' }).consumeStream(),
    generateObject: () => ai.generateObject({ model: model(), prompt: 'Hi', schema }).catch(() => undefined),
  };
  for (const [name, call] of Object.entries(calls)) {
    captured.clear();
    await call();
    await captured.settled({ runs: 1 });
    expect([name, captured.allRuns.length, captured.allRuns.flatMap(({ steps }) => steps).length]).toEqual([
      name,
      1,
      1,
    ]);
    expect(captured.runs[0]?.steps[0]).toMatchObject({ prompt_uncached_tokens: 20, completion_tokens: 50 });
  }
});

everyVersion('a wrapped OpenAI client inside a tool is counted under that tool, once', async (bench) => {
  const { ai, captured } = bench;
  await using server = await modelServer(['from the client']);
  const client = wrapOpenAI(new OpenAI(server.clientOptions));
  const { model } = bench.mock([WEATHER, { text: 'Sunny' }]);
  await ai.generateText({
    model,
    prompt: 'Weather?',
    tools: {
      weather: bench.tool(async () => {
        const answer = await client.chat.completions.create({
          model: 'gpt-4o-mini',
          messages: [{ role: 'user', content: 'Hi' }],
        });
        return answer.choices[0]?.message.content;
      }),
    },
    stopWhen: bench.steps(2),
  });
  await captured.settled({ runs: 1 });
  expect(captured.allRuns).toHaveLength(1);
  const [run] = captured.runs;
  expect(run?.steps.map(({ model_requested }) => model_requested)).toEqual([
    'mock-1',
    'gpt-4o-mini',
    'mock-1',
  ]);
  expect(run?.steps[1]?.metadata).toMatchObject({ tool_call_id: 'c1' });
});

everyVersion(
  "the host's own tracer hears what it would hear without us",
  async (bench) => {
    const { ai, captured } = bench;
    const heard = async (use: typeof ai) => {
      const names: string[] = [];
      const { model } = bench.mock([WEATHER, { text: 'Sunny' }]);
      await use
        .streamText({
          model,
          prompt: 'Weather?',
          tools: { weather: bench.tool(async () => 'clear') },
          stopWhen: bench.steps(2),
          experimental_telemetry: {
            isEnabled: true,
            functionId: 'f',
            metadata: { plan: 'pro' },
            tracer: tracer(names),
          },
        })
        .consumeStream();
      return names;
    };
    const raw = await VERSIONS.find(({ version }) => version === bench.version)?.load();
    const without = await heard(raw as typeof ai);
    expect(without).toContain('end ai.streamText');
    expect(await heard(ai)).toEqual(without);
    await captured.settled({ runs: 1 });
    expect(captured.runs[0]).toMatchObject({ name: 'f', metadata: { plan: 'pro' } });
  },
  ({ major }) => major < 7,
);

/** A tracer that lists the spans it is asked for and what they hold. */
function tracer(names: string[]) {
  const span = (name: string) => {
    const held: Record<string, unknown> = {
      spanContext: () => ({ traceId: '1', spanId: '2', traceFlags: 1 }),
      setAttributes: (attributes: object) => {
        names.push(`set ${name} ${Object.keys(attributes).sort().join(' ')}`);
        return held;
      },
      end: () => void names.push(`end ${name}`),
      isRecording: () => true,
    };
    for (const method of [
      'setAttribute',
      'addEvent',
      'addLink',
      'addLinks',
      'setStatus',
      'updateName',
      'recordException',
    ]) {
      held[method] = () => held;
    }
    return held;
  };
  return {
    startSpan: span,
    startActiveSpan: (...args: unknown[]) => {
      const name = String(args[0]);
      const { attributes = {} } = (args[1] ?? {}) as { attributes?: object };
      names.push(`start ${name} ${Object.keys(attributes).sort().join(' ')}`);
      return (args.at(-1) as (span: unknown) => unknown)(span(name));
    },
  };
}

test('SDK 7: a provider that marks credentials keeps them, and the stream stays readable', async () => {
  for (const version of VERSIONS.filter(({ version }) => since(version, '7.0.173'))) {
    const ai = wrapAISDK(await version.load());
    using captured = captureRuns();
    const { model } = mockModel(7, [{ text: ['Sun', 'ny'] }]);
    const doStream = model.doStream as (request: unknown) => Promise<object>;
    // As the OpenAI provider marks the headers of MCP servers: telemetry gets a copy without them.
    const body = { tools: [{ headers: { authorization: 'secret' } }] };
    Object.defineProperty(body, Symbol.for('vercel.ai.telemetry.redact'), {
      value: () => ({ tools: 'redacted' }),
    });
    const result = ai.streamText({
      model: {
        ...model,
        doStream: async (request: unknown) => ({ ...(await doStream(request)), request: { body } }),
      },
      prompt: 'Hi',
      include: { requestBody: true },
    });
    expect(await result.text).toBe('Sunny');
    const [step] = await result.steps;
    expect((step as { request?: { body?: unknown } }).request?.body).toEqual({
      tools: [{ headers: { authorization: 'secret' } }],
    });
    await captured.settled({ runs: 1 });
    expect(captured.runs[0]?.response).toBe('Sunny');
    expect(JSON.stringify(captured.items)).not.toContain('secret');
  }
});

for (const [what, target, method] of [
  ['messages are read', MessageMapper.prototype, 'map'],
  ['a step starts', Call.prototype, 'startStep'],
  ['a request goes out', ModelCall.prototype, 'attempt'],
  ['the model has answered', ModelCall.prototype, 'answered'],
  ['parts come in', ModelCall.prototype, 'part'],
  ['a step ends', ModelCall.prototype, 'answer'],
  ['a tool starts', ToolCalls.prototype, 'start'],
  ['a tool ends', ToolCalls.prototype, 'end'],
  ['a run ends', Call.prototype, 'end'],
] as const) {
  everyVersion(`when recording itself fails as ${what}, the call does not`, async (bench) => {
    const { ai } = bench;
    const reported: string[] = [];
    configure({ onDiagnostic: ({ kind }) => void reported.push(kind) });
    const broken = vi
      .spyOn(target as unknown as Record<string, () => unknown>, method)
      .mockImplementation(() => {
        throw new Error('our own fault');
      });
    try {
      const options = () => ({
        model: bench.mock([WEATHER, { text: ['Fi', 'ne'] }]).model,
        prompt: 'Weather?',
        tools: { weather: bench.tool(async () => 'clear') },
        stopWhen: bench.steps(2),
      });
      expect((await ai.generateText(options())).text).toBe('Fine');
      const streamed = ai.streamText(options());
      await streamed.consumeStream();
      expect(await streamed.text).toBe('Fine');
      expect(broken).toHaveBeenCalled();
      if (method !== 'part') expect(reported).toContain('ai-sdk-adapter');
    } finally {
      broken.mockRestore();
      configure({ onDiagnostic: () => {} });
    }
  });
}

test('wrapping twice is wrapping once, and everything else is what it was', async () => {
  for (const version of VERSIONS) {
    const raw = await version.load();
    const ai = wrapAISDK(raw);
    expect(wrapAISDK(ai)).toBe(ai);
    expect(wrapAISDK(raw)).toBe(ai);
    expect(Object.keys(ai)).toEqual(Object.keys(raw));
    const { tool, jsonSchema } = ai;
    expect(tool).toBe(raw.tool);
    expect(jsonSchema).toBe(raw.jsonSchema);
    expect('generateText' in ai).toBe(true);
    expect({ ...ai }.generateText).toBe(ai.generateText);
    using captured = captureRuns();
    const bench = benchOf(version, wrapAISDK({ ...ai } as typeof ai), captured);
    await bench.ai.generateText({
      model: bench.mock([{ text: 'Hi' }]).model,
      prompt: 'Hi',
      [bench.option]: observe({ agent: 'once' }),
    });
    await captured.settled({ runs: 1 });
    expect(captured.runs.flatMap((run) => tree(run))).toEqual(['run once ok', '  step mock-1 stop 10/5 ok']);
  }
});
