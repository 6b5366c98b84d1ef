import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import * as http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Folder, temporaryFolder } from './processes.ts';

const CORE = new URL('../dist/index.js', import.meta.url).href;

/** Answers receipts, or nothing at all. */
let server: http.Server;
let url: string;
let answers: boolean;
let received: string[];
let folder: Folder;

beforeAll(async () => {
  server = http.createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    if (!answers) return;
    for (const [, id] of body.matchAll(/"type":"run","run_id":"([^"]+)"/g)) received.push(id!);
    response.end('{"accepted":1,"duplicate":0,"rejected":[]}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  answers = true;
  received = [];
  folder = temporaryFolder('host');
});
afterEach(() => folder.remove());

/** Runs a script that has `core` at hand; `signal` is sent when it prints "ready". */
async function host(script: string, options: { url?: string; signal?: NodeJS.Signals; env?: object } = {}) {
  const source = `const core = await import(${JSON.stringify(CORE)});
    const { run, flush, configure } = core;
    const record = (runId) => run({ runId }).prompt('p').response('r').end();
    ${script}`;
  const started = performance.now();
  const child = spawn(process.execPath, ['--input-type=module', '-e', source], {
    env: {
      PATH: process.env.PATH,
      OBSERVATORY_URL: options.url ?? url,
      OBSERVATORY_SPOOL: `${folder.path}/spool`,
      ...options.env,
    },
  });
  let stdout = '';
  let signalled = false;
  let stderr = '';
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
    if (options.signal && !signalled && stdout.includes('ready')) signalled = child.kill(options.signal);
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  const [code, signal] = await once(child, 'close');
  return { code, signal, stdout, stderr, ms: performance.now() - started };
}

const NOBODY = 'http://127.0.0.1:1';

describe('a script that awaits the end of a run at its top level', () => {
  it.each([
    ['answers', () => url, true],
    ['is not there', () => NOBODY, true],
    ['never answers', () => url, false],
  ])('goes on and ends with code 0 when the collector %s', async (_, address, answering) => {
    answers = answering;
    const { code, stdout, ms } = await host(`await record('a'); console.log('went on')`, { url: address() });
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'went on\n' });
    expect(ms).toBeLessThan(8000);
  });

  it('goes on where there is no disk either', async () => {
    const env = { OBSERVATORY_SPOOL: 'false' };
    const { code, stdout } = await host(`await record('a'); console.log('went on')`, { url: NOBODY, env });
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'went on\n' });
  });
});

describe('a process', () => {
  it('is not kept alive by a request that is never answered', async () => {
    answers = false;
    const { code, ms } = await host(`void record('a')`);
    expect(code).toBe(0);
    expect(ms).toBeLessThan(6000);
    expect(readdirSync(`${folder.path}/spool`)).toHaveLength(1);
  });

  it('is not kept alive by an open run, a kept-alive socket or a timer', async () => {
    const { code, ms } = await host(`const open = run(); await record('a'); console.log('done')`);
    expect(code).toBe(0);
    expect(ms).toBeLessThan(3000);
  });

  it('keeps its own words to itself: nothing on its standard output, one warning on its error output', async () => {
    const { stdout, stderr } = await host(`for (let i = 0; i < 50; i++) void record('a' + i)`, {
      url: NOBODY,
    });
    expect(stdout).toBe('');
    expect(stderr.match(/\[observatory\]/g)).toHaveLength(1);
    expect(stderr).toContain(NOBODY);
  });

  it('that is ended while it ends delivers what its own exit listeners record', async () => {
    await host(`void record('a'); process.on('exit', () => { void record('late') }); process.exit(0)`);
    await host(`await flush()`);
    expect(received.sort()).toEqual(['a', 'late']);
  });
});

describe('signals', () => {
  const listeners = `const count = () => process.listenerCount('SIGTERM') + process.listenerCount('SIGINT');`;

  it('have no listener of ours while nothing is at risk', async () => {
    const { stdout } = await host(`${listeners}
      await record('a');
      const end = Date.now() + 10_000;
      while (count() > 0 && Date.now() < end) await new Promise((r) => setTimeout(r, 50));
      console.log(count());`);
    expect(stdout).toBe('0\n');
  });

  it('end the process as they would without us, and nothing is lost', async () => {
    const { code, signal } = await host(
      `setInterval(() => {}, 1000); void record('a'); void record('b'); console.log('ready');`,
      { url: NOBODY, signal: 'SIGTERM' },
    );
    expect({ code, signal }).toEqual({ code: null, signal: 'SIGTERM' });
    expect(readdirSync(`${folder.path}/spool`)).toHaveLength(1);
  });

  it('stay with a handler that the host adds after us, and with one it adds before', async () => {
    for (const order of [
      `void record('a'); process.on('SIGTERM', stop);`,
      `process.on('SIGTERM', stop); void record('a');`,
    ]) {
      const { code, stdout } = await host(
        `const stop = () => { console.log('stopping', process.listenerCount('SIGTERM')); setTimeout(() => process.exit(4), 50) };
         setInterval(() => {}, 1000); ${order} console.log('ready');`,
        { url: NOBODY, signal: 'SIGTERM' },
      );
      // The handler sees itself alone, as if we were not there: libraries decide by that whether to end the process.
      expect({ code, stdout }).toEqual({ code: 4, stdout: 'ready\nstopping 1\n' });
    }
  });

  it('end the process when the host has removed its handler', async () => {
    const { signal } = await host(
      `const stop = () => {}; process.on('SIGINT', stop); void record('a'); process.off('SIGINT', stop);
       setInterval(() => {}, 1000); console.log('ready');`,
      { url: NOBODY, signal: 'SIGINT' },
    );
    expect(signal).toBe('SIGINT');
  });

  it('that the host survives leave it guarded against the next', async () => {
    const { signal } = await host(
      `process.once('SIGTERM', () => setTimeout(() => {
         void record('b');
         process.kill(process.pid, 'SIGTERM');
       }, 50));
       setInterval(() => {}, 1000); void record('a'); console.log('ready');`,
      { url: NOBODY, signal: 'SIGTERM' },
    );
    expect(signal).toBe('SIGTERM');
    await host('await flush()');
    // Meant for the collector that was not there.
    expect(received).toEqual([]);
    expect(readdirSync(`${folder.path}/spool`).length).toBeGreaterThan(0);
  });
});

it('a copy of the package in the same process shares the outbox', async () => {
  const { stdout } = await host(`
    const copy = await import(${JSON.stringify(`${CORE}?copy`)});
    void copy.run({ runId: 'theirs' }).prompt('p').response('r').end();
    void record('ours');
    const { delivered } = await flush();
    console.log(delivered);`);
  expect(received.sort()).toEqual(['ours', 'theirs']);
  expect(stdout).toBe('2\n');
});

it('what is recorded in a request does not carry the request into the outbox', async () => {
  const { stdout } = await host(`
    const { AsyncLocalStorage } = await import('node:async_hooks');
    const http = await import('node:http');
    const als = new AsyncLocalStorage();
    const seen = [];
    const original = http.default.Agent.prototype.createConnection;
    http.default.Agent.prototype.createConnection = function (...args) { seen.push(als.getStore()); return original.apply(this, args) };
    await als.run('request', async () => { void record('a'); await flush(); });
    console.log(JSON.stringify(seen));`);
  expect(stdout).toBe('[null]\n');
});
