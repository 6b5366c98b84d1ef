import { ownText } from './own-data.js';

/** Host name (or its end) → provider, in the ids price lists use. */
const HOSTS: readonly (readonly [suffix: string, provider: string])[] = [
  ['openai.azure.com', 'azure'],
  ['services.ai.azure.com', 'azure'],
  ['cognitiveservices.azure.com', 'azure'],
  ['api.openai.com', 'openai'],
  ['groq.com', 'groq'],
  ['x.ai', 'x-ai'],
  ['mistral.ai', 'mistral'],
  ['deepseek.com', 'deepseek'],
  ['openrouter.ai', 'openrouter'],
  ['together.xyz', 'together'],
  ['together.ai', 'together'],
  ['fireworks.ai', 'fireworks'],
  ['perplexity.ai', 'perplexity'],
  ['cerebras.ai', 'cerebras'],
  ['cohere.com', 'cohere'],
  ['cohere.ai', 'cohere'],
  ['anthropic.com', 'anthropic'],
  ['googleapis.com', 'google'],
  ['amazonaws.com', 'aws'],
  ['novita.ai', 'novita'],
  ['moonshot.ai', 'moonshotai'],
  ['moonshot.cn', 'moonshotai'],
  ['huggingface.co', 'huggingface'],
  ['nvidia.com', 'nvidia'],
  ['sambanova.ai', 'sambanova'],
  ['deepinfra.com', 'deepinfra'],
  ['dashscope.aliyuncs.com', 'alibaba'],
];

const OLLAMA_PORT = '11434';
const LM_STUDIO_PORT = '1234';

const cache = new Map<string, string | undefined>();
const CACHE_LIMIT = 200;

/** Names the provider behind a base URL; a host nobody knows is named by itself, an address not at all. */
export function providerOf(client: unknown): string | undefined {
  const url = ownText(client, 'baseURL');
  if (!url) return undefined;
  if (cache.has(url)) return cache.get(url);
  const provider = fromUrl(url);
  if (cache.size >= CACHE_LIMIT) cache.clear();
  cache.set(url, provider);
  return provider;
}

export function fromUrl(url: string): string | undefined {
  let host: string;
  let port: string;
  try {
    const parsed = new URL(url);
    host = parsed.hostname;
    port = parsed.port;
  } catch {
    return undefined;
  }
  for (const [suffix, provider] of HOSTS) if (host === suffix || host.endsWith(`.${suffix}`)) return provider;
  if (port === OLLAMA_PORT) return 'ollama';
  if (port === LM_STUDIO_PORT) return 'lmstudio';
  return /^(?:localhost|\[.*\]|[\d.]+)$/.test(host) ? undefined : host;
}
