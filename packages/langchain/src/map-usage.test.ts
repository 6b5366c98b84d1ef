import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readUsage } from './map-usage.js';

describe('tokens of an answer', () => {
  test.each([
    [
      "LangChain's own shape, cache inside the input",
      {
        usage_metadata: {
          input_tokens: 140,
          output_tokens: 25,
          input_token_details: { cache_read: 100, cache_creation: 30 },
          output_token_details: { reasoning: 5 },
        },
      },
      { uncached: 10, cached: 100, cacheWrite: 30, completion: 25, reasoning: 5 },
    ],
    [
      "OpenAI's raw usage, cache inside the input",
      {
        response_metadata: {
          usage: {
            prompt_tokens: 100,
            completion_tokens: 20,
            prompt_tokens_details: { cached_tokens: 64 },
            completion_tokens_details: { reasoning_tokens: 12 },
          },
        },
      },
      { uncached: 36, cached: 64, completion: 20, reasoning: 12 },
    ],
    [
      "Anthropic's raw usage, cache beside the input",
      {
        additional_kwargs: {
          usage: {
            input_tokens: 10,
            cache_creation_input_tokens: 30,
            cache_read_input_tokens: 100,
            output_tokens: 25,
          },
        },
      },
      { uncached: 10, cached: 100, cacheWrite: 30, completion: 25 },
    ],
  ])('%s', (_name, message, tokens) => {
    expect(readUsage(message, undefined)).toEqual({ tokens });
  });

  test('totals of the whole result are better than nothing, and a guess says that it is one', () => {
    expect(readUsage({}, { tokenUsage: { promptTokens: 8, completionTokens: 6 } })).toEqual({
      tokens: { uncached: 8, completion: 6 },
    });
    expect(readUsage({}, { estimatedTokenUsage: { promptTokens: 8, completionTokens: 6 } })).toEqual({
      tokens: { uncached: 8, completion: 6 },
      estimated: true,
    });
  });

  test('nothing, noughts and nonsense are unknown', () => {
    expect(readUsage(undefined, undefined)).toBeUndefined();
    expect(readUsage({ usage_metadata: { input_tokens: 0, output_tokens: 0 } }, {})).toBeUndefined();
    expect(readUsage({ usage_metadata: { input_tokens: 'many', output_tokens: -1 } }, null)).toBeUndefined();
  });

  test('the parts of the input always add up to it, unless the provider counts more cache than input', () => {
    const number = fc.nat(100_000);
    fc.assert(
      fc.property(number, number, number, (input, read, written) => {
        const usage = {
          input_tokens: input,
          output_tokens: 1,
          input_token_details: { cache_read: read, cache_creation: written },
        };
        const {
          uncached = 0,
          cached = 0,
          cacheWrite = 0,
        } = readUsage({ usage_metadata: usage }, undefined)?.tokens ?? {};
        expect(uncached).toBeGreaterThanOrEqual(0);
        expect(uncached + cached + cacheWrite).toBe(Math.max(input, read + written));
      }),
    );
  });
});
