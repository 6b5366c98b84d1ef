import { calcPrice, findProvider } from '@pydantic/genai-prices';
import type { Micros } from './time.js';

export interface TokenUsage {
  prompt_uncached_tokens?: number;
  prompt_cached_tokens?: number;
  cache_write_tokens?: number;
  completion_tokens?: number;
}

export interface PricedCall extends TokenUsage {
  model: string;
  provider?: string;
  /** Prices change: the one of the day of the call counts. */
  at: Micros;
}

/**
 * US dollars for one model call by the bundled price list; undefined when it does not know the model. Never asks the network.
 *
 * @example
 * listPrice({ model: 'gpt-4o', prompt_uncached_tokens: 120, completion_tokens: 45, at: Date.now() * 1000 }) // 0.00075
 */
export function listPrice(call: PricedCall): number | undefined {
  const cached = call.prompt_cached_tokens ?? 0;
  const written = call.cache_write_tokens ?? 0;
  const usage = {
    // The list's input is the whole prompt, its cached parts included.
    input_tokens: (call.prompt_uncached_tokens ?? 0) + cached + written,
    cache_read_tokens: cached,
    cache_write_tokens: written,
    output_tokens: call.completion_tokens ?? 0,
  };
  const timestamp = new Date(call.at / 1000);
  for (const { model, provider } of candidates(call.model, call.provider)) {
    try {
      const price = calcPrice(usage, model, {
        timestamp,
        ...(provider !== undefined && { providerId: provider }),
      });
      if (price) return price.total_price;
    } catch {
      // The list cannot price this combination, e.g. cache writes of a model it has no price for.
    }
  }
  return undefined;
}

/** The model as the wire named it, with the provider where the list knows that one; then `vendor/model` taken apart. */
function* candidates(
  model: string,
  provider: string | undefined,
): Generator<{ model: string; provider?: string }> {
  const known = provider !== undefined && findProvider({ providerId: provider }) !== undefined;
  if (known) yield { model, provider };
  else yield { model };
  const slash = model.lastIndexOf('/');
  if (slash > 0) {
    const vendor = model.slice(0, slash);
    const bare = model.slice(slash + 1);
    if (findProvider({ providerId: vendor })) yield { model: bare, provider: vendor };
    yield { model: bare };
  }
}
