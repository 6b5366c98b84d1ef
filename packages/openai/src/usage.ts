import { type Bag, isBag } from './own-data.js';

/** Disjoint token counts: uncached + cached + cacheWrite = prompt, completion includes reasoning. */
export interface Tokens {
  uncached?: number;
  cached?: number;
  cacheWrite?: number;
  completion?: number;
  reasoning?: number;
}

export interface Usage {
  tokens: Tokens;
  /** US dollars, where the provider says so (OpenRouter). */
  cost?: number;
  /** What has no column of its own: audio, image and prediction tokens, seconds of audio. */
  metadata: Record<string, number>;
}

const count = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined;

const DETAILS = [
  ['audio_tokens', 'audio_tokens'],
  ['image_tokens', 'image_tokens'],
  ['accepted_prediction_tokens', 'accepted_prediction_tokens'],
  ['rejected_prediction_tokens', 'rejected_prediction_tokens'],
] as const;

/** Reads usage in the dialects of Chat Completions, Responses and the compatible servers; undefined when there is none. */
export function usageOf(usage: unknown): Usage | undefined {
  if (!isBag(usage)) return undefined;
  const input = bag(usage.prompt_tokens_details ?? usage.input_tokens_details ?? usage.input_token_details);
  const output = bag(usage.completion_tokens_details ?? usage.output_tokens_details);
  const prompt = count(usage.prompt_tokens) ?? count(usage.input_tokens);
  let completion = count(usage.completion_tokens) ?? count(usage.output_tokens);
  const cached = count(input.cached_tokens) ?? count(usage.prompt_cache_hit_tokens);
  const cacheWrite = count(input.cache_write_tokens) ?? count(usage.cache_creation_input_tokens);
  const reasoning = count(output.reasoning_tokens);
  const total = count(usage.total_tokens);
  // xAI and others count reasoning beside the completion, not inside it; their total gives it away.
  if (reasoning && total !== undefined && prompt !== undefined && completion !== undefined)
    if (total === prompt + completion + reasoning) completion += reasoning;

  const tokens: Tokens = {};
  if (prompt !== undefined) tokens.uncached = Math.max(0, prompt - (cached ?? 0) - (cacheWrite ?? 0));
  if (cached !== undefined) tokens.cached = cached;
  if (cacheWrite !== undefined) tokens.cacheWrite = cacheWrite;
  if (completion !== undefined) tokens.completion = completion;
  if (reasoning !== undefined) tokens.reasoning = reasoning;

  const metadata: Record<string, number> = {};
  for (const [member, name] of DETAILS) {
    const ofInput = count(input[member]);
    const ofOutput = count(output[member]);
    if (ofInput) metadata[`input_${name}`] = ofInput;
    if (ofOutput) metadata[`output_${name}`] = ofOutput;
  }
  const seconds = count(usage.seconds);
  if (seconds !== undefined) metadata.audio_seconds = seconds;
  const cost = count(usage.cost);
  if (prompt === undefined && completion === undefined && seconds === undefined) return undefined;
  return cost === undefined ? { tokens, metadata } : { tokens, metadata, cost };
}

function bag(value: unknown): Bag {
  return isBag(value) ? value : {};
}
