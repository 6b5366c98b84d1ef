import type { TokenUsage } from '@observatory/core/recorder';
import { type Bag, bag, count } from './reading.js';

export interface Usage {
  tokens: TokenUsage;
  /** A guess of LangChain's, where the provider sent nothing. */
  estimated?: true;
}

/**
 * Tokens of an answer as disjoint parts. Where they stand depends on the provider, on streaming and on the version, so the
 * places are asked from the most to the least detailed. Undefined when nobody says.
 */
export function readUsage(message: unknown, llmOutput: unknown): Usage | undefined {
  const { usage_metadata, response_metadata, additional_kwargs } = bag(message);
  const output = bag(llmOutput);
  const tokens =
    standard(bag(usage_metadata)) ??
    raw(bag(bag(response_metadata).usage)) ??
    raw(bag(bag(additional_kwargs).usage)) ??
    totals(bag(bag(response_metadata).tokenUsage)) ??
    totals(bag(output.tokenUsage)) ??
    raw(bag(output.usage));
  if (tokens) return { tokens };
  const guess = totals(bag(output.estimatedTokenUsage));
  return guess && { tokens: guess, estimated: true };
}

/** LangChain's own shape: `input_tokens` holds what was read from and written to a cache. */
function standard(usage: Bag): TokenUsage | undefined {
  const input = count(usage.input_tokens);
  const completion = count(usage.output_tokens);
  if (!known(input, completion)) return undefined;
  const inputDetails = bag(usage.input_token_details);
  return split(input, completion, {
    cached: count(inputDetails.cache_read),
    cacheWrite: count(inputDetails.cache_creation),
    reasoning: count(bag(usage.output_token_details).reasoning),
  });
}

/** What OpenAI and Anthropic send. Anthropic's `input_tokens` leaves the cache out, OpenAI's holds it. */
function raw(usage: Bag): TokenUsage | undefined {
  const read = count(usage.cache_read_input_tokens);
  const written = count(usage.cache_creation_input_tokens);
  const input = count(usage.prompt_tokens) ?? count(usage.input_tokens);
  const completion = count(usage.completion_tokens) ?? count(usage.output_tokens);
  if (!known(input, completion)) return undefined;
  const inputDetails = bag(usage.prompt_tokens_details ?? usage.input_tokens_details);
  const outputDetails = bag(usage.completion_tokens_details ?? usage.output_tokens_details);
  const whole =
    read === undefined && written === undefined ? input : (input ?? 0) + (read ?? 0) + (written ?? 0);
  return split(whole, completion, {
    cached: read ?? count(inputDetails.cached_tokens),
    cacheWrite: written,
    reasoning: count(outputDetails.reasoning_tokens),
  });
}

/** Totals without detail. */
function totals(usage: Bag): TokenUsage | undefined {
  const input = count(usage.promptTokens) ?? count(usage.input_tokens);
  const completion = count(usage.completionTokens) ?? count(usage.output_tokens);
  return known(input, completion) ? split(input, completion, {}) : undefined;
}

/** Nothing but noughts is what LangChain answers from a cache, or a provider that does not count. */
const known = (input: number | undefined, completion: number | undefined): boolean =>
  (input ?? 0) > 0 || (completion ?? 0) > 0;

function split(input: number | undefined, completion: number | undefined, parts: TokenUsage): TokenUsage {
  const { cached, cacheWrite, reasoning } = parts;
  return {
    uncached: input === undefined ? undefined : Math.max(0, input - (cached ?? 0) - (cacheWrite ?? 0)),
    cached,
    cacheWrite,
    completion,
    reasoning,
  };
}
