import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type CollectorProcess, startCollectorProcess, temporaryFolder } from './processes.ts';
import { readRows, type StoredRow } from './stored-runs.ts';

const HOST = fileURLToPath(new URL('soak-host.mjs', import.meta.url));

export interface SoakResult {
  seconds: number;
  kills: number;
  ended: number;
  stored: number;
  missing: string[];
  /** Stored twice, still running, or without the children they were recorded with. */
  wrong: string[];
  slowestEndMs: number;
  dropped: number;
  /** What the host said about it last. */
  lastWords: string[];
  /** MB in use on the JavaScript heap: the least in the second and in the last quarter of the time. */
  heapBefore: number;
  heapAfter: number;
  /** Resident memory in MB at the most: what the allocator keeps for later is in it. */
  residentPeak: number;
}

const between = (from: number, to: number) => from + Math.random() * (to - from);
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Mixed load for `seconds`, while the collector is killed (kill -9) and started again at random. */
export async function soak(
  seconds: number,
  runsPerSecond = 100,
  say: (line: string) => void = () => {},
): Promise<SoakResult> {
  const folder = temporaryFolder('soak');
  const data = join(folder.path, 'data');
  const endedFile = join(folder.path, 'ended');
  const memoryFile = join(folder.path, 'memory');
  const diagnosticsFile = join(folder.path, 'diagnostics');
  const session = `soak-${Date.now().toString(36)}`;
  let collector: CollectorProcess | undefined = await startCollectorProcess(data);
  const port = Number(new URL(collector.url).port);
  const host = spawn(process.execPath, ['--expose-gc', HOST], {
    env: {
      PATH: process.env.PATH,
      OBSERVATORY_URL: collector.url,
      OBSERVATORY_SPOOL: join(folder.path, 'spool'),
      SESSION: session,
      SECONDS: String(seconds),
      RUNS_PER_SECOND: String(runsPerSecond),
      ENDED: endedFile,
      MEMORY: memoryFile,
      DIAGNOSTICS: diagnosticsFile,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let stdout = '';
  host.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  const closed = once(host, 'close');
  let kills = 0;
  try {
    const end = Date.now() + seconds * 1000;
    while (Date.now() < end) {
      await pause(Math.min(between(1000, Math.min(8000, seconds * 250)), end - Date.now()));
      if (Date.now() >= end) break;
      await collector?.kill();
      collector = undefined;
      kills++;
      await pause(Math.min(between(100, 4000), Math.max(0, end - Date.now())));
      collector = await startCollectorProcess(data, port);
      say(`collector killed and restarted ${kills} times`);
    }
    await closed;
    const { receipt, slowestEndMs } = JSON.parse(stdout);
    const rows = await readRows(`http://127.0.0.1:${port}`, session);
    const expected = readFileSync(endedFile, 'utf8').trim().split('\n');
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
    const samples = readFileSync(memoryFile, 'utf8')
      .trim()
      .split('\n')
      .map((line) => line.split(' ').map((kilobytes) => Number(kilobytes) / 1024) as [number, number]);
    const quarter = Math.max(1, samples.length >> 2);
    const leastHeap = (some: typeof samples) => Math.min(...some.map(([, heap]) => heap));
    return {
      seconds,
      kills,
      ended: expected.length,
      stored: rows.length,
      missing,
      wrong,
      slowestEndMs,
      dropped: receipt.dropped,
      lastWords: [
        JSON.stringify(receipt),
        ...readFileSync(diagnosticsFile, 'utf8').trim().split('\n').slice(-5),
      ],
      heapBefore: leastHeap(samples.slice(quarter, 2 * quarter)),
      heapAfter: leastHeap(samples.slice(-quarter)),
      residentPeak: Math.max(...samples.map(([resident]) => resident)),
    };
  } finally {
    host.kill('SIGKILL');
    await closed;
    await collector?.kill();
    folder.remove();
  }
}
