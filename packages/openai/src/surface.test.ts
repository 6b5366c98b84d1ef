import { expect, test } from 'vitest';
import { majors } from './majors.test.support.js';
import { responseIdOf, surfaceOf } from './surface.js';

test.each([
  ['/chat/completions', 'chat'],
  ['/chat/completions?x=1', 'chat'],
  ['chat/completions', 'chat'],
  ['/openai/v1/chat/completions', 'chat'],
  ['https://api.groq.com/openai/v1/chat/completions', 'chat'],
  ['/deployments/mine/embeddings', 'embedding'],
  ['/responses?beta=true', 'response'],
  ['/responses/compact', 'compaction'],
  ['/completions', 'completion'],
  ['/images/edits', 'image'],
  ['/audio/speech', 'speech'],
  ['/moderations', 'moderation'],
  ['/decisions', 'decision'],
])('POST %s is %s', (path, name) => expect(surfaceOf(path)).toBe(name));

test.each([
  '/chat/completions/chatcmpl_1',
  '/responses/resp_1',
  '/responses/resp_1/cancel',
  '/responses/input_tokens',
  '/conversations/conv_1/items',
  '/threads/t/runs',
  '/files',
  '/notcompletions',
  '/organization/usage/completions/x',
  undefined,
  {},
])('%s is no model call', (path) => expect(surfaceOf(path)).toBeUndefined());

test('a response is found by the path of its retrieve and its cancel', () => {
  expect(responseIdOf('/responses/resp_1')).toBe('resp_1');
  expect(responseIdOf('/responses/resp%2F1/cancel?x')).toBe('resp/1');
  expect(responseIdOf('/responses')).toBeUndefined();
  expect(responseIdOf('/responses/resp_1/input_items')).toBeUndefined();
});

test('every major has the methods that are replaced', () => {
  for (const { OpenAI } of majors) {
    const client = new OpenAI({ apiKey: 'k' }) as unknown as Record<string, unknown>;
    expect([typeof client.post, typeof client.get, typeof client.prepareRequest]).toEqual(
      Array.from({ length: 3 }, () => 'function'),
    );
  }
});
