import { describe, expect, it } from 'vitest';
import { temporaryFolder } from './collector.test.fixture.js';
import { createIngest } from './ingest.js';
import { DEFAULT_LIMITS } from './limits.js';
import { createLive } from './live.js';
import { createServerApp } from './server.js';
import { openSqliteStore } from './sqlite-store.js';
import { createWriter } from './writer.js';

describe('a collector whose store cannot write', () => {
  it('acknowledges nothing, says when to try again, and writes the cause to its log', async () => {
    const store = openSqliteStore(await temporaryFolder());
    const broken = {
      ...store,
      write() {
        throw new Error('database or disk is full');
      },
    };
    const logged: string[] = [];
    const limits = DEFAULT_LIMITS;
    const live = createLive(store, () => {});
    const app = createServerApp({
      store: broken,
      ingest: createIngest(
        createWriter(broken, () => {}),
        limits,
      ),
      live,
      limits,
      logger: { info() {}, warn() {}, error: (message) => logged.push(message) },
      loopback: true,
      apiKeys: [],
    });
    const { Readable } = await import('node:stream');
    const incoming = Object.assign(
      Readable.from([Buffer.from('{"type":"run","run_id":"r"}')], { objectMode: false }),
      { headers: {} },
    );
    const response = await app.request(
      'http://localhost/v1/events',
      { method: 'POST', headers: { host: 'localhost' } },
      { incoming },
    );
    expect(response.status).toBe(503);
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await response.json()).toMatchObject({ error: { code: 'unavailable' } });
    expect(logged.join()).toContain('database or disk is full');
    store.close();
  });
});
