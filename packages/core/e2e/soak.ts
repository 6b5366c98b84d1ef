import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type CollectorProcess, startCollectorProcess, temporaryFolder } from './processes.ts';
import { readRows, type StoredRow } from './stored-runs.ts';

const HOST = fileURLToPath(new URL('soak-host.mjs', import.meta.url));

export interface SoakOptions {
  seconds: number;
  /** Default 100. */
  runsPerSecond?: number;
  /** Seconds between two blows, at the least and at the most. Default 1 to 8. */
  every?: [number, number];
  /** How many of the blows stop the collector for a while (SIGSTOP) in place of killing it: 0 (default) to 1. */
  stops?: number;
  /** Processes that compete for the processor. Default 0. */
  load?: number;
  say?: (line: string) => void;
}

export interface SoakResult {
  seconds: number;
  kills: number;
  stops: number;
  ended: number;
  stored: number;
  /** Not whole when the host's flush() had returned, and whole after the next start. */
  late: number;
  missing: string[];
  /** Stored twice, still running, or without the children they were recorded with. */
  wrong: string[];
  slowestEndMs: number;
  dropped: number;
  /** What the host said about it last. */
  lastWords: string[];
  /** MB in use on the JavaScript heap: the least in the second quarter of the time, and when all is delivered. */
  heapBefore: number;
  heapAfter: number;
  /** Resident memory in MB at the most: what the allocator keeps for later is in it. */
  residentPeak: number;
}

const between = (from: number, to: number) => from + Math.random() * (to - from);
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Takes processor time from everybody else until it is ended. */
function startLoad(count: number): () => Promise<void> {
  const children = Array.from({ length: count }, () =>
    spawn(process.execPath, ['-e', 'for (;;) Math.sqrt(Math.random())'], { stdio: 'ignore' }),
  );
  return async () => {
    for (const child of children.splice(0)) {
      const ended = once(child, 'close');
      child.kill('SIGKILL');
      await ended;
    }
  };
}

/** What of `expected` the collector does not have whole. */
async function compare(url: string, session: string, expected: readonly string[]) {
  const rows = await readRows(url, session);
  const byId = new Map<string, StoredRow[]>();
  for (const row of rows) byId.set(row.run_id, [...(byId.get(row.run_id) ?? []), row]);
  const missing: string[] = [];
  const wrong: string[] = [];
  for (const line of expected) {
    const [id, steps, tools] = line.split(' ') as [string, string, string];
    const found = byId.get(id) ?? [];
    if (found.length === 0) missing.push(id);
    else if (
      found.length > 1 ||
      found[0]!.running ||
      found[0]!.step_count !== Number(steps) ||
      found[0]!.tool_call_count !== Number(tools)
    ) {
      wrong.push(id);
    }
  }
  return { stored: rows.length, missing, wrong };
}

/** Mixed load for `seconds`, while the collector is killed (kill -9) and started again at random. */
export async function soak(options: SoakOptions): Promise<SoakResult> {
  const { seconds, runsPerSecond = 100, stops = 0, say = () => {} } = options;
  const [least, most] = options.every ?? [1, Math.min(8, seconds / 4)];
  const folder = temporaryFolder('soak');
  const data = join(folder.path, 'data');
  const endedFile = join(folder.path, 'ended');
  const memoryFile = join(folder.path, 'memory');
  const diagnosticsFile = join(folder.path, 'diagnostics');
  const session = `soak-${Date.now().toString(36)}`;
  let collector: CollectorProcess | undefined = await startCollectorProcess(data);
  const port = Number(new URL(collector.url).port);
  const startSoakHost = (time: number) => {
    const child = spawn(process.execPath, ['--expose-gc', HOST], {
      env: {
        PATH: process.env.PATH,
        OBSERVATORY_URL: `http://127.0.0.1:${port}`,
        OBSERVATORY_SPOOL: join(folder.path, 'spool'),
        SESSION: session,
        SECONDS: String(time),
        RUNS_PER_SECOND: String(runsPerSecond),
        ENDED: endedFile,
        MEMORY: memoryFile,
        DIAGNOSTICS: diagnosticsFile,
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let stdout = '';
    child.stdout.on('data', (chunk) => {
      stdout += chunk;
    });
    return { child, said: once(child, 'close').then(() => stdout) };
  };
  const host = startSoakHost(seconds);
  const endLoad = startLoad(options.load ?? 0);
  let kills = 0;
  let stopped = 0;
  try {
    const end = Date.now() + seconds * 1000;
    const pauseWithin = (ms: number) => pause(Math.max(0, Math.min(ms, end - Date.now())));
    while (Date.now() < end) {
      await pauseWithin(between(least, most) * 1000);
      if (Date.now() >= end) break;
      if (Math.random() < stops) {
        collector?.signal('SIGSTOP');
        await pauseWithin(between(100, 6000));
        collector?.signal('SIGCONT');
        stopped++;
      } else {
        await collector?.kill();
        collector = undefined;
        kills++;
        await pauseWithin(between(100, 4000));
        collector = await startCollectorProcess(data, port);
      }
      say(`collector killed and restarted ${kills} times, stopped ${stopped} times`);
    }
    await endLoad();
    const { receipt, slowestEndMs, heapAfter } = JSON.parse(await host.said);
    const url = `http://127.0.0.1:${port}`;
    const expected = readFileSync(endedFile, 'utf8').trim().split('\n');
    const first = await compare(url, session, expected);
    const late = first.missing.length + first.wrong.length;
    let last = first;
    if (late > 0) {
      await startSoakHost(0).said;
      last = await compare(url, session, expected);
    }
    const samples = readFileSync(memoryFile, 'utf8')
      .trim()
      .split('\n')
      .map((line) => line.split(' ').map((kilobytes) => Number(kilobytes) / 1024) as [number, number]);
    const quarter = Math.max(1, samples.length >> 2);
    const leastHeap = (some: typeof samples) => Math.min(...some.map(([, heap]) => heap));
    return {
      seconds,
      kills,
      stops: stopped,
      ended: expected.length,
      late: late - last.missing.length - last.wrong.length,
      ...last,
      slowestEndMs,
      dropped: receipt.dropped,
      lastWords: [
        JSON.stringify(receipt),
        ...(existsSync(diagnosticsFile)
          ? readFileSync(diagnosticsFile, 'utf8').trim().split('\n').slice(-12)
          : []),
      ],
      heapBefore: leastHeap(samples.slice(quarter, 2 * quarter)),
      heapAfter,
      residentPeak: Math.max(...samples.map(([resident]) => resident)),
    };
  } finally {
    await endLoad();
    host.child.kill('SIGKILL');
    await host.said;
    await collector?.kill();
    folder.remove();
  }
}
