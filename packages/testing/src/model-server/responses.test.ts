import OpenAI from 'openai';
import OpenAI5 from 'openai-v5';
import OpenAI6 from 'openai-v6';
import { describe, expect, test } from 'vitest';
import { modelServer } from './model-server.js';
import type { Reply } from './reply.js';

const model = 'gpt-5';
const MAJORS = [
  ['7', OpenAI],
  ['6', OpenAI6 as unknown as typeof OpenAI],
  ['5', OpenAI5 as unknown as typeof OpenAI],
] as const;

async function events(reply: Reply, extra: Record<string, unknown> = {}) {
  await using server = await modelServer([reply]);
  const openai = new OpenAI(server.clientOptions);
  const all: { type: string; [member: string]: unknown }[] = [];
  const stream = await openai.responses.create({ model, input: 'Hi', stream: true, ...extra });
  for await (const event of stream) all.push(event as unknown as (typeof all)[number]);
  return all;
}

describe.each(MAJORS)('the Responses API with openai %s', (_major, Client) => {
  test('answers a plain request', async () => {
    await using server = await modelServer([
      { reasoning: 'Hm.', text: 'Hello.', usage: { prompt: 40, cached: 8, completion: 12, reasoning: 6 } },
    ]);
    const openai = new Client(server.clientOptions);
    const response = await openai.responses.create({ model, input: 'Hi' });
    expect(response.output_text).toBe('Hello.');
    expect(response.status).toBe('completed');
    expect(response.output.map(({ type }) => type)).toEqual(['reasoning', 'message']);
    expect(response.usage).toMatchObject({
      input_tokens: 40,
      input_tokens_details: { cached_tokens: 8 },
      output_tokens_details: { reasoning_tokens: 6 },
      total_tokens: 52,
    });
  });

  test('works with the stream helper, several tool calls in one answer', async () => {
    await using server = await modelServer([
      {
        text: 'Looking it up.',
        toolCalls: [
          { id: 'call_1', name: 'f', args: { a: 1 } },
          { id: 'call_2', name: 'g', args: { b: 2 } },
        ],
      },
    ]);
    const openai = new Client(server.clientOptions);
    const stream = openai.responses.stream({ model, input: 'Hi' });
    const types = new Set<string>();
    stream.on('event', (event) => types.add(event.type));
    const final = await stream.finalResponse();
    expect(final.output[0]).toMatchObject({ type: 'message', content: [{ text: 'Looking it up.' }] });
    expect(final.output.filter(({ type }) => type === 'function_call')).toMatchObject([
      { call_id: 'call_1', arguments: '{"a":1}' },
      { call_id: 'call_2', arguments: '{"b":2}' },
    ]);
    expect(types).toContain('response.function_call_arguments.delta');
  });

  test('works with parse', async () => {
    await using server = await modelServer([{ text: '{"n":4}' }]);
    const openai = new Client(server.clientOptions);
    const response = await openai.responses.parse({
      model,
      input: 'Hi',
      text: { format: { type: 'json_schema', name: 'n', schema: { type: 'object' }, strict: true } },
    });
    expect(response.output_text).toBe('{"n":4}');
  });

  test('sees tool results as the end of the conversation', async () => {
    await using server = await modelServer(({ toolResults }) =>
      toolResults.length > 0
        ? `It is ${toolResults[0]?.text}.`
        : { toolCalls: [{ id: 'call_9', name: 'time' }] },
    );
    const openai = new Client(server.clientOptions);
    const first = await openai.responses.create({ model, input: 'What time is it?' });
    const second = await openai.responses.create({
      model,
      previous_response_id: first.id,
      input: [{ type: 'function_call_output', call_id: 'call_9', output: 'noon' }],
    });
    expect(second.output_text).toBe('It is noon.');
    expect(second.previous_response_id).toBe(first.id);
  });
});

describe('a streamed response', () => {
  test('numbers its events and ends with the whole response', async () => {
    const all = await events('Hi there.');
    expect(all.map(({ sequence_number }) => sequence_number)).toEqual(all.map((_, index) => index));
    expect(all.map(({ type }) => type)).toEqual([
      'response.created',
      'response.in_progress',
      'response.output_item.added',
      'response.content_part.added',
      'response.output_text.delta',
      'response.output_text.delta',
      'response.output_text.done',
      'response.content_part.done',
      'response.output_item.done',
      'response.completed',
    ]);
  });

  test('fails and stays incomplete as a normal event', async () => {
    const failed = await events({
      text: 'Half',
      status: 'failed',
      failure: { code: 'server_error', message: 'No.' },
    });
    expect(failed.at(-1)).toMatchObject({
      type: 'response.failed',
      response: { status: 'failed', error: { message: 'No.' } },
    });
    const incomplete = await events({ text: 'Half', finishReason: 'length' });
    expect(incomplete.at(-1)).toMatchObject({
      type: 'response.incomplete',
      response: { incomplete_details: { reason: 'max_output_tokens' } },
    });
  });

  test('carries hosted tools, annotations, refusals and custom tools', async () => {
    const all = await events({
      items: [{ type: 'web_search_call', action: { type: 'search', query: 'x' } }],
      text: 'Found.',
      annotations: [
        { type: 'url_citation', url: 'https://example.com', title: 'x', start_index: 0, end_index: 5 },
      ],
      toolCalls: [{ type: 'custom', name: 'sql', args: 'select 1' }],
    });
    const types = all.map(({ type }) => type);
    expect(types).toContain('response.web_search_call.completed');
    expect(types).toContain('response.output_text.annotation.added');
    expect(types).toContain('response.custom_tool_call_input.done');
    const refused = await events({ refusal: 'No way.' });
    expect(refused.map(({ type }) => type)).toContain('response.refusal.done');
  });
});

describe('a background response', () => {
  test('is queued, then in progress, then done', async () => {
    await using server = await modelServer([{ text: 'Done.', polls: 2 }]);
    const openai = new OpenAI(server.clientOptions);
    const { id, status } = await openai.responses.create({ model, input: 'Hi', background: true });
    expect(status).toBe('queued');
    expect((await openai.responses.retrieve(id)).status).toBe('in_progress');
    expect((await openai.responses.retrieve(id)).status).toBe('in_progress');
    const done = await openai.responses.retrieve(id);
    expect(done).toMatchObject({ status: 'completed', output_text: 'Done.' });
    const items = await openai.responses.inputItems.list(id);
    expect(items.data).toHaveLength(1);
  });

  test('can be cancelled', async () => {
    await using server = await modelServer([{ text: 'Done.', polls: 5 }]);
    const openai = new OpenAI(server.clientOptions);
    const { id } = await openai.responses.create({ model, input: 'Hi', background: true });
    expect((await openai.responses.cancel(id)).status).toBe('cancelled');
    expect((await openai.responses.retrieve(id)).status).toBe('cancelled');
  });

  test('can be streamed from where a reader stopped', async () => {
    await using server = await modelServer([{ text: 'One two.' }]);
    const openai = new OpenAI(server.clientOptions);
    const { id } = await openai.responses.create({ model, input: 'Hi', background: true });
    const seen: number[] = [];
    for await (const event of await openai.responses.retrieve(id, { stream: true, starting_after: 3 })) {
      seen.push(event.sequence_number);
    }
    expect(seen[0]).toBe(4);
  });

  test('is there under its id after it was streamed', async () => {
    await using server = await modelServer(['Hi.']);
    const openai = new OpenAI(server.clientOptions);
    const streamed = await openai.responses.stream({ model, input: 'Hi' }).finalResponse();
    expect(await openai.responses.retrieve(streamed.id)).toMatchObject({
      status: 'completed',
      output_text: 'Hi.',
    });
  });

  test('is unknown under another id', async () => {
    await using server = await modelServer();
    const openai = new OpenAI(server.clientOptions);
    await expect(openai.responses.retrieve('resp_none')).rejects.toMatchObject({ status: 404 });
  });
});
