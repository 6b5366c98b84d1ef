import { type Fields, isFields } from './plain.js';

const NAMES = Object.entries({
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
});

/** Settings of a call. Headers are left out: they carry keys. */
export function mapParameters(settings: Fields, inputs: boolean): Fields | undefined {
  let parameters: Fields | undefined;
  const set = (name: string, value: unknown) => {
    parameters ??= {};
    parameters[name] = value;
  };
  for (const [name, known] of NAMES) {
    const value = settings[name];
    if (value === undefined || value === null) continue;
    if (!Array.isArray(value)) set(known, value);
    else if (value.length > 0 && inputs) set(known, [...value]);
  }
  const { providerOptions } = settings;
  if (inputs && isFields(providerOptions) && Object.keys(providerOptions).length > 0) {
    set('provider_options', providerOptions);
  }
  return parameters;
}
