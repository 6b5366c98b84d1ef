import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { IngestReceipt } from '@observatory/core/wire';
import { afterEach } from 'vitest';
import { type Collector, type CollectorOptions, startCollector } from './collector.js';

/** For tests: a collector on a free port with a folder of its own, gone when the test ends. */
export interface CollectorFixture extends Collector {
  dataDir: string;
  post(path: string, body: unknown, headers?: Record<string, string>): Promise<Response>;
  /** Posts wire items as one batch and gives the receipt. */
  send(...items: unknown[]): Promise<IngestReceipt>;
  get<Body>(path: string): Promise<Body>;
  request(path: string, init?: RequestInit): Promise<Response>;
}

const cleanups: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'observatory-'));
  cleanups.push(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

export async function collectorFixture(options: CollectorOptions = {}): Promise<CollectorFixture> {
  const dataDir = options.dataDir ?? (await temporaryFolder());
  const collector = await startCollector({ ...options, port: 0, dataDir });
  cleanups.push(() => collector.close());
  const request = (path: string, init?: RequestInit) => fetch(collector.url + path, init);
  const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
    request(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body:
        body instanceof Uint8Array || typeof body === 'string'
          ? (body as Uint8Array<ArrayBuffer> | string)
          : JSON.stringify(body),
    });
  return {
    ...collector,
    dataDir,
    request,
    post,
    async send(...items) {
      const response = await post('/v1/events', { type: 'batch', items });
      if (response.status !== 200) throw new Error(`${response.status}: ${await response.text()}`);
      return (await response.json()) as IngestReceipt;
    },
    async get<Body>(path: string) {
      const response = await request(path);
      if (response.status !== 200) throw new Error(`${path}: ${response.status} ${await response.text()}`);
      return (await response.json()) as Body;
    },
  };
}
