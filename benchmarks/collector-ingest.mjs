// What the collector spends on a run, beside what bare SQLite spends on the same rows: no HTTP, no validation, no merging, no
// content sharing, with everything in FTS5 and with nothing in it. Rounds alternate, so that a busy machine hits all alike.
//
//   node benchmarks/collector-ingest.mjs [runs per round = 1000] [rounds = 5]
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { median } from './harness.mjs';

const RUNS = Number(process.argv[2] ?? 1000);
const ROUNDS = Number(process.argv[3] ?? 5);
const RUNS_PER_REQUEST = 100;

const WORDS =
  'the agent asks a model about orders refunds weather delays invoices and answers with text it made up from tools'.split(
    ' ',
  );
let seed = 42;
const random = () => {
  seed = (seed * 1103515245 + 12345) & 0x7fffffff;
  return seed / 0x7fffffff;
};
const text = (length) => {
  let made = '';
  while (made.length < length)
    made += `${WORDS[Math.floor(random() * WORDS.length)]}${random() < 0.2 ? Math.floor(random() * 5000) : ''} `;
  return made.slice(0, length);
};

/** A run as the budgets mean it: 3 steps (2 KB prompt, 1 KB response each), 2 tool calls, 13.8 KB of JSON. */
function runItems(n) {
  const start = Date.UTC(2026, 0, 1) + n * 1000;
  const at = (offset) => new Date(start + offset).toISOString();
  const run_id = `run-${process.pid}-${n}`;
  const ended = { outcome: 'ok', status_code: 0, seq: 1 };
  return [
    {
      type: 'run',
      run_id,
      start_time: at(0),
      end_time: at(5000),
      prompt: { user_prompt: text(400) },
      response: text(1000),
      session_id: `session-${n >> 2}`,
      user_id: `user-${n % 100}`,
      name: 'agent',
      metadata: { tenant: `t${n % 20}` },
      ...ended,
    },
    ...[0, 1, 2].map((step) => ({
      type: 'step',
      run_id,
      step_id: `step-${step}`,
      start_time: at(step * 1000),
      end_time: at(step * 1000 + 800),
      prompt: text(2048),
      response: text(1024),
      model_requested: 'gpt-4o',
      model_used: 'gpt-4o',
      finish_reason: 'stop',
      prompt_uncached_tokens: 512,
      completion_tokens: 256,
      ...ended,
    })),
    ...[0, 1].map((call) => ({
      type: 'tool_call',
      run_id,
      tool_call_id: `call-${call}`,
      tool_name: 'search',
      start_time: at(call * 1000),
      end_time: at(call * 1000 + 90),
      args: text(200),
      result: text(600),
      ...ended,
    })),
  ];
}

const folder = mkdtempSync(join(tmpdir(), 'observatory-bench-'));
const cli = fileURLToPath(new URL('../packages/collector/dist/cli.js', import.meta.url));
const collector = spawn(process.execPath, [cli, '--port', '0', '--data', join(folder, 'data')], {
  stdio: ['ignore', 'pipe', 'inherit'],
});
// However this ends, the collector ends with it.
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));
process.once('exit', () => collector.kill('SIGKILL'));
const url = await new Promise((resolve, reject) => {
  collector.stdout.on('data', (chunk) => {
    const match = /http:\/\/\S+/.exec(chunk.toString());
    if (match) resolve(match[0]);
  });
  collector.once('exit', () => reject(new Error('the collector did not start')));
});

const agent = new Agent({ keepAlive: true });
const send = (body) =>
  new Promise((resolve, reject) => {
    const headers = {
      'content-type': 'application/json',
      'content-encoding': 'gzip',
      'content-length': body.length,
    };
    const sent = request(`${url}/v1/events`, { method: 'POST', headers, agent }, (response) => {
      response.resume();
      response.on('end', () =>
        response.statusCode === 200 ? resolve() : reject(new Error(String(response.statusCode))),
      );
    });
    sent.on('error', reject);
    sent.end(body);
  });

async function collectorCpu() {
  const metrics = await (await fetch(`${url}/metrics`)).text();
  return Number(/^observatory_cpu_seconds_total (\S+)$/m.exec(metrics)[1]) * 1e6;
}

async function throughCollector(batches) {
  const bodies = batches.map((items) => gzipSync(JSON.stringify({ type: 'batch', items }), { level: 1 }));
  const [cpu, start] = [await collectorCpu(), performance.now()];
  // Four clients, so that one waits while another is served.
  await Promise.all(
    [0, 1, 2, 3].map(async (client) => {
      for (let at = client; at < bodies.length; at += 4) await send(bodies[at]);
    }),
  );
  return { ms: performance.now() - start, cpu: (await collectorCpu()) - cpu };
}

function bareSqlite(name, indexed) {
  const db = new DatabaseSync(join(folder, `${name}.db`));
  db.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
    CREATE TABLE runs (key INTEGER PRIMARY KEY, run_id TEXT UNIQUE, session_id TEXT, user_id TEXT, start TEXT, item TEXT);
    CREATE INDEX by_session ON runs (session_id, start); CREATE INDEX by_time ON runs (start);
    CREATE TABLE children (key INTEGER PRIMARY KEY, run_id TEXT, id TEXT, kind TEXT, start TEXT, item TEXT, UNIQUE (run_id, kind, id));
    CREATE VIRTUAL TABLE search USING fts5 (body, content = '');`);
  const run = db.prepare(
    'INSERT INTO runs (run_id, session_id, user_id, start, item) VALUES (?, ?, ?, ?, ?)',
  );
  const child = db.prepare('INSERT INTO children (run_id, id, kind, start, item) VALUES (?, ?, ?, ?, ?)');
  const index = db.prepare('INSERT INTO search (rowid, body) VALUES (?, ?)');
  let key = 0;
  return (batches) => {
    const [cpu, start] = [process.cpuUsage(), performance.now()];
    for (const items of batches) {
      db.exec('BEGIN');
      for (const item of items) {
        if (item.type === 'run')
          run.run(item.run_id, item.session_id, item.user_id, item.start_time, JSON.stringify(item));
        else
          child.run(
            item.run_id,
            item.step_id ?? item.tool_call_id,
            item.type,
            item.start_time,
            JSON.stringify(item),
          );
        if (indexed)
          index.run(
            ++key,
            [item.prompt?.user_prompt ?? item.prompt, item.response, item.args, item.result]
              .filter(Boolean)
              .join('\n'),
          );
      }
      db.exec('COMMIT');
    }
    const used = process.cpuUsage(cpu);
    return { ms: performance.now() - start, cpu: used.user + used.system };
  };
}

const contenders = {
  'bare SQLite': bareSqlite('bare', false),
  'bare SQLite, FTS5 of everything': bareSqlite('fts', true),
  collector: throughCollector,
};
const measured = Object.fromEntries(Object.keys(contenders).map((name) => [name, []]));
let n = 0;
for (let round = -1; round < ROUNDS; round++) {
  for (const [name, contender] of Object.entries(contenders)) {
    const batches = Array.from({ length: RUNS / RUNS_PER_REQUEST }, () =>
      Array.from({ length: RUNS_PER_REQUEST }, () => runItems(n++)).flat(),
    );
    const result = await contender(batches);
    if (round >= 0) measured[name].push(result); // the first round warms up
  }
}
console.log(
  `${RUNS} runs a round, ${ROUNDS} rounds, medians\n\n| | runs/s | CPU µs a run |\n|---|---:|---:|`,
);
for (const [name, results] of Object.entries(measured)) {
  const rate = Math.round(median(results.map(({ ms }) => (RUNS / ms) * 1000)));
  console.log(`| ${name} | ${rate} | ${Math.round(median(results.map(({ cpu }) => cpu / RUNS)))} |`);
}
agent.destroy();
collector.kill('SIGTERM');
await new Promise((resolve) => collector.once('exit', resolve));
rmSync(folder, { recursive: true, force: true });
