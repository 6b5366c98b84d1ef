import { expect, test } from 'vitest';
import { readMessage, readMessages } from './map-messages.js';
import { readPrompt, readResponse } from './map-prompt.js';

test('messages in every shape LangChain takes', () => {
  expect(
    readMessages([
      'plain',
      ['human', 'pair'],
      { role: 'system', content: 'object' },
      { type: 'ai', content: 'typed' },
      { type: 'human', data: { content: 'stored' } },
      {
        lc: 1,
        type: 'constructor',
        id: ['langchain_core', 'messages', 'AIMessage'],
        kwargs: { content: 'lc' },
      },
      { getType: () => 'generic', role: 'critic', content: 'chat message' },
    ]),
  ).toEqual([
    { role: 'user', content: 'plain' },
    { role: 'user', content: 'pair' },
    { role: 'system', content: 'object' },
    { role: 'assistant', content: 'typed' },
    { role: 'user', content: 'stored' },
    { role: 'assistant', content: 'lc' },
    { role: 'critic', content: 'chat message' },
  ]);
});

test('a message that cannot be read is left out, and no other', () => {
  const trap = new Proxy(
    {},
    {
      get() {
        throw new Error('do not look');
      },
    },
  );
  expect(readMessages([trap, 7, null, 'fine'])).toEqual([{ role: 'user', content: 'fine' }]);
});

test('text blocks become text; reasoning and media stay blocks, and tool blocks are told once', () => {
  expect(
    readMessage({
      role: 'assistant',
      content: [
        { type: 'text', text: 'a' },
        { type: 'text', text: 'b' },
      ],
    }),
  ).toEqual({ role: 'assistant', content: 'ab' });
  expect(
    readMessage({
      role: 'assistant',
      content: [
        { type: 'thinking', thinking: 'hm' },
        { type: 'tool_use', id: 't1', name: 'look', input: {} },
      ],
      tool_calls: [{ id: 't1', name: 'look', args: { at: 1 } }],
    }),
  ).toEqual({
    role: 'assistant',
    content: [{ type: 'thinking', thinking: 'hm' }],
    tool_calls: [{ id: 't1', type: 'function', function: { name: 'look', arguments: '{"at":1}' } }],
  });
});

test('ten megabytes of base64 become a name and a size, wherever they stand, and quickly', () => {
  const data = 'QUJD'.repeat(2_500_000);
  const start = performance.now();
  const message = readMessage({
    role: 'user',
    content: [
      { type: 'image', source_type: 'base64', mime_type: 'image/png', data },
      { type: 'image', source: { type: 'base64', media_type: 'image/png', data } },
      { type: 'input_audio', input_audio: { data, format: 'wav' } },
      { type: 'file', file: { file_data: `data:application/pdf;base64,${data}` } },
    ],
  });
  expect(performance.now() - start).toBeLessThan(500);
  const json = JSON.stringify(message);
  expect(json.length).toBeLessThan(600);
  expect(json.match(/\[base64, 7500000 bytes\]/g)).toHaveLength(3);
  expect(json).toContain('[application/pdf, 7500000 bytes]');
});

test('long texts are no media', () => {
  const words = 'It was a dark and stormy night. '.repeat(100);
  expect(readMessage({ role: 'user', content: words })?.content).toBe(words);
  const blocks = [{ type: 'json', value: words }];
  expect(readMessage({ role: 'user', content: blocks })?.content).toEqual(blocks);
});

test.each([
  ['a text', 'Hi', 'Hi'],
  ['messages', { messages: [{ role: 'user', content: 'Hi' }] }, 'Hi'],
  ['the question among other inputs', { context: 'much', question: 'Hi' }, 'Hi'],
  ['a single value', { city: 'Oslo' }, 'Oslo'],
  ['an answer to an interrupt', { lg_name: 'Command', resume: { ok: true } }, '{"ok":true}'],
  ['anything else', { a: 1, b: 2 }, '{"a":1,"b":2}'],
  ['nothing', undefined, ''],
])('the prompt of a run is %s', (_name, inputs, prompt) => {
  expect(readPrompt(inputs).user_prompt).toBe(prompt);
});

test.each([
  ['a text', 'Yo', 'Yo'],
  ['a message', { role: 'assistant', content: 'Yo' }, 'Yo'],
  ['the last message of the model', { messages: [{ type: 'ai', content: 'Yo' }, ['human', 'x']] }, 'Yo'],
  ['a structured answer', { messages: [], structuredResponse: { a: 1 } }, '{"a":1}'],
  ['an answer among other outputs', { output: 'Yo', steps: [] }, 'Yo'],
  ['anything else', { a: 1, b: 2 }, '{"a":1,"b":2}'],
  ['nothing', undefined, undefined],
])('the response of a run is %s', (_name, outputs, response) => {
  expect(readResponse(outputs)).toBe(response);
});
