import OpenAI, { APIConnectionError, APIUserAbortError, toFile } from 'openai';
import { describe, expect, test, vi } from 'vitest';
import { modelServer } from './model-server.js';
import type { Reply } from './reply.js';

const model = 'gpt-4o-mini';
const messages = [{ role: 'user' as const, content: 'Hi' }];

async function readUntilItBreaks(reply: Reply): Promise<{ text: string; error: unknown }> {
  await using server = await modelServer([reply]);
  const openai = new OpenAI({ ...server.clientOptions, maxRetries: 0 });
  let text = '';
  try {
    for await (const chunk of await openai.chat.completions.create({ model, messages, stream: true })) {
      text += chunk.choices[0]?.delta.content ?? '';
    }
  } catch (error) {
    return { text, error };
  }
  return { text, error: undefined };
}

describe('a script', () => {
  test('that runs out says so, and the client does not retry', async () => {
    await using server = await modelServer(['one']);
    const openai = new OpenAI(server.clientOptions);
    await openai.chat.completions.create({ model, messages });
    await expect(openai.chat.completions.create({ model, messages })).rejects.toThrow(
      /500 modelServer: the script ran out: it has 1 turn, and one more request came \(POST \/chat\/completions, model gpt-4o-mini, last message: user "Hi"\)/,
    );
    expect(server.requests).toHaveLength(2);
  });

  test('may be a function of the request and the turn', async () => {
    await using server = await modelServer(
      (request, turn) => `${turn}: ${request.model} ${request.lastUser}`,
    );
    const openai = new OpenAI(server.clientOptions);
    await openai.chat.completions.create({ model, messages });
    const second = await openai.chat.completions.create({ model: 'o4-mini', messages });
    expect(second.choices[0]?.message.content).toBe('1: o4-mini Hi');
  });

  test('that throws is reported to the client', async () => {
    await using server = await modelServer(() => {
      throw new Error('my own mistake');
    });
    const openai = new OpenAI(server.clientOptions);
    await expect(openai.chat.completions.create({ model, messages })).rejects.toThrow(/my own mistake/);
  });

  test('may mix rules with turns', async () => {
    await using server = await modelServer([
      { when: { model: 'gpt-4.1' }, reply: 'big' },
      { when: { toolResult: /fail/ }, reply: 'It failed.', times: 1 },
      { when: { lastUser: 'weather' }, reply: { toolCalls: [{ name: 'weather' }] } },
      'first',
      'second',
    ]);
    const openai = new OpenAI(server.clientOptions);
    const ask = async (content: string, name = model) => {
      const completion = await openai.chat.completions.create({
        model: name,
        messages: [{ role: 'user', content }],
      });
      return completion.choices[0]?.message;
    };
    expect((await ask('a'))?.content).toBe('first');
    expect((await ask('a', 'gpt-4.1'))?.content).toBe('big');
    expect((await ask('the weather?'))?.tool_calls).toHaveLength(1);
    expect((await ask('a'))?.content).toBe('second');
  });

  test('starts again after reset', async () => {
    await using server = await modelServer(['one']);
    const openai = new OpenAI(server.clientOptions);
    await openai.chat.completions.create({ model, messages });
    server.reset(['other']);
    expect(server.requests).toHaveLength(0);
    const completion = await openai.chat.completions.create({ model, messages });
    expect(completion.choices[0]?.message.content).toBe('other');
  });

  test('is optional: the server then repeats the user', async () => {
    await using server = await modelServer();
    const openai = new OpenAI(server.clientOptions);
    const completion = await openai.chat.completions.create({ model, messages });
    expect(completion.choices[0]?.message.content).toBe('You said: Hi');
  });
});

describe('an error reply', () => {
  test.each([
    [400, 'BadRequestError'],
    [401, 'AuthenticationError'],
    [404, 'NotFoundError'],
    [429, 'RateLimitError'],
    [500, 'InternalServerError'],
    [503, 'InternalServerError'],
  ])('%i reaches the client as %s', async (status, name) => {
    await using server = await modelServer([{ error: status }]);
    const openai = new OpenAI({ ...server.clientOptions, maxRetries: 0 });
    const error = await openai.chat.completions
      .create({ model, messages })
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({ status });
    expect((error as Error).constructor.name).toBe(name);
    expect((error as { requestID?: string }).requestID).toMatch(/^req_/);
  });

  test('429 carries its waiting time and limits, and the client comes back', async () => {
    const error = { status: 429, retryAfterMs: 1, headers: { 'x-ratelimit-limit-tokens': '5' } };
    await using server = await modelServer([{ error }, { error }, 'at last']);
    const openai = new OpenAI(server.clientOptions);
    const completion = await openai.chat.completions.create({ model, messages });
    expect(completion.choices[0]?.message.content).toBe('at last');
    expect(server.requests.map(({ headers }) => headers['x-stainless-retry-count'])).toEqual(['0', '1', '2']);
  });

  test('a key is demanded when the server has one', async () => {
    await using server = await modelServer(['secret answer'], { apiKey: 'right' });
    const wrong = new OpenAI({ baseURL: server.url, apiKey: 'wrong' });
    await expect(wrong.chat.completions.create({ model, messages })).rejects.toMatchObject({ status: 401 });
    const right = new OpenAI(server.clientOptions);
    expect((await right.chat.completions.create({ model, messages })).choices[0]?.message.content).toBe(
      'secret answer',
    );
  });
});

describe('a connection', () => {
  test('can be reset before the headers', async () => {
    await using server = await modelServer([{ connection: 'reset' }]);
    const openai = new OpenAI({ ...server.clientOptions, maxRetries: 0 });
    await expect(openai.chat.completions.create({ model, messages })).rejects.toBeInstanceOf(
      APIConnectionError,
    );
  });

  test('can hang until the client gives up, and the server knows', async () => {
    await using server = await modelServer([{ connection: 'hang' }]);
    const openai = new OpenAI({ ...server.clientOptions, maxRetries: 0, timeout: 50 });
    await expect(openai.chat.completions.create({ model, messages })).rejects.toThrow(/timed out/i);
    await server.settled();
    expect(server.requests[0]?.aborted).toBe(true);
  });

  test('can drop in mid-stream', async () => {
    const { text, error } = await readUntilItBreaks({ text: 'a b c d e', cut: { after: 3, with: 'drop' } });
    expect(text).toBe('a b');
    expect(error).toBeInstanceOf(Error);
  });

  test('can end without a finish reason', async () => {
    const { text, error } = await readUntilItBreaks({ text: 'a b c', cut: { after: 3, with: 'end' } });
    expect(text).toBe('a b');
    expect(error).toBeUndefined();
  });

  test('can carry an error event in mid-stream', async () => {
    const { text, error } = await readUntilItBreaks({
      text: 'a b c',
      cut: { after: 2, with: 'error', error: { message: 'Overloaded' } },
    });
    expect(text).toBe('a');
    expect(String(error)).toContain('Overloaded');
  });

  test('can stall in mid-stream until the reader leaves', async () => {
    await using server = await modelServer([{ text: 'a b c', cut: { after: 2, with: 'hang' } }]);
    const openai = new OpenAI(server.clientOptions);
    const stream = await openai.chat.completions.create({ model, messages, stream: true });
    for await (const chunk of stream) {
      if (chunk.choices[0]?.delta.content) break;
    }
    await server.settled();
    expect(server.requests[0]?.aborted).toBe(true);
  });

  test('can be dropped in the middle of a plain answer', async () => {
    await using server = await modelServer([{ text: 'whatever', cut: { after: 0, with: 'drop' } }]);
    const openai = new OpenAI({ ...server.clientOptions, maxRetries: 0 });
    await expect(openai.chat.completions.create({ model, messages })).rejects.toThrow();
  });

  test('is closed by close(), hanging or not', async () => {
    const server = await modelServer([{ connection: 'hang' }]);
    const openai = new OpenAI({ ...server.clientOptions, maxRetries: 0 });
    const asked = openai.chat.completions.create({ model, messages }).catch((error: unknown) => error);
    while (server.requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    await server.close();
    await server.close();
    expect(await asked).toBeInstanceOf(APIConnectionError);
  });
});

describe('timing', () => {
  test('a test can hold the stream at a chunk', async () => {
    let release!: () => void;
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const reply = { text: 'a b c', beforeChunk: (index: number) => (index === 2 ? gate : undefined) };
    await using server = await modelServer([reply]);
    const openai = new OpenAI(server.clientOptions);
    const stream = await openai.chat.completions.create({ model, messages, stream: true });
    let text = '';
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? '';
      if (text === 'a') release();
    }
    expect(text).toBe('a b c');
  });

  test('delays hold back the headers and the chunks, and an abort ends them', async () => {
    await using server = await modelServer([{ text: 'a', delayMs: 60_000 }]);
    const openai = new OpenAI(server.clientOptions);
    const controller = new AbortController();
    const asked = openai.chat.completions.create({ model, messages }, { signal: controller.signal });
    const refused = expect(asked).rejects.toBeInstanceOf(APIUserAbortError);
    await vi.waitFor(() => expect(server.requests).toHaveLength(1), 10_000);
    controller.abort();
    await refused;
    await server.settled();
    expect(server.requests[0]?.aborted).toBe(true);
  });
});

describe('the raw escape hatch', () => {
  test('sends exact bytes, pieces and events', async () => {
    await using server = await modelServer([
      { raw: { status: 418, headers: { 'x-tea': 'yes' }, body: 'short and stout' } },
      {
        raw: {
          body: ['{"choices":[{"mess', 'age":{"content":"split"}}]}'],
          headers: { 'content-type': 'application/json' },
        },
      },
      {
        raw: {
          sse: [
            { choices: [{ index: 0, delta: null }] },
            { choices: [{ index: 0, delta: { content: 'x' } }] },
          ],
        },
      },
    ]);
    const openai = new OpenAI({ ...server.clientOptions, maxRetries: 0 });
    await expect(openai.chat.completions.create({ model, messages })).rejects.toMatchObject({ status: 418 });
    const split = await openai.chat.completions.create({ model, messages });
    expect(split.choices[0]?.message.content).toBe('split');
    const deltas: unknown[] = [];
    for await (const chunk of await openai.chat.completions.create({ model, messages, stream: true })) {
      deltas.push(chunk.choices[0]?.delta);
    }
    expect(deltas).toEqual([null, { content: 'x' }]);
  });

  test('keeps back-pressure on a large stream', async () => {
    let produced = 0;
    async function* endless() {
      const payload = { choices: [{ index: 0, delta: { content: 'x'.repeat(64 * 1024) } }] };
      for (; produced < 10_000; produced++) yield payload;
    }
    await using server = await modelServer([{ raw: { sse: endless() } }]);
    const openai = new OpenAI(server.clientOptions);
    const stream = await openai.chat.completions.create({ model, messages, stream: true });
    for await (const _chunk of stream) break;
    await server.settled();
    expect(produced).toBeLessThan(1000);
  });
});

describe('other endpoints', () => {
  test('answer by themselves', async () => {
    await using server = await modelServer([]);
    const openai = new OpenAI(server.clientOptions);
    const embedded = await openai.embeddings.create({
      model: 'text-embedding-3-small',
      input: ['a b', 'c'],
      dimensions: 16,
    });
    expect(embedded.data.map(({ embedding }) => embedding.length)).toEqual([16, 16]);
    expect(Math.hypot(...embedded.data[0]!.embedding)).toBeCloseTo(1);
    const ids: string[] = [];
    for await (const { id } of openai.models.list()) ids.push(id);
    expect(ids).toContain('gpt-4o-mini');
    expect((await openai.models.retrieve('gpt-5')).id).toBe('gpt-5');
    const image = await openai.images.generate({ model: 'gpt-image-1', prompt: 'a cat' });
    expect(image.data?.[0]?.b64_json).toMatch(/^iVBOR/);
    const moderated = await openai.moderations.create({ input: 'hello' });
    expect(moderated.results[0]?.flagged).toBe(false);
    const speech = await openai.audio.speech.create({ model: 'tts-1', voice: 'alloy', input: 'Hi' });
    expect((await speech.arrayBuffer()).byteLength).toBeGreaterThan(0);
    const file = await toFile(Buffer.from('RIFF'), 'a.wav', { type: 'audio/wav' });
    const heard = await openai.audio.transcriptions.create({ model: 'gpt-4o-transcribe', file });
    expect(heard.text).toBe('Hello from the recording.');
    expect(server.requests.at(-1)?.body).toMatchObject({
      model: 'gpt-4o-transcribe',
      file: { name: 'a.wav', type: 'audio/wav', size: 4 },
    });
    const compacted = await openai.responses.compact({ model: 'gpt-5', input: 'long' });
    expect(compacted.object).toBe('response.compaction');
  });

  test('follow a rule when there is one', async () => {
    await using server = await modelServer([{ when: { endpoint: 'embeddings' }, reply: { error: 400 } }]);
    const openai = new OpenAI(server.clientOptions);
    await expect(openai.embeddings.create({ model: 'm', input: 'a' })).rejects.toMatchObject({ status: 400 });
  });

  test('that do not exist get a 404', async () => {
    await using server = await modelServer();
    const openai = new OpenAI(server.clientOptions);
    await expect(openai.post('/nowhere', { body: {} })).rejects.toMatchObject({ status: 404 });
  });
});
