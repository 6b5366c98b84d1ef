import type { TokenUsage } from '@observatory/core/recorder';
import { count, defined, type Fields, fields, isFields } from './plain.js';

/**
 * Disjoint token counts from what any version of the SDK, or a provider under it, reports. What is unknown is absent.
 *
 * - Providers of SDK 6 and 7 nest: `inputTokens: { total, noCache, cacheRead, cacheWrite }`.
 * - SDK 6 and 7 flatten that: `inputTokens` includes the cache, `outputTokens` includes reasoning, details stand beside.
 * - SDK 5 hands through what the provider counts: Anthropic and Bedrock leave the cache out of `inputTokens`, Google leaves
 *   reasoning out of `outputTokens`, OpenAI includes both.
 */
export function mapUsage(usage: unknown, provider = '', providerMetadata?: unknown): TokenUsage | undefined {
  if (!isFields(usage)) return undefined;
  const tokens = isFields(usage.inputTokens)
    ? nested(usage)
    : isFields(usage.inputTokenDetails)
      ? detailed(usage)
      : 'tokens' in usage
        ? { uncached: count(usage.tokens) }
        : flat(usage, provider, fields(providerMetadata));
  const known = defined(tokens);
  return Object.keys(known).length > 0 ? known : undefined;
}

function nested(usage: Fields): TokenUsage {
  const input = fields(usage.inputTokens);
  const output = fields(usage.outputTokens);
  return inclusive(
    count(input.total),
    count(input.noCache),
    count(input.cacheRead),
    count(input.cacheWrite),
    count(output.total),
    count(output.reasoning),
  );
}

function detailed(usage: Fields): TokenUsage {
  const input = fields(usage.inputTokenDetails);
  const output = fields(usage.outputTokenDetails);
  return inclusive(
    count(usage.inputTokens),
    count(input.noCacheTokens),
    count(input.cacheReadTokens) ?? count(usage.cachedInputTokens),
    count(input.cacheWriteTokens),
    count(usage.outputTokens),
    count(output.reasoningTokens) ?? count(usage.reasoningTokens),
  );
}

function inclusive(
  total: number | undefined,
  noCache: number | undefined,
  cached: number | undefined,
  cacheWrite: number | undefined,
  completion: number | undefined,
  reasoning: number | undefined,
): TokenUsage {
  return {
    uncached: noCache ?? rest(total, cached, cacheWrite),
    cached,
    cacheWrite,
    completion,
    reasoning,
  };
}

function flat(usage: Fields, provider: string, metadata: Fields): TokenUsage {
  const input = count(usage.inputTokens) ?? count(usage.promptTokens);
  const output = count(usage.outputTokens) ?? count(usage.completionTokens);
  const cached = count(usage.cachedInputTokens);
  const reasoning = count(usage.reasoningTokens);
  const cacheWrite = cacheWritten(metadata);
  const cacheLeftOut =
    /anthropic|bedrock/.test(provider) || (cached !== undefined && input !== undefined && cached > input);
  // A total that only adds up with the reasoning says that the output is text alone.
  const reasoningLeftOut =
    reasoning !== undefined &&
    reasoning > 0 &&
    output !== undefined &&
    (/google|vertex|gemini/.test(provider) || reasoning > output) &&
    count(usage.totalTokens) !== (input ?? 0) + output;
  return {
    uncached: cacheLeftOut ? input : rest(input, cached, cacheWrite),
    cached,
    cacheWrite,
    completion: reasoningLeftOut ? output + reasoning : output,
    reasoning,
  };
}

/** SDK 5 has no field for it; the providers put it into their metadata. */
function cacheWritten(metadata: Fields): number | undefined {
  const anthropic = fields(metadata.anthropic);
  const bedrock = fields(fields(metadata.bedrock).usage);
  return (
    count(anthropic.cacheCreationInputTokens) ??
    count(fields(anthropic.usage).cache_creation_input_tokens) ??
    count(bedrock.cacheWriteInputTokens)
  );
}

const rest = (total: number | undefined, ...parts: (number | undefined)[]): number | undefined =>
  total === undefined
    ? undefined
    : Math.max(
        0,
        parts.reduce<number>((left, part) => left - (part ?? 0), total),
      );

/** US dollars, where the provider says so; otherwise the collector's price list applies. */
export function mapCost(providerMetadata: unknown): number | undefined {
  const metadata = fields(providerMetadata);
  const gateway = fields(metadata.gateway).cost;
  return (
    count(typeof gateway === 'string' && gateway !== '' ? Number(gateway) : gateway) ??
    count(fields(fields(metadata.openrouter).usage).cost) ??
    count(fields(fields(metadata.perplexity).cost).totalCost)
  );
}
