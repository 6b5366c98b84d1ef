import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Fault, startFaultyProxy } from './faulty-proxy.ts';
import { startCollectorProcess, temporaryFolder } from './processes.ts';
import { readLosses, readRows } from './stored-runs.ts';

const HOST = fileURLToPath(new URL('outage-host.mjs', import.meta.url));
/** A run and its children. */
export const ITEMS_PER_RUN = 6;

export interface OutageOptions {
  fault: Fault;
  runs: number;
  /** Time the runs are spread over; 0 records all of them at once. */
  overMs: number;
  /** How long the collector goes on misbehaving after the last of them. */
  settleMs: number;
  memoryLimit?: number;
  /** No disk. */
  noSpool?: boolean;
  requestTimeout?: number;
  /** MB the host's heap of old objects may have. */
  heap?: number;
  /** Records nothing: what the host itself costs. */
  disabled?: boolean;
}

export interface OutageResult {
  submitMs: number;
  /** MB resident: before, at the most until the collector came back, after `settleMs` and a garbage collection, at the most at all. */
  rssStart: number;
  rssPeak: number;
  rssAfter: number;
  rssPeakWhole: number;
  /** The longest time the host's event loop stood still while it recorded. */
  delayMaxMs: number;
  stderrBytes: number;
  spoolBytesPeak: number;
  /** Before the collector came back, and until flush() returned. */
  requestsMeanwhile: number;
  requests: number;
  /** From the collector's return to flush()'s. */
  flushMs: number;
  /** From the collector's return until nothing waits any more. */
  deliveredMs: number;
  /** The same from the first run. */
  sinceStartMs: number;
  receipt: { delivered: number; queued: number; spooled: number; dropped: number; complete: boolean };
  /** Runs the collector has, through its API: exactly once and with all their children; in part, or twice. */
  whole: number;
  wrong: number;
  /** Items the collector has. */
  storedItems: number;
  /** How many of the runs before the oldest that is stored whole are missing, and how many after it. */
  missingAfterOldest: number;
  /** Items reported as dropped by onDiagnostic (counted without a spool only), and by the collector. */
  reported: number;
  told: number;
}

interface Submitted {
  rssStart: number;
  submitMs: number;
  delayMaxMs: number;
  rssPeak: number;
  rssAfter: number;
}
type Flushed = Pick<
  OutageResult,
  'receipt' | 'reported' | 'flushMs' | 'deliveredMs' | 'sinceStartMs' | 'rssPeakWhole'
>;

function folderSize(path: string): number {
  if (!existsSync(path)) return 0;
  let bytes = 0;
  for (const name of readdirSync(path)) {
    bytes += statSync(join(path, name), { throwIfNoEntry: false })?.size ?? 0;
  }
  return bytes;
}

/** A host records while the collector misbehaves, the collector recovers, the host flushes: what arrived, and what it took. */
export async function outage(options: OutageOptions): Promise<OutageResult> {
  const { fault, runs } = options;
  const folder = temporaryFolder('outage');
  const spool = join(folder.path, 'spool');
  const session = `outage-${Date.now().toString(36)}`;
  const collector = await startCollectorProcess(join(folder.path, 'data'));
  const proxy = await startFaultyProxy(() => collector.url);
  await proxy.set(fault);
  const host = fork(HOST, [JSON.stringify({ ...options, session, count: options.noSpool })], {
    execArgv: ['--expose-gc', ...(options.heap ? [`--max-old-space-size=${options.heap}`] : [])],
    env: { PATH: process.env.PATH, OBSERVATORY_URL: proxy.url, OBSERVATORY_SPOOL: spool },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  const closed = once(host, 'close');
  let stderr = '';
  host.stderr?.on('data', (chunk) => {
    stderr += chunk;
  });
  const message = async <T>(): Promise<T> => {
    const [said] = await Promise.race([
      once(host, 'message'),
      closed.then(() => Promise.reject(new Error(`The host ended early: ${stderr}`))),
    ]);
    return said as T;
  };
  let spoolBytesPeak = 0;
  const watch = setInterval(() => {
    spoolBytesPeak = Math.max(spoolBytesPeak, folderSize(spool));
  }, 100);
  try {
    const submitted = await message<Submitted>();
    const requestsMeanwhile = proxy.requests;
    if (fault !== 'none') await proxy.set('none');
    host.send('go');
    const flushed = await message<Flushed>();
    const requests = proxy.requests + (fault === 'none' ? 0 : requestsMeanwhile);
    await closed;
    const rows = await readRows(collector.url);
    const told = await readLosses(collector.url);
    const stored = new Map<number, number>();
    let whole = 0;
    let storedItems = 0;
    let oldest = runs;
    for (const row of rows) {
      const index = Number(row.run_id.slice(session.length + 1));
      stored.set(index, (stored.get(index) ?? 0) + 1);
      // Children that came without their run stand under a run that says nothing of itself.
      storedItems += row.step_count + row.tool_call_count + (row.session_id === session ? 1 : 0);
      const complete = row.outcome === 'ok' && row.step_count === 3 && row.tool_call_count === 2;
      if (!complete || stored.get(index)! > 1) continue;
      whole++;
      oldest = Math.min(oldest, index);
    }
    return {
      ...submitted,
      ...flushed,
      stderrBytes: Buffer.byteLength(stderr),
      spoolBytesPeak,
      requestsMeanwhile,
      requests,
      whole,
      wrong: rows.length - whole,
      storedItems,
      missingAfterOldest: runs - oldest - whole,
      told: Object.values(told).reduce((sum, items) => sum + items, 0),
    };
  } finally {
    clearInterval(watch);
    host.kill('SIGKILL');
    await closed;
    await proxy.close();
    await collector.kill();
    folder.remove();
  }
}
