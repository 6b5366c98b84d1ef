import { request } from 'node:http';
import { describe, expect, it } from 'vitest';
import { startCollector } from './collector.js';
import { type CollectorFixture, collectorFixture, temporaryFolder } from './collector.test.fixture.js';

/** fetch() sets Host by itself. */
function statusWith(
  collector: CollectorFixture,
  headers: Record<string, string>,
  path = '/api/overview',
  method = 'GET',
) {
  return new Promise<{ status: number; headers: Record<string, unknown> }>((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port: collector.port, path, method, headers }, (response) => {
      response.resume();
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers }));
    });
    sent.on('error', reject);
    sent.end(method === 'POST' ? '{"type":"run","run_id":"r"}' : undefined);
  });
}

describe('a collector on loopback', () => {
  it.each(['localhost', 'localhost:4318', '127.0.0.1:80', '[::1]:4318', 'LOCALHOST'])(
    'answers to Host %s',
    async (host) => {
      expect((await statusWith(await collectorFixture(), { host })).status).toBe(200);
    },
  );

  it.each([
    'evil.example',
    'evil.example:4318',
    '127.0.0.1.evil.example',
    'localhost.evil.example',
    '10.0.0.1',
  ])('does not answer to Host "%s": a website may have pointed its name here', async (host) => {
    const collector = await collectorFixture();
    for (const [path, method] of [
      ['/api/runs', 'GET'],
      ['/', 'GET'],
      ['/v1/events', 'POST'],
    ] as const) {
      expect((await statusWith(collector, { host }, path, method)).status).toBeGreaterThanOrEqual(400);
    }
  });

  it('takes no writes from pages of another origin, and tells no origin that it may read', async () => {
    const collector = await collectorFixture();
    const host = `127.0.0.1:${collector.port}`;
    for (const origin of [
      'https://evil.example',
      'http://127.0.0.1:1',
      'null',
      `http://localhost:${collector.port}`,
    ]) {
      expect((await statusWith(collector, { host, origin }, '/v1/events', 'POST')).status, origin).toBe(403);
      expect((await statusWith(collector, { host, origin }, '/api/runs/r', 'DELETE')).status, origin).toBe(
        403,
      );
      const read = await statusWith(collector, { host, origin });
      expect(read.headers['access-control-allow-origin']).toBeUndefined();
      expect((await statusWith(collector, { host, origin }, '/v1/events', 'OPTIONS')).status).not.toBe(200);
    }
    expect(
      (await statusWith(collector, { host, origin: `http://${host}` }, '/v1/events', 'POST')).status,
    ).toBe(200);
  });

  it('accepts any key when it has none', async () => {
    const collector = await collectorFixture();
    expect((await statusWith(collector, { authorization: 'Bearer anything' })).status).toBe(200);
    expect((await statusWith(collector, {})).status).toBe(200);
  });
});

describe('a collector with keys', () => {
  const basic = (password: string) => `Basic ${Buffer.from(`anyone:${password}`).toString('base64')}`;

  it.each([
    ['Bearer key-one', 200],
    ['bearer key-two', 200],
    [basic('key-one'), 200],
    ['Bearer wrong', 401],
    ['Bearer key-one-and-more', 401],
    [basic('wrong'), 401],
    ['key-one', 401],
    ['', 401],
  ])('answers "%s" with %i, for reading and for sending', async (authorization, status) => {
    const collector = await collectorFixture({ apiKeys: ['key-one', 'key-two'] });
    const headers: Record<string, string> = authorization === '' ? {} : { authorization };
    const read = await statusWith(collector, headers);
    expect(read.status).toBe(status);
    // A browser asks its user for the key.
    if (status === 401) expect(read.headers['www-authenticate']).toMatch(/^Basic /);
    expect((await statusWith(collector, headers, '/v1/events', 'POST')).status).toBe(status);
    expect((await statusWith(collector, headers, '/')).status).toBe(status);
    expect((await statusWith(collector, headers, '/metrics')).status).toBe(status);
    expect((await statusWith(collector, headers, '/health')).status).toBe(200);
  });

  it('may listen to other machines, and then answers to any name', async () => {
    const collector = await collectorFixture({ host: '0.0.0.0', apiKeys: ['k'] });
    expect(
      (await statusWith(collector, { host: 'observatory.internal', authorization: 'Bearer k' })).status,
    ).toBe(200);
    expect((await statusWith(collector, { host: 'observatory.internal' })).status).toBe(401);
  });

  it('is demanded before listening to other machines', async () => {
    await expect(
      startCollector({ port: 0, host: '0.0.0.0', dataDir: await temporaryFolder() }),
    ).rejects.toThrow(/set OBSERVATORY_API_KEYS/);
  });
});
