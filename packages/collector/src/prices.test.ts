import { describe, expect, it } from 'vitest';
import { listPrice } from './prices.js';

const at = Date.UTC(2026, 0, 15) * 1000;

describe('the price of a model call', () => {
  it('is found by the model as the wire names it, with or without its provider', () => {
    const usage = { prompt_uncached_tokens: 1_000_000, completion_tokens: 100_000, at };
    expect(listPrice({ model: 'gpt-4o', ...usage })).toBeCloseTo(3.5, 9);
    expect(listPrice({ model: 'gpt-4o-2024-08-06', provider: 'openai', ...usage })).toBeCloseTo(3.5, 9);
    expect(listPrice({ model: 'gpt-4o', provider: 'openai.chat', ...usage })).toBeCloseTo(3.5, 9);
    // A gateway or a test server that the list does not know: the model says enough.
    expect(listPrice({ model: 'gpt-4o', provider: 'my-gateway', ...usage })).toBeCloseTo(3.5, 9);
    expect(listPrice({ model: 'openai/gpt-4o', ...usage })).toBeCloseTo(3.5, 9);
  });

  it('counts cached and written tokens at their own rates, as parts of the prompt', () => {
    const model = 'claude-sonnet-4-20250514';
    const plain = listPrice({ model, prompt_uncached_tokens: 1000, at })!;
    expect(listPrice({ model, prompt_cached_tokens: 1000, at })).toBeCloseTo(plain * 0.1, 9);
    expect(listPrice({ model, cache_write_tokens: 1000, at })).toBeCloseTo(plain * 1.25, 9);
  });

  it('is unknown, and not 0, for a model that the list does not have', () => {
    for (const model of ['home-made-7b', '', '/', 'x'.repeat(1000), '__proto__', 'constructor']) {
      expect(listPrice({ model, prompt_uncached_tokens: 5, at })).toBeUndefined();
      expect(listPrice({ model, provider: '__proto__', prompt_uncached_tokens: 5, at })).toBeUndefined();
    }
  });
});
