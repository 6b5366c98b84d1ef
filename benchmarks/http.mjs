/**
 * What a run per request costs a server: CPU per request that is not streamed, without and with agent work in it, and per chunk of
 * a streamed answer, beside the same server bare. Each server lives in a process of its own, this process sends the requests, and
 * the servers take turns, block by block. Differences to `bare` are the result; both include a run's own cost where there is one.
 *
 * `node benchmarks/http.mjs [--quick]`; needs only the workspace (`pnpm install && pnpm build`).
 */
import { fork } from 'node:child_process';
import { Agent, createServer, get } from 'node:http';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ask, median, noDelivery } from './harness.mjs';

const packages = join(import.meta.dirname, '..', 'packages');
/** A module as one of the packages sees it. */
const load = (from, name) =>
  import(pathToFileURL(createRequire(join(packages, from, 'package.json')).resolve(name)).href);
const own = (name) => import(pathToFileURL(join(packages, name, 'dist/index.js')).href);

const CHUNKS = 300;
const BODY = { answer: 'It rains in Oslo, at 7 °C. Take an umbrella.' };
const CHUNK = `data: ${JSON.stringify(BODY)}\n\n`;

const frameworks = {
  async 'node:http'(observed, work) {
    const { listener } = await own('http');
    const answer = (req, res) => {
      if (req.url === '/stream') return streamTo(res);
      work();
      res.setHeader('content-type', 'application/json');
      res.end(JSON.stringify(BODY));
    };
    return createServer(observed ? listener(answer) : answer);
  },
  async 'Express 5'(observed, work) {
    const { default: express } = await load('express', 'express');
    const app = express();
    if (observed) app.use((await own('express')).observatory());
    app.get('/json', (_req, res) => {
      work();
      res.json(BODY);
    });
    app.get('/stream', (_req, res) => streamTo(res));
    return createServer(app);
  },
  async Hono(observed, work) {
    const { Hono } = await load('hono', 'hono');
    const { createAdaptorServer } = await load('hono', '@hono/node-server');
    const app = new Hono();
    if (observed) app.use((await own('hono')).observatory());
    app.get('/json', (c) => {
      work();
      return c.json(BODY);
    });
    const bytes = new TextEncoder().encode(CHUNK);
    app.get('/stream', () => {
      let left = CHUNKS;
      const body = new ReadableStream({
        pull(controller) {
          if (left-- === 0) controller.close();
          else controller.enqueue(bytes);
        },
      });
      return new Response(body, { headers: { 'content-type': 'text/event-stream' } });
    });
    return createAdaptorServer({ fetch: app.fetch });
  },
};

async function streamTo(res) {
  res.setHeader('content-type', 'text/event-stream');
  for (let i = 0; i < CHUNKS; i++) {
    if (!res.write(CHUNK)) await new Promise((resolve) => res.once('drain', resolve));
  }
  res.end();
}

const WAYS = ['bare', 'observed', 'observed, with a tool call'];

if (process.argv[2] === 'serve') await serve(process.argv[3], process.argv[4]);
else await compare();

async function serve(framework, way) {
  const { setOutbox } = await import(pathToFileURL(join(packages, 'core/dist/recorder.js')).href);
  const { currentRun } = await own('core');
  setOutbox(noDelivery);
  const work =
    way === WAYS[2] ? () => currentRun()?.toolCall('search').args('Oslo').result('rain').end() : () => {};
  const server = await frameworks[framework](way !== 'bare', work);
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  let before = process.cpuUsage();
  process.once('disconnect', () => process.exit());
  process.on('message', (message) => {
    if (message === 'begin') {
      globalThis.gc?.({ type: 'minor' });
      before = process.cpuUsage();
      process.send({});
    } else {
      const { user, system } = process.cpuUsage(before);
      process.send({ cpu: user + system, heap: process.memoryUsage().heapUsed });
    }
  });
  process.send({ port: server.address().port });
}

async function compare() {
  const quick = process.argv.includes('--quick');
  const blocks = quick ? 3 : 9;
  const requests = quick ? 500 : 2_000;
  const streams = quick ? 10 : 40;
  const agent = new Agent({ keepAlive: true, maxSockets: 8 });
  const fetchAll = async (port, path, count) => {
    let left = count;
    const one = () =>
      new Promise((resolve, reject) => {
        get({ port, path, agent, host: '127.0.0.1' }, (res) => {
          res.resume();
          res.once('end', resolve);
        }).once('error', reject);
      });
    await Promise.all(
      Array.from({ length: 8 }, async () => {
        while (left-- > 0) await one();
      }),
    );
  };

  const servers = [];
  for (const framework of Object.keys(frameworks)) {
    for (const way of WAYS) {
      const child = fork(import.meta.filename, ['serve', framework, way], {
        execArgv: ['--expose-gc'],
        env: { ...process.env, NODE_ENV: 'production' },
      });
      const { port } = await ask(child);
      servers.push({ framework, way, child, port, request: [], chunk: [] });
    }
  }
  for (let block = 0; block <= blocks; block++) {
    for (const server of servers) {
      process.stderr.write(`\r${block}/${blocks} ${server.framework} ${server.way}`.padEnd(60));
      for (const [kind, path, count, per] of [
        ['request', '/json', requests, requests],
        ['chunk', '/stream', streams, streams * CHUNKS],
      ]) {
        await ask(server.child, 'begin');
        await fetchAll(server.port, path, count);
        const { cpu } = await ask(server.child, 'end');
        // The first block warms up.
        if (block > 0) server[kind].push(cpu / per);
      }
    }
  }
  process.stderr.write(`\r${' '.repeat(60)}\r`);
  for (const { child } of servers) child.disconnect();
  agent.destroy();

  console.log('| server | | CPU a request, µs | added | CPU a chunk, µs | added |');
  console.log('|---|---|---|---|---|---|');
  for (const { framework, way, request, chunk } of servers) {
    const bare = servers.find((other) => other.framework === framework && other.way === 'bare');
    // Block by block, so that what else the machine does hits both alike.
    const added = (mine, theirs) => median(mine.map((cost, i) => cost - theirs[i]));
    const shown = (kind, mine) =>
      way === 'bare'
        ? ''
        : `${added(mine, bare[kind]) >= 0 ? '+' : ''}${added(mine, bare[kind]).toFixed(kind === 'chunk' ? 2 : 1)}`;
    console.log(
      `| ${framework} | ${way} | ${median(request).toFixed(1)} | ${shown('request', request)} | ${median(chunk).toFixed(2)} | ${shown('chunk', chunk)} |`,
    );
  }
  process.exit(0);
}
