import { expect, test } from 'vitest';
import { fromUrl } from './provider.js';

test.each([
  ['https://api.openai.com/v1', 'openai'],
  ['https://mine.openai.azure.com/openai', 'azure'],
  ['https://api.groq.com/openai/v1', 'groq'],
  ['https://api.x.ai/v1', 'x-ai'],
  ['https://generativelanguage.googleapis.com/v1beta/openai/', 'google'],
  ['http://localhost:11434/v1', 'ollama'],
  ['http://127.0.0.1:1234/v1', 'lmstudio'],
  ['https://llm.example.com/v1', 'llm.example.com'],
  ['https://notopenai.com.evil.example/v1', 'notopenai.com.evil.example'],
  ['http://127.0.0.1:8000/v1', undefined],
  ['http://[::1]:8000/v1', undefined],
  ['no url', undefined],
])('%s is %s', (url, provider) => expect(fromUrl(url)).toBe(provider));
