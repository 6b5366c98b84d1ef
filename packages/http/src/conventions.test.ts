import { describe, expect, test } from 'vitest';
import { promptOf, sessionOf, userOf } from './conventions.js';

describe('the prompt of a request is', () => {
  test.each([
    [
      'OpenAI chat messages',
      {
        messages: [
          { role: 'system', content: 'Be brief' },
          { role: 'user', content: 'Q' },
        ],
      },
    ],
    [
      'content parts',
      { messages: [{ role: 'user', content: [{ type: 'text', text: 'Q' }, { type: 'image_url' }] }] },
    ],
    [
      'the last user message',
      {
        messages: [
          { role: 'user', content: 'no' },
          { role: 'assistant', content: 'A' },
          { role: 'user', content: 'Q' },
          { role: 'assistant', content: 'draft' },
        ],
      },
    ],
    [
      'AI SDK UI messages',
      { id: 'c', messages: [{ id: 'm', role: 'user', parts: [{ type: 'text', text: 'Q' }] }] },
    ],
    [
      "useChat's only last message",
      { id: 'c', message: { role: 'user', parts: [{ type: 'text', text: 'Q' }] } },
    ],
    ['Anthropic parts', { messages: [{ role: 'user', content: [{ type: 'text', text: 'Q' }] }] }],
    ['Responses input', { input: 'Q' }],
    ['Responses input items', { input: [{ role: 'user', content: [{ type: 'input_text', text: 'Q' }] }] }],
    ['prompt', { prompt: 'Q' }],
    ['message', { message: 'Q' }],
    ['query', { query: 'Q' }],
    ['question', { question: 'Q' }],
    ['text', { text: 'Q' }],
  ])('%s', (_convention, body) => {
    expect(promptOf(body)).toBe('Q');
  });

  test.each([
    ['a GraphQL document', { query: 'query { me }', variables: {} }],
    ['text', 'plain'],
    ['nothing', undefined],
    ['null', null],
    ['a list', [{ role: 'user', content: 'Q' }]],
    ['binary', new Uint8Array(3)],
    ['other things', { amount: 3, prompt: 7, messages: 'none', input: [1, null, {}] }],
  ])('not %s', (_what, body) => {
    expect(promptOf(body)).toBeUndefined();
  });
});

describe('the session of a request is', () => {
  const header = (headers: Record<string, string>) => (name: string) => headers[name];

  test.each([
    ['x-session-id', { 'x-session-id': 's' }, { sessionId: 'other' }],
    ['x-conversation-id', { 'x-conversation-id': 's' }, undefined],
    ['x-thread-id', { 'x-thread-id': 's' }, undefined],
    ['sessionId', {}, { sessionId: 's' }],
    ['conversation_id', {}, { conversation_id: 's' }],
    ['thread_id', {}, { thread_id: 's' }],
    ['chatId', {}, { chatId: 's' }],
    ["useChat's id by its trigger", {}, { id: 's', trigger: 'submit-message' }],
    ["useChat's id by its parts", {}, { id: 's', messages: [{ role: 'user', parts: [] }] }],
  ])('%s', (_convention, headers, body) => {
    expect(sessionOf(header(headers), body)).toBe('s');
  });

  test('a number, and never with control characters or longer than an id', () => {
    expect(sessionOf(header({}), { sessionId: 7 })).toBe('7');
    expect(sessionOf(header({ 'x-session-id': 'a\u0000b\u001b[31m\u0085' }), undefined)).toBe('ab[31m');
    expect(sessionOf(header({ 'x-session-id': 'x'.repeat(5_000) }), undefined)).toHaveLength(200);
  });

  test.each([
    ["an id that is not a chat's", { id: 'order-7', messages: [{ role: 'user', content: 'Q' }] }],
    ['an object', { sessionId: {} }],
    ['nothing', undefined],
  ])('not %s', (_what, body) => {
    expect(sessionOf(header({}), body)).toBeUndefined();
  });
});

test('the user of a request is the first id that authentication left', () => {
  expect(userOf(undefined, { id: 7 })).toBe('7');
  expect(userOf({ name: 'no id' }, { sub: 'auth0|1' })).toBe('auth0|1');
  expect(userOf('text', null, [])).toBeUndefined();
});
