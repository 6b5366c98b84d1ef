import { type Fields, isFields } from './plain.js';

const NAMES = {
  maxOutputTokens: 'max_tokens',
  temperature: 'temperature',
  topP: 'top_p',
  topK: 'top_k',
  presencePenalty: 'presence_penalty',
  frequencyPenalty: 'frequency_penalty',
  stopSequences: 'stop',
  seed: 'seed',
  reasoning: 'reasoning',
  toolChoice: 'tool_choice',
  dimensions: 'dimensions',
  size: 'size',
  aspectRatio: 'aspect_ratio',
  n: 'n',
  voice: 'voice',
  topN: 'top_n',
} as const;

/** Settings of a call. Headers are left out: they carry keys. */
export function mapParameters(settings: Fields, inputs: boolean): Fields | undefined {
  const parameters: Fields = {};
  for (const [name, known] of Object.entries(NAMES)) {
    const value = settings[name];
    if (value !== undefined && value !== null && !Array.isArray(value)) parameters[known] = value;
    else if (Array.isArray(value) && value.length > 0 && inputs) parameters[known] = [...value];
  }
  const { providerOptions } = settings;
  if (inputs && isFields(providerOptions) && Object.keys(providerOptions).length > 0) {
    parameters.provider_options = providerOptions;
  }
  return Object.keys(parameters).length > 0 ? parameters : undefined;
}
