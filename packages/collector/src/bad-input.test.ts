import { randomBytes } from 'node:crypto';
import { brotliCompressSync, constants, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import type { IngestReceipt } from '@observatory/core/wire';
import { describe, expect, it } from 'vitest';
import type { ApiError, RunDetail, RunList } from './api.js';
import { type CollectorFixture, collectorFixture } from './collector.test.fixture.js';

const good = (id: string) => ({
  type: 'run',
  run_id: id,
  start_time: '2026-03-01T10:00:00.000Z',
  response: 'kept',
  seq: 1,
});

/** At its default quality, making the bomb takes longer than the whole test. */
const fastBrotli = (raw: Buffer) =>
  brotliCompressSync(raw, { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } });

const storedIds = async (collector: CollectorFixture): Promise<string[]> =>
  (await collector.get<RunList>('/api/runs')).runs.map((run) => run.run_id).sort();

async function refusal(response: Response): Promise<ApiError['error'] & { status: number }> {
  const { error } = (await response.json()) as ApiError;
  return { ...error, status: response.status };
}

describe('a body that cannot be read', () => {
  it.each([
    ['empty', '', 'the body is empty'],
    ['no JSON', 'hello', 'must be a JSON object'],
    ['an array', '[{"type":"run"}]', 'must be a JSON object'],
    ['cut off', '{"type":"batch","items":[{"type":"run","run_id":"r', 'cut off'],
    ['cut off between items', '{"type":"batch","items":[{"type":"run","run_id":"r"},', 'cut off'],
    ['a batch without items', '{"type":"batch"}', '"items" is missing'],
    [
      'a batch whose items are no array',
      '{"type":"batch","items":{"a":1}}',
      '"items" is missing or no array',
    ],
    ['two bodies in one', '{"type":"run","run_id":"a"}{"type":"run","run_id":"b"}', 'goes on after'],
  ])('is answered with 400 and what is wrong: %s', async (_, body, message) => {
    const collector = await collectorFixture();
    for (const path of ['/v1/events', '/v1/custom']) {
      const answer = await refusal(await collector.post(path, body));
      expect(answer).toMatchObject({ status: 400, code: 'body_not_readable', field: 'body' });
      expect(answer.message).toContain(message);
    }
    expect(await storedIds(collector)).toEqual([]);
  });

  it('says when it is not what its content-encoding says', async () => {
    const collector = await collectorFixture();
    const packed = gzipSync(JSON.stringify({ ...good('r1'), response: randomBytes(5000).toString('hex') }));
    const truncated = await collector.post('/v1/events', packed.subarray(0, packed.length / 2), {
      'content-encoding': 'gzip',
    });
    expect(await refusal(truncated)).toMatchObject({
      status: 400,
      code: 'body_not_decompressible',
      field: 'content-encoding',
    });
    const plain = await collector.post('/v1/events', JSON.stringify(good('r1')), {
      'content-encoding': 'gzip',
    });
    expect(await refusal(plain)).toMatchObject({ status: 400, code: 'body_not_decompressible' });
    const unknown = await collector.post('/v1/events', JSON.stringify(good('r1')), {
      'content-encoding': 'lzma',
    });
    expect((await refusal(unknown)).message).toMatch(/"lzma" is not known here: send gzip/);
    expect(unknown.status).toBe(415);
  });
});

describe('a body that is too large', () => {
  it('is refused by what it declares, naming the limit', async () => {
    const collector = await collectorFixture();
    const answer = await refusal(await collector.post('/v1/events', Buffer.alloc(64 * 1024 * 1024, 0x20)));
    expect(answer).toMatchObject({ status: 413, code: 'body_too_large' });
    expect(answer.message).toContain('32 MiB');
    expect((await collector.request('/health')).status).toBe(200);
  });

  it('is refused as it grows, when it declares nothing', async () => {
    const collector = await collectorFixture({ limits: { maxBodyBytes: 100_000 } });
    const stream = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new Uint8Array(20_000)),
    });
    // A client that goes on sending may see its connection close before it reads the answer.
    const status = await collector
      .request('/v1/events', { method: 'POST', body: stream, duplex: 'half' } as RequestInit)
      .then((response) => response.status)
      .catch(() => 413);
    expect(status).toBe(413);
    expect((await collector.request('/health')).status).toBe(200);
  });

  it('is sent again later when many are being stored at a time, and then is taken', async () => {
    const collector = await collectorFixture({ limits: { maxBufferedBytes: 1_000_000 } });
    const body = { ...good('r1'), response: 'x'.repeat(600_000) };
    // A request that is under way holds what it has sent so far.
    let finish = () => {};
    const half = JSON.stringify(body).slice(0, 500_000);
    const stream = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(new TextEncoder().encode(half));
        finish = () => controller.close();
      },
    });
    const slow = collector.request('/v1/events', {
      method: 'POST',
      body: stream,
      duplex: 'half',
    } as RequestInit);
    let refused = await collector.post('/v1/events', body);
    while (refused.status === 200) refused = await collector.post('/v1/events', body);
    expect(await refusal(refused)).toMatchObject({ status: 503, code: 'busy' });
    expect(refused.headers.get('retry-after')).toBe('1');
    finish();
    expect((await slow).status).toBe(400);
    expect((await collector.post('/v1/events', body)).status).toBe(200);
  });

  it.each([
    ['gzip', gzipSync],
    ['br', fastBrotli],
    ['deflate', deflateSync],
    ['zstd', zstdCompressSync],
  ] as const)('is not inflated beyond the limit: a %s bomb', async (encoding, compress) => {
    const collector = await collectorFixture({ limits: { maxRawBytes: 1024 * 1024 } });
    const bomb = compress(Buffer.alloc(32 * 1024 * 1024, 0x20));
    const before = process.memoryUsage().rss;
    const answer = await refusal(await collector.post('/v1/events', bomb, { 'content-encoding': encoding }));
    expect(answer).toMatchObject({ status: 413, code: 'body_too_large' });
    expect(answer.message).toContain('1 MiB');
    expect(process.memoryUsage().rss - before).toBeLessThan(60 * 1024 * 1024);
  });
});

describe('a good body', () => {
  it.each([
    ['gzip', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
    ['zstd', zstdCompressSync],
  ] as const)('is read when it is sent as %s', async (encoding, compress) => {
    const collector = await collectorFixture();
    const response = await collector.post('/v1/events', compress(JSON.stringify(good('r1'))), {
      'content-encoding': encoding,
    });
    expect(await response.json()).toEqual({ accepted: 1, duplicate: 0, rejected: [] });
  });

  it('is read whatever its content type says, with a byte order mark, and with space around', async () => {
    const collector = await collectorFixture();
    const body = `\ufeff \n${JSON.stringify(good('r1'), null, 2)}\r\n`;
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'application/json; charset=latin1',
    ]) {
      const response = await collector.post('/v1/events', body, { 'content-type': type });
      expect(response.status).toBe(200);
    }
    expect(await storedIds(collector)).toEqual(['r1']);
  });
});

describe('a bad item', () => {
  const bad: [what: string, item: unknown, reason: RegExp, id?: string][] = [
    ['a number', 5, /must be a JSON object/],
    ['null', null, /must be a JSON object/],
    ['a nested batch', { type: 'batch', items: [] }, /"type" is "batch": send run, step/],
    ['an unknown type', { type: 'span', run_id: 'x' }, /"type" is "span": send run, step, tool_call/, 'x'],
    ['no type', { run_id: 'x' }, /"type" is missing/, 'x'],
    ['no run_id', { type: 'run' }, /"run_id" is missing/],
    ['an empty step_id', { type: 'step', run_id: 'x', step_id: '' }, /"step_id" is missing/],
    ['a number as id', { type: 'run', run_id: 5 }, /"run_id" is a number: send a string/],
    [
      'a huge id',
      { type: 'run', run_id: 'x'.repeat(100_000) },
      /"run_id" has 100000 characters: ids may have 1024/,
      'x'.repeat(128),
    ],
    [
      'an object as response',
      { type: 'run', run_id: 'x', response: {} },
      /"response" is an object: send a string/,
      'x',
    ],
    [
      'a text as tokens',
      { type: 'step', run_id: 'x', step_id: 's', completion_tokens: '5' },
      /"completion_tokens" is a string: send a number/,
      's',
    ],
    [
      'negative tokens',
      { type: 'step', run_id: 'x', step_id: 's', completion_tokens: -1 },
      /"completion_tokens" .*0 or more/,
      's',
    ],
    [
      'an unknown outcome',
      { type: 'run', run_id: 'x', outcome: 'great' },
      /"outcome" .*one of abandoned, interrupted, ok/,
      'x',
    ],
    ['a fractional seq', { type: 'run', run_id: 'x', seq: 1.5 }, /"seq" .*whole number/, 'x'],
    [
      'tags that are no list',
      { type: 'run', run_id: 'x', tags: 'a' },
      /"tags" is a string: send an array of strings/,
      'x',
    ],
    [
      'metadata that is no object',
      { type: 'run', run_id: 'x', metadata: [] },
      /"metadata" is an array: send an object/,
      'x',
    ],
    [
      'a time that is an object',
      { type: 'run', run_id: 'x', start_time: {} },
      /"start_time" is an object: send an ISO-8601 time/,
      'x',
    ],
    ['content without body', { type: 'content', hash: 'h' }, /"body" is missing/, 'h'],
    [
      'content with a long hash',
      { type: 'content', hash: 'h'.repeat(129), body: 1 },
      /"hash" .*1 to 128 characters/,
      'h'.repeat(128),
    ],
    [
      'references that are no texts',
      { type: 'step', run_id: 'x', step_id: 's', messages: [1] },
      /"messages\[0\]" must be a content hash, .* or the content itself, an object/,
      's',
    ],
    [
      'a reference to a list that does not stand first',
      { type: 'step', run_id: 'x', step_id: 's', messages: ['h1', `@${'a'.repeat(22)}`] },
      /"messages\[1\]" refers to a list .*only stand first/,
      's',
    ],
    [
      'a reference to a list without its hash',
      { type: 'step', run_id: 'x', step_id: 's', output: ['@h1'] },
      /"output\[0\]" is no reference to a list: send "@" and the 22 characters/,
      's',
    ],
    [
      'references of which one is an array',
      { type: 'step', run_id: 'x', step_id: 's', messages: [{ role: 'user' }, ['h1']] },
      /"messages\[1\]" must be a content hash/,
      's',
    ],
    [
      'feedback without score and text',
      { type: 'feedback', run_id: 'x' },
      /needs a "score" or a "text"/,
      'x',
    ],
    [
      'an unknown score',
      { type: 'feedback', run_id: 'x', score: 5 },
      /"score" must be "thumbs_up" or "thumbs_down"/,
      'x',
    ],
    [
      'a loss without items',
      { type: 'loss', loss_id: 'l', reason: 'memory_full' },
      /"items" is missing/,
      'l',
    ],
  ];

  it.each(bad)(
    'is refused with its index, its id and the fix, and its neighbours are stored: %s',
    async (_, item, reason, id) => {
      const collector = await collectorFixture();
      const receipt = await collector.send(good('before'), item, good('after'));
      expect(receipt).toMatchObject({ accepted: 2, duplicate: 0, rejected: [{ index: 1 }] });
      expect(receipt.rejected[0]?.reason).toMatch(reason);
      expect(receipt.rejected[0]?.id).toBe(id);
      expect(await storedIds(collector)).toEqual(['after', 'before']);
    },
  );

  it('that is not even JSON costs only itself', async () => {
    const collector = await collectorFixture();
    const body = `{"type":"batch","items":[${JSON.stringify(good('a'))},{"type":"run","run_id":oops},${JSON.stringify(good('b'))}]}`;
    const receipt = (await (await collector.post('/v1/events', body)).json()) as IngestReceipt;
    expect(receipt).toMatchObject({ accepted: 2, rejected: [{ index: 1 }] });
    expect(receipt.rejected[0]?.reason).toMatch(/not valid JSON/);
  });

  it('that is nested ten thousand levels deep is refused by the depth it has', async () => {
    const collector = await collectorFixture();
    const deep = `${'['.repeat(10_000)}${']'.repeat(10_000)}`;
    const item = `{"type":"run","run_id":"deep","metadata":{"a":${deep}}}`;
    for (const path of ['/v1/events', '/v1/custom']) {
      const alone = (await (await collector.post(path, item)).json()) as IngestReceipt;
      expect(alone.rejected[0]?.reason).toMatch(/nested 10002 levels deep: at most 128/);
      const body = `{"type":"batch","items":[${item},${JSON.stringify(good(`beside${path}`))}]}`;
      expect(await (await collector.post(path, body)).json()).toMatchObject({
        accepted: 1,
        rejected: [{ index: 0 }],
      });
    }
  });

  it('is refused one by one up to a bound, and the rest is counted', async () => {
    const collector = await collectorFixture();
    const receipt = await collector.send(
      ...Array.from({ length: 1500 }, () => ({ type: 'nothing' })),
      good('r1'),
    );
    expect(receipt.accepted).toBe(1);
    expect(receipt.rejected).toHaveLength(1001);
    expect(receipt.rejected.at(-1)?.reason).toMatch(/500 more items were refused/);
  });
});

describe('strange but good items', () => {
  it('are stored as they are: NUL, lone surrogates, __proto__, emoji, very long texts', async () => {
    const collector = await collectorFixture();
    const long = 'ab\u0000 \u{1f600} '.repeat(50_000);
    const body = `{"type":"run","run_id":"nul\\u0000\\ud800id","prompt":{"user_prompt":"a\\u0000b\\ud800c"},"response":${JSON.stringify(long)},
      "metadata":{"__proto__":{"polluted":true},"constructor":"x","k\\u0000":"v"},"__proto__":{"polluted":true},"name":"__proto__","tags":["__proto__"],"seq":1}`;
    const receipt = (await (await collector.post('/v1/events', body)).json()) as IngestReceipt;
    expect(receipt).toEqual({ accepted: 1, duplicate: 0, rejected: [] });
    const { runs } = await collector.get<RunList>('/api/runs');
    expect(runs.map((run) => run.run_id)).toEqual(['nul\u0000\ufffdid']);
    const detail = await collector.get<RunDetail>(`/api/runs/${encodeURIComponent(runs[0]!.run_id)}`);
    expect(detail.run.user_prompt).toBe('a\u0000b\ud800c');
    expect(detail.run.response).toBe(long);
    expect(Object.keys(detail.run.metadata ?? {})).toEqual(['__proto__', 'constructor', 'k\u0000']);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    expect(detail.run.tags).toEqual(['__proto__']);
    expect((await collector.get<RunList>('/api/runs?name=__proto__&tag=__proto__')).runs).toHaveLength(1);
  });

  it('with one id twice in a batch are amended, not doubled', async () => {
    const collector = await collectorFixture();
    const receipt = await collector.send(good('r1'), good('r1'), {
      ...good('r1'),
      response: 'later',
      seq: 2,
    });
    expect(receipt).toEqual({ accepted: 2, duplicate: 1, rejected: [] });
    expect((await collector.get<RunDetail>('/api/runs/r1')).run.response).toBe('later');
  });
});

describe('an unknown address', () => {
  it('is answered with 404 and what there is', async () => {
    const collector = await collectorFixture();
    for (const [path, there] of [
      ['/v1/nothing', '/v1/events'],
      ['/api/nothing', '/api/openapi.json'],
      ['/api/runs/nothing', 'no run "nothing"'],
      ['/api/sessions/nothing', 'no session "nothing"'],
    ]) {
      const answer = await refusal(await collector.request(path!));
      expect(answer).toMatchObject({ status: 404, code: 'not_found' });
      expect(answer.message).toContain(there);
    }
  });
});
