import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { mapCost, mapUsage } from './map-usage.js';
import { everyVersion } from './observed.test.support.js';
import {
  ANTHROPIC,
  GOOGLE,
  OPENAI_CHAT,
  OPENAI_RESPONSES,
  provider,
  type Recording,
} from './providers.test.support.js';

interface Case {
  provider: 'openai' | 'anthropic' | 'google';
  recording: Recording;
  model: (models: Awaited<ReturnType<typeof provider>>) => unknown;
  expected: Record<string, unknown>;
}

const CASES: Record<string, Case> = {
  'OpenAI chat completions': {
    provider: 'openai',
    recording: OPENAI_CHAT,
    model: (openai) => openai.chat?.('gpt-5'),
    expected: {
      provider: 'openai',
      model_requested: 'gpt-5',
      model_used: 'gpt-5-2026-01-01',
      prompt_uncached_tokens: 20,
      prompt_cached_tokens: 100,
      completion_tokens: 50,
      reasoning_tokens: 20,
    },
  },
  'OpenAI responses': {
    provider: 'openai',
    recording: OPENAI_RESPONSES,
    model: (openai) => openai.responses?.('gpt-5'),
    expected: {
      provider: 'openai',
      model_requested: 'gpt-5',
      model_used: 'gpt-5-2026-01-01',
      prompt_uncached_tokens: 20,
      prompt_cached_tokens: 100,
      completion_tokens: 50,
      reasoning_tokens: 20,
    },
  },
  'Anthropic, with cache': {
    provider: 'anthropic',
    recording: ANTHROPIC,
    model: (anthropic) => anthropic.messages?.('claude-opus-5'),
    expected: {
      provider: 'anthropic',
      model_requested: 'claude-opus-5',
      model_used: 'claude-opus-5-20260101',
      prompt_uncached_tokens: 6,
      prompt_cached_tokens: 6289,
      cache_write_tokens: 3337,
      completion_tokens: 42,
    },
  },
  'Google, with reasoning': {
    provider: 'google',
    recording: GOOGLE,
    model: (google) => google.generativeAI?.('gemini-3-pro') ?? google.chat?.('gemini-3-pro'),
    expected: {
      provider: 'google',
      model_requested: 'gemini-3-pro',
      prompt_uncached_tokens: 20,
      prompt_cached_tokens: 80,
      completion_tokens: 311,
      reasoning_tokens: 282,
    },
  },
};

for (const [name, { provider: vendor, recording, model, expected }] of Object.entries(CASES)) {
  for (const streamed of [false, true]) {
    everyVersion(
      `${name}${streamed ? ', streamed' : ''}: tokens in disjoint parts, whatever the SDK makes of them`,
      async (bench) => {
        const { ai, captured } = bench;
        const models = await provider(vendor, bench.major, recording);
        const options = { model: model(models), prompt: 'Weather?', maxRetries: 0 };
        if (streamed) await ai.streamText(options).consumeStream();
        else await ai.generateText(options);
        await captured.settled({ runs: 1 });
        const [run] = captured.runs;
        expect(run).toMatchObject({ outcome: 'ok', response: 'Sunny' });
        expect(run?.steps).toHaveLength(1);
        expect(run?.steps[0]).toMatchObject(expected);
        if (!('cache_write_tokens' in expected)) expect(run?.steps[0]?.cache_write_tokens ?? 0).toBe(0);
      },
    );
  }
}

describe('shapes of usage', () => {
  test('a provider of SDK 6 or 7 nests its counts', () => {
    const usage = {
      inputTokens: { total: 100, noCache: undefined, cacheRead: 30, cacheWrite: 20 },
      outputTokens: { total: 9, text: 4, reasoning: 5 },
    };
    expect(mapUsage(usage)).toEqual({
      uncached: 50,
      cached: 30,
      cacheWrite: 20,
      completion: 9,
      reasoning: 5,
    });
  });

  test('what is unknown is absent, never 0', () => {
    expect(
      mapUsage({ inputTokens: undefined, outputTokens: undefined, totalTokens: undefined }),
    ).toBeUndefined();
    expect(mapUsage({ inputTokens: Number.NaN, outputTokens: 3 })).toEqual({ completion: 3 });
    expect(mapUsage({ tokens: Number.NaN })).toBeUndefined();
    expect(mapUsage(undefined)).toBeUndefined();
    expect(mapUsage('many')).toBeUndefined();
  });

  test("SDK 5: Bedrock's cache stands beside its input, its writes in the metadata", () => {
    const usage = { inputTokens: 10, outputTokens: 5, totalTokens: 15, cachedInputTokens: 90 };
    const metadata = { bedrock: { usage: { cacheWriteInputTokens: 7 } } };
    expect(mapUsage(usage, 'amazon-bedrock', metadata)).toEqual({
      uncached: 10,
      cached: 90,
      cacheWrite: 7,
      completion: 5,
    });
  });

  test('cost is what the provider says, or unknown', () => {
    expect(mapCost({ gateway: { cost: '0.0012' } })).toBe(0.0012);
    expect(mapCost({ openrouter: { usage: { cost: 0.5 } } })).toBe(0.5);
    expect(mapCost({ gateway: { cost: '' } })).toBeUndefined();
    expect(mapCost(undefined)).toBeUndefined();
  });
});

// Real responses, where a folder with them is named: one provider's folder holds `<name>.json` and `<name>.chunks.txt`.
const folder = process.env.OBSERVATORY_RECORDINGS;
const available = folder !== undefined && existsSync(folder);
const REPLAYED: [file: string, of: Case['provider'], model: Case['model']][] = [
  ['openai/openai-text', 'openai', (openai) => openai.chat?.('gpt-5')],
  ['openai/openai-web-search-tool.1', 'openai', (openai) => openai.responses?.('gpt-5')],
  ['openai/openai-reasoning-encrypted-content.1', 'openai', (openai) => openai.responses?.('gpt-5')],
  ['anthropic/anthropic-text', 'anthropic', (anthropic) => anthropic.messages?.('claude')],
  [
    'google/google-reasoning',
    'google',
    (google) => google.generativeAI?.('gemini') ?? google.chat?.('gemini'),
  ],
  [
    'google/google-tool-call',
    'google',
    (google) => google.generativeAI?.('gemini') ?? google.chat?.('gemini'),
  ],
];

describe.runIf(available)('recorded responses of real providers', () => {
  test('the folder holds recordings', () => {
    expect(readdirSync(folder ?? '.').length).toBeGreaterThan(0);
  });

  for (const [file, of, model] of available ? REPLAYED : []) {
    for (const streamed of [false, true]) {
      everyVersion(
        `${file}${streamed ? ', streamed' : ''} adds up to what the provider counted`,
        async (bench) => {
          const path = join(folder ?? '', file);
          const recording: Recording = {
            json: existsSync(`${path}.json`) ? JSON.parse(readFileSync(`${path}.json`, 'utf8')) : undefined,
            events: existsSync(`${path}.chunks.txt`)
              ? readFileSync(`${path}.chunks.txt`, 'utf8')
                  .split('\n')
                  .filter(Boolean)
                  .map((line) => JSON.parse(line) as object)
              : [],
          };
          if (streamed ? recording.events.length === 0 : recording.json === undefined) return;
          const { ai, captured } = bench;
          const models = await provider(of, bench.major, recording);
          const options = { model: model(models), prompt: 'Hi', maxRetries: 0 };
          if (streamed)
            await ai.streamText({ ...options, onError: () => {} }).consumeStream({ onError: () => {} });
          // SDK 5 refuses an answer that uses a tool it was not told of; the tokens are spent all the same.
          else await ai.generateText(options).catch(() => undefined);
          await captured.settled({ runs: 1 });
          const [step] = captured.runs[0]?.steps ?? [];
          const counted = totals(of, streamed ? recording.events : [recording.json]);
          const {
            prompt_uncached_tokens: uncached = 0,
            prompt_cached_tokens: cached = 0,
            cache_write_tokens: written = 0,
            completion_tokens: completion,
          } = step ?? {};
          expect({ input: uncached + cached + written, output: completion }).toEqual(counted);
        },
      );
    }
  }
});

/** Input and output as the provider itself counts them, cache and reasoning included. */
function totals(of: Case['provider'], bodies: readonly unknown[]): { input: number; output: number } {
  let input = 0;
  let output = 0;
  for (const body of bodies) {
    const { usage, response, message, usageMetadata } = body as Record<
      string,
      Record<string, number> | undefined
    >;
    const counts =
      usage ??
      (response as { usage?: Record<string, number> } | undefined)?.usage ??
      (message as { usage?: Record<string, number> } | undefined)?.usage;
    if (of === 'google') {
      if (!usageMetadata) continue;
      input = usageMetadata.promptTokenCount ?? input;
      output = (usageMetadata.candidatesTokenCount ?? 0) + (usageMetadata.thoughtsTokenCount ?? 0);
    } else if (of === 'anthropic') {
      if (!counts) continue;
      if (counts.input_tokens !== undefined) {
        input =
          counts.input_tokens +
          (counts.cache_read_input_tokens ?? 0) +
          (counts.cache_creation_input_tokens ?? 0);
      }
      output = counts.output_tokens ?? output;
    } else if (counts) {
      input = counts.prompt_tokens ?? counts.input_tokens ?? input;
      output = counts.completion_tokens ?? counts.output_tokens ?? output;
    }
  }
  return { input, output };
}
