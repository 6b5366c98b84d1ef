import { afterEach, expect, vi } from 'vitest';
import type { Options, Sdk } from './majors.test.support.js';
import { VERSIONS } from './majors.test.support.js';
import { type MockReply, mockModel } from './mock-model.test.support.js';
import { type Bench, everyVersion, WEATHER } from './observed.test.support.js';
import { ANTHROPIC, provider } from './providers.test.support.js';

const registry = globalThis as { AI_SDK_TELEMETRY_INTEGRATIONS?: unknown[] };

afterEach(() => {
  vi.restoreAllMocks();
});

/** The SDK without us: unwrapped, and on 7 unregistered meanwhile. */
async function bare<T>(bench: Bench, use: (ai: Sdk) => Promise<T>): Promise<T> {
  const registered = registry.AI_SDK_TELEMETRY_INTEGRATIONS;
  registry.AI_SDK_TELEMETRY_INTEGRATIONS = [];
  try {
    const version = VERSIONS.find(({ version }) => version === bench.version);
    return await use((await version?.load()) as Sdk);
  } finally {
    registry.AI_SDK_TELEMETRY_INTEGRATIONS = registered ?? [];
  }
}

/** What somebody does with the SDK, and everything they see of it. */
type Scenario = (ai: Sdk, bench: Bench) => Promise<unknown>;

/** Ids and times differ between any two calls. */
function comparable(value: unknown): unknown {
  const text = JSON.stringify(value, (key, member: unknown) => {
    if (member instanceof Error) return { name: member.name, message: member.message };
    if (
      typeof member === 'number' &&
      (!Number.isInteger(member) || /Ms$|PerSecond$|^(?:min|max|avg)$/.test(key))
    )
      return 'number';
    if (key === 'timestamp') return 'time';
    if (['callId', 'messageId', 'approvalId'].includes(key) || (key === 'id' && String(member).length > 12))
      return 'id';
    return member;
  });
  return JSON.parse(text.replace(/"(?:aitxt|msg|call|aiobj)[-_][A-Za-z0-9]{10,}"/g, '"id"'));
}

function options(ai: Sdk, bench: Bench, replies: MockReply[]): Options {
  return {
    model: mockModel(bench.major, replies).model,
    prompt: 'Weather?',
    tools: {
      weather: ai.tool({
        inputSchema: ai.jsonSchema({ type: 'object' }),
        execute: async () => ({ sky: 'clear' }),
      }),
      boom: ai.tool({
        inputSchema: ai.jsonSchema({ type: 'object' }),
        execute: async () => {
          throw new Error('tool exploded');
        },
      }),
    },
    stopWhen: ai.stepCountIs(3),
    _internal: { generateId: () => 'fixed-id', currentDate: () => new Date(0) },
  };
}

const TALK: MockReply[] = [
  { reasoning: 'Hm', toolCalls: [...(WEATHER.toolCalls ?? []), { id: 'c2', name: 'boom' }] },
  { text: ['It ', 'is ', 'clear'] },
];

async function collected<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const parts: T[] = [];
  for await (const part of stream) parts.push(part);
  return parts;
}

const SCENARIOS: Record<string, Scenario> = {
  'generateText result': async (ai, bench) => {
    const { text, steps, finishReason, usage, totalUsage, content, response } = await ai.generateText(
      options(ai, bench, TALK),
    );
    return { text, steps, finishReason, usage, totalUsage, content, response };
  },
  'full stream parts': (ai, bench) => collected(ai.streamText(options(ai, bench, TALK)).fullStream),
  'text stream': (ai, bench) => collected(ai.streamText(options(ai, bench, TALK)).textStream),
  'UI message bytes': (ai, bench) =>
    ai
      .streamText(options(ai, bench, TALK))
      .toUIMessageStreamResponse()
      .text(),
  'text response bytes': (ai, bench) =>
    ai
      .streamText(options(ai, bench, TALK))
      .toTextStreamResponse()
      .text(),
  'a stream with an error part': (ai, bench) =>
    collected(
      ai.streamText({
        ...options(ai, bench, [{ text: 'Half', errorPart: new Error('overload') }]),
        onError: () => {},
      }).fullStream,
    ),
  'a stream that breaks off': (ai, bench) =>
    collected(
      ai.streamText({
        ...options(ai, bench, [{ text: 'Half', throws: new Error('hang up') }]),
        onError: () => {},
      }).fullStream,
    ).catch((error: unknown) => ['thrown', error]),
  'a truncated stream': (ai, bench) =>
    collected(ai.streamText(options(ai, bench, [{ text: 'Half', truncated: true }])).fullStream),
  'a refused request': (ai, bench) =>
    ai
      .generateText({ ...options(ai, bench, [{ reject: new Error('refused') }]), maxRetries: 0 })
      .catch((error: unknown) => error),
  'callbacks of the host, in order': async (ai, bench) => {
    const heard: unknown[] = [];
    const hear = (name: string) => (event: Options) =>
      void heard.push([name, event.text ?? event.finishReason]);
    await ai
      .streamText({
        ...options(ai, bench, TALK),
        onChunk: ({ chunk }: { chunk: { type: string } }) => void heard.push(chunk.type),
        onStepFinish: hear('step'),
        onFinish: hear('finish'),
      })
      .consumeStream();
    return heard;
  },
  'an error thrown by a callback of the host': (ai, bench) =>
    ai
      .generateText({
        ...options(ai, bench, TALK),
        onStepFinish: () => {
          throw new Error('from the callback');
        },
      })
      .then(
        ({ text }) => text,
        (error: unknown) => error,
      ),
  'streamed object': async (ai, bench) => {
    const result = ai.streamObject({
      model: mockModel(bench.major, [{ text: ['{"city":', '"Oslo"}'] }]).model,
      prompt: 'Where?',
      schema: ai.jsonSchema({ type: 'object' }),
    });
    return [await collected(result.fullStream), await result.object];
  },
  'wrong use': async (ai, bench) => {
    const seen: unknown[] = [];
    for (const call of [
      () => ai.generateText({ model: mockModel(bench.major, [{}]).model }),
      () => ai.generateText(undefined as unknown as Options),
      () => ai.generateText({ model: { specificationVersion: 'v0' }, prompt: 'Hi' }),
    ]) {
      seen.push(
        await Promise.resolve()
          .then(call)
          .then(
            () => 'fine',
            (error: Error) => error.name,
          ),
      );
    }
    return seen;
  },
};

for (const [name, scenario] of Object.entries(SCENARIOS)) {
  everyVersion(`${name}: the same with and without us`, async (bench) => {
    const consoleError = vi.spyOn(console, 'error').mockImplementation(() => {});
    const said: unknown[] = [];
    const run = async (use: () => Promise<unknown>) => {
      consoleError.mockClear();
      const seen = await use();
      said.push(consoleError.mock.calls.map((call) => call.map(String)));
      return comparable(seen);
    };
    const without = await run(() => bare(bench, (ai) => scenario(ai, bench)));
    const withUs = await run(() => scenario(bench.ai, bench));
    expect(withUs).toEqual(without);
    expect(said[1]).toEqual(said[0]);
  });
}

everyVersion('an error that nobody listens to is logged as the SDK does', async (bench) => {
  const consoleError = vi.spyOn(console, 'error').mockImplementation(() => {});
  const stream = async (ai: Sdk) => {
    consoleError.mockClear();
    await ai
      .streamText({
        model: mockModel(bench.major, [{ text: 'Half', errorPart: new Error('overload') }]).model,
        prompt: 'Hi',
      })
      .consumeStream({ onError: () => {} });
    return consoleError.mock.calls.map(([error]) => String(error));
  };
  const without = await bare(bench, stream);
  expect(await stream(bench.ai)).toEqual(without);
  expect(without).toEqual(['Error: overload']);
});

everyVersion('rejections that nobody handles are as many as without us', async (bench) => {
  const unhandled: unknown[] = [];
  const listeners = process.listeners('unhandledRejection');
  process.removeAllListeners('unhandledRejection');
  process.on('unhandledRejection', (reason) => void unhandled.push(reason));
  vi.spyOn(console, 'error').mockImplementation(() => {});
  try {
    const pause = async () => {
      for (let i = 0; i < 10; i++) await new Promise((resolve) => setTimeout(resolve, 5));
    };
    const count = async (ai: Sdk) => {
      // What calls before this one left behind is not counted.
      await pause();
      unhandled.length = 0;
      const refused = () => ({
        model: mockModel(bench.major, [{ reject: new Error('refused') }]).model,
        prompt: 'Hi',
        maxRetries: 0,
      });
      void ai.generateText(refused());
      void ai.generateObject({ ...refused(), schema: ai.jsonSchema({ type: 'object' }) });
      const result = ai.streamText(refused());
      await result.consumeStream({ onError: () => {} });
      void ai.streamObject({ ...refused(), schema: ai.jsonSchema({ type: 'object' }) });
      await pause();
      return unhandled.length;
    };
    const without = await bare(bench, count);
    expect(await count(bench.ai)).toBe(without);
  } finally {
    process.removeAllListeners('unhandledRejection');
    for (const listener of listeners) process.on('unhandledRejection', listener);
  }
});

everyVersion('nothing is read from the model before the host asks for it', async (bench) => {
  const words = Array.from({ length: 200 }, (_, i) => `word${i} `);
  const pulled = async (ai: Sdk) => {
    const mock = mockModel(bench.major, [{ text: words }]);
    const reader = ai.streamText({ model: mock.model, prompt: 'Hi' }).textStream.getReader();
    for (let i = 0; i < 10; i++) await reader.read();
    for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
    const count = mock.pulled[0] ?? 0;
    for (;;) if ((await reader.read()).done) break;
    return count;
  };
  const without = await bare(bench, pulled);
  // A step of the pipe more may hold one part; versions that read everything at once do so with us, too.
  expect(await pulled(bench.ai)).toBeLessThanOrEqual(without + 1);
});

everyVersion("a real provider's request is the same, and so is what the result says of it", async (bench) => {
  const talk = async (ai: Sdk) => {
    const bodies: unknown[] = [];
    const models = await provider('anthropic', bench.major, ANTHROPIC, (fetch) => (url, init) => {
      bodies.push([String(url), init?.body, init?.headers]);
      return fetch(url, init);
    });
    const result = ai.streamText({
      model: models.messages?.('claude-opus-5'),
      prompt: 'Weather?',
      maxRetries: 0,
    });
    const parts = await collected(result.fullStream);
    return { bodies, parts };
  };
  expect(comparable(await talk(bench.ai))).toEqual(comparable(await bare(bench, talk)));
});
