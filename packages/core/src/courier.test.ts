import * as zlib from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { zlibCompressor } from './compress.js';
import { createCourier, endpoint } from './courier.js';
import type { Answer, Request } from './transport.js';

function courierWith(answers: Partial<Answer>[], settings: object = {}) {
  const requests: Request[] = [];
  const log: string[] = [];
  const courier = createCourier({
    debug: (line) => log.push(line),
    transport: {
      async send(request) {
        requests.push(request);
        const body = JSON.stringify({ accepted: 1, duplicate: 0, rejected: [] });
        return { status: 200, body, retryAfter: undefined, location: undefined, ...answers.shift() };
      },
      close() {},
    },
    compressor: zlibCompressor(),
    settings: {
      url: 'https://collector.test',
      apiKey: 'k1',
      requestTimeout: 1000,
      compress: 'auto',
      ...settings,
    },
  });
  return { courier, requests, log };
}

const long = `{"type":"run","response":"${'lorem ipsum '.repeat(500)}"}`;

function decoded({ headers, body }: Request): string {
  const bytes = Buffer.from(body);
  if (headers['content-encoding'] === 'zstd') return zlib.zstdDecompressSync(bytes).toString();
  if (headers['content-encoding'] === 'gzip') return zlib.gunzipSync(bytes).toString();
  return bytes.toString();
}

describe('the courier', () => {
  it('sends one item bare and many as a batch', async () => {
    const { courier, requests } = courierWith([]);
    await courier.deliver(['{"a":1}']);
    await courier.deliver(['{"a":1}', '{"b":2}']);
    expect(requests.map(decoded)).toEqual(['{"a":1}', '{"type":"batch","items":[{"a":1},{"b":2}]}']);
    expect(requests[0]?.headers).toEqual({ 'content-type': 'application/json', authorization: 'Bearer k1' });
  });

  it('sends any text as it is', async () => {
    const texts = ['plain', 'ü', 'ÿ', '漢字', '🎉', '\u2028'].map((text) => JSON.stringify({ text }));
    for (let i = 0; i < texts.length; i++) {
      const lines = [...texts.slice(i), ...texts.slice(0, i)];
      const { courier, requests } = courierWith([], { compress: false });
      await courier.deliver(lines);
      expect(decoded(requests[0]!)).toBe(`{"type":"batch","items":[${lines.join(',')}]}`);
      await courier.deliver([texts[i]!]);
      expect(decoded(requests[1]!)).toBe(texts[i]);
    }
  });

  it('compresses what goes over a network when it is long enough', async () => {
    const { courier, requests } = courierWith([]);
    await courier.deliver([long]);
    expect(requests[0]?.headers['content-encoding']).toMatch(/^(zstd|gzip)$/);
    expect(decoded(requests[0]!)).toBe(long);
    expect(requests[0]!.body.length).toBeLessThan(long.length / 5);
  });

  it.each(['http://127.0.0.1:4318', 'http://localhost:4318', 'http://[::1]:4318'])(
    'compresses nothing for %s',
    async (url) => {
      const { courier, requests } = courierWith([], { url });
      await courier.deliver([long]);
      expect(requests[0]?.headers['content-encoding']).toBeUndefined();
    },
  );

  it('goes on uncompressed when the collector does not know the encoding', async () => {
    const { courier, requests } = courierWith([{ status: 415 }, {}, {}]);
    expect(await courier.deliver([long])).toMatchObject({ kind: 'later', retryAfterMs: 0 });
    expect(await courier.deliver([long])).toMatchObject({ kind: 'stored' });
    expect(decoded(requests[1]!)).toBe(long);
  });

  it('sends what was made ready before, and makes it anew when its encoding is not known', async () => {
    const { courier, requests } = courierWith([{}, { status: 415 }, {}]);
    const [first, second, third] = [courier.pack([long]), courier.pack([long]), courier.pack([long])];
    await courier.deliver([long], first);
    await courier.deliver([long], second);
    await courier.deliver([long], third);
    expect(requests[0]?.body).toBe((await first).body);
    expect(requests[2]?.headers['content-encoding']).toBeUndefined();
    expect(requests.map(decoded)).toEqual([long, long, long]);
  });

  it('gives a slow collector more time, and takes it back step by step', async () => {
    const timeouts: number[] = [];
    let slow = true;
    const courier = createCourier({
      transport: {
        async send({ timeoutMs }) {
          timeouts.push(timeoutMs);
          if (slow) throw Object.assign(new Error('no answer'), { name: 'TimeoutError' });
          return { status: 200, body: '{"accepted":1}', retryAfter: undefined, location: undefined };
        },
        close() {},
      },
      compressor: undefined,
      settings: { url: 'https://collector.test', apiKey: undefined, requestTimeout: 1000, compress: false },
    });
    for (let i = 0; i < 5; i++) await courier.deliver(['{}']);
    slow = false;
    for (let i = 0; i < 48; i++) await courier.deliver(['{}']);
    expect(timeouts.slice(0, 6)).toEqual([1000, 2000, 4000, 8000, 8000, 8000]);
    // One quick answer does not make it fast: asked for the same in a second again, it would do everything twice.
    expect([20, 21, 36, 37, 52].map((request) => timeouts[request])).toEqual([8000, 4000, 4000, 2000, 2000]);
  });

  it('says in a line what a request was, for whoever debugs', async () => {
    const { courier, log } = courierWith([{}, { status: 503 }]);
    await courier.deliver(['{"a":"secret"}', '{"b":2}']);
    await courier.deliver([long]);
    expect(log[0]).toMatch(/^2 items in 49 bytes \(plain\): 200 after \d+ ms$/);
    expect(log[1]).toMatch(/^1 items in \d+ bytes \((zstd|gzip)\): 503 after \d+ ms$/);
  });

  it('says what is wrong with an address instead of using it', async () => {
    for (const url of ['localhost:4318', 'not a url', 'ftp://x', '']) {
      const { courier, requests } = courierWith([], { url });
      expect(await courier.deliver(['{}'])).toMatchObject({ kind: 'misconfigured', problem: 'invalid-url' });
      expect(requests).toEqual([]);
    }
  });

  it('finds the endpoint below whatever path the address has', () => {
    expect(endpoint('https://a.test')?.href).toBe('https://a.test/v1/events');
    expect(endpoint('https://a.test/')?.href).toBe('https://a.test/v1/events');
    expect(endpoint('https://a.test/base/?x=1')?.href).toBe('https://a.test/base/v1/events?x=1');
  });
});
