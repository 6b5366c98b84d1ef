import { readdirSync, readFileSync, rmSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { lossIsCounted, sum } from './counted-loss.ts';
import { Scene, waiting } from './fault-scene.ts';
import type { Outcome } from './fault-table.ts';
import { type Fault, startFaultyProxy } from './faulty-proxy.ts';
import { startCollectorProcess, temporaryFolder, until } from './processes.ts';
import { canMount, fullDisk, NO_MOUNT, onSmallDisk } from './small-disk.ts';
import { readLosses } from './stored-runs.ts';

interface Row {
  name: string;
  play(scene: Scene): Promise<string | undefined>;
  /** Lets runs be missing: as many as the row itself accounts for. */
  mayMiss?: boolean;
}

/** The collector misbehaves while the host records, then recovers: the same process delivers everything. */
const recovers = (fault: Fault): Row => ({
  name: `collector ${fault}, then well`,
  async play(scene) {
    await scene.proxy.set(fault);
    const host = scene.host({ END: 'wait', PACE: '20' });
    await waiting(host);
    if (fault !== 'none' && fault !== 'down')
      await until('a request', () => scene.proxy.requests > 0 || undefined);
    await scene.proxy.set('none');
    await scene.everythingStored();
    const told = scene.diagnostics().filter(({ kind }) => /^(collector-(?!reachable)|not-)/.test(kind));
    scene.expect(`at most two diagnostics about it, not ${told.length}`, told.length <= 2);
    return undefined;
  },
});

/** The collector asks for a person: the data waits on disk until the next start, with somebody's help meanwhile. */
const needsAPerson = (fault: Fault, words: string): Row => ({
  name: `collector answers with a ${fault}`,
  async play(scene) {
    await scene.proxy.set(fault);
    const host = await scene.host({ END: 'natural' }).ended;
    scene.expect(`exit code 0, not ${host.code}`, host.code === 0);
    const told = scene.diagnostics();
    scene.expect(
      `one diagnostic that says "${words}"`,
      told.length === 1 && told[0]!.message.includes(words),
    );
    await scene.nextStart();
    return undefined;
  },
});

interface HowItEnds {
  code?: number;
  signal?: NodeJS.Signals;
}
const ENDS: Record<string, HowItEnds> = {
  natural: { code: 0 },
  exit: { code: 7 },
  throw: { code: 1 },
  reject: { code: 1 },
  SIGTERM: { signal: 'SIGTERM' },
  SIGINT: { signal: 'SIGINT' },
  handler: { code: 3 },
};
const NAMES: Record<string, string> = {
  natural: 'natural exit',
  exit: 'process.exit() right after end()',
  throw: 'uncaught exception',
  reject: 'unhandled rejection',
  handler: "SIGTERM with the host's own handler",
};

const ends = (end: string, fault: Fault): Row => ({
  name: `${NAMES[end] ?? end}, collector ${fault === 'none' ? 'well' : fault}`,
  async play(scene) {
    await scene.proxy.set(fault);
    const { code, signal, stdout, ms } = await scene.host({ END: end }).ended;
    const expected = ENDS[end]!;
    scene.expect(
      `ends with ${JSON.stringify(expected)}, not ${code} ${signal}`,
      expected.signal ? signal === expected.signal : code === expected.code,
    );
    scene.expect(`prints nothing, not "${stdout}"`, stdout === '');
    await scene.nextStart();
    return `${Math.round(ms)} ms`;
  },
});

/** How old the oldest lost run was when the process was killed. */
const LAST_MS = 1000;

const killed = (fault: Fault): Row => ({
  name: `kill -9, collector ${fault === 'none' ? 'well' : fault}`,
  mayMiss: true,
  async play(scene) {
    await scene.proxy.set(fault);
    const host = scene.host({ END: 'wait', PACE: '50', COUNT: String(scene.count * 100) });
    // In the midst of recording, well after the first second.
    await until('two seconds of runs', () => {
      const times = [...scene.ended().values()];
      return (times.length > 0 && times.at(-1)! - times[0]! > 1600) || undefined;
    });
    const killedAt = Date.now();
    host.child.kill('SIGKILL');
    await host.ended;
    await scene.nextStart();
    const { ids } = await scene.stored();
    const lost = [...scene.ended()].filter(([id]) => !ids.has(id));
    const oldest = Math.max(0, ...lost.map(([, at]) => killedAt - at));
    // A timer of a machine under load is late; the promise is about one that is not.
    scene.expect(`nothing older than ${LAST_MS} ms is lost (${oldest})`, oldest <= LAST_MS * 1.5);
    return lost.length === 0 ? 'lost 0' : `lost ${lost.length}, the oldest ${oldest} ms old`;
  },
});

const killedDurable = (fault: Fault): Row => ({
  name: `kill -9, durable, collector ${fault === 'none' ? 'well' : fault}`,
  async play(scene) {
    await scene.proxy.set(fault);
    const env = { OBSERVATORY_DURABLE: '1' };
    const { signal } = await scene.host({ END: 'SIGKILL', OPEN: '3', ...env }).ended;
    scene.expect('is killed', signal === 'SIGKILL');
    await scene.nextStart();
    const { abandoned } = await scene.stored();
    scene.expect(`3 open runs appear as abandoned, not ${abandoned.length}`, abandoned.length === 3);
    return `${abandoned.length} open runs abandoned`;
  },
});

const ROWS: Row[] = [
  ...(
    [
      'none',
      'down',
      '500',
      '503',
      '429',
      'reset',
      'answer lost',
      'hang',
      'too slow',
      'slow',
      'login page',
      '413',
    ] as const
  ).map(recovers),
  needsAPerson('redirect', 'https://login.example/'),
  needsAPerson('401', 'apiKey'),
  ...Object.keys(ENDS).flatMap((end) => [ends(end, 'none'), ends(end, 'down')]),
  ends('natural', 'hang'),
  ends('exit', 'hang'),
  killed('none'),
  killed('down'),
  killed('hang'),
  killedDurable('none'),
  killedDurable('down'),
  {
    name: 'spool full (spoolLimit), collector down',
    mayMiss: true,
    async play(scene) {
      await scene.proxy.set('down');
      const before = await readLosses(scene.collector.url);
      await scene.host({ END: 'natural', PACE: '2', BURST: '2', LIMIT: String(scene.count * 750) }).ended;
      await scene.nextStart();
      return lossIsCounted(scene, before, 'spool_full');
    },
  },
  {
    name: 'disk full (ulimit -f), collector down, then well',
    async play(scene) {
      await scene.proxy.set('down');
      // Files of bounded size: the system refuses what goes beyond, as a full disk does. The host's own notes fit.
      const blocks = 4 + Math.ceil((scene.count * 50) / 512);
      const host = scene.host({ END: 'wait' }, ['sh', '-c', `ulimit -f ${blocks}; exec "$@"`, 'sh']);
      await until(
        'the diagnostic',
        () => scene.diagnostics().some(({ kind }) => kind === 'spool-unavailable') || undefined,
      );
      await scene.proxy.set('none');
      await scene.everythingStored();
      host.child.kill('SIGKILL');
      await host.ended;
      const told = scene.diagnostics().filter(({ kind }) => kind === 'spool-unavailable').length;
      scene.expect(`one diagnostic, not ${told}`, told === 1);
      return undefined;
    },
  },
  {
    name: 'disk full (a small file system), collector down, then well',
    async play(scene) {
      if (!canMount()) return NO_MOUNT;
      await scene.proxy.set('down');
      const host = scene.host({ END: 'wait' }, onSmallDisk(scene, scene.count * 600, 0));
      const told = await until('the diagnostic', () => fullDisk(scene));
      await scene.proxy.set('none');
      await scene.everythingStored();
      host.child.kill('SIGKILL');
      await host.ended;
      scene.expect(`one diagnostic, not ${told.length}`, fullDisk(scene)?.length === 1);
      return undefined;
    },
  },
  {
    name: 'disk full, space again, collector down, then well',
    async play(scene) {
      if (!canMount()) return NO_MOUNT;
      await scene.proxy.set('down');
      const size = scene.count * 4000;
      const host = scene.host({ END: 'wait' }, onSmallDisk(scene, size, size - scene.count * 600));
      await until('the diagnostic', () => fullDisk(scene));
      await until('all runs', () => scene.ended().size === scene.count || undefined);
      // The disk as the host sees it: it is mounted for nobody else.
      const seen = `/proc/${host.child.pid}/root${scene.spool}`;
      rmSync(join(seen, 'filler'));
      await until('everything on disk', () => {
        const kept = readdirSync(seen).map((name) => readFileSync(join(seen, name), 'utf8'));
        const text = kept.join('');
        return [...scene.ended().keys()].every((id) => text.includes(`"response of ${id}"`)) || undefined;
      });
      await scene.proxy.set('none');
      await scene.everythingStored();
      host.child.kill('SIGKILL');
      await host.ended;
      return undefined;
    },
  },
  {
    name: 'folder cannot be written, collector down, then well',
    async play(scene) {
      await scene.proxy.set('down');
      // Below a file no folder can be made, for root neither.
      const host = scene.host({ END: 'wait', OBSERVATORY_SPOOL: '/dev/null/spool' });
      await waiting(host);
      await until(
        'the diagnostic',
        () => scene.diagnostics().some(({ kind }) => kind === 'spool-unavailable') || undefined,
      );
      await scene.proxy.set('none');
      await scene.everythingStored();
      return undefined;
    },
  },
  {
    name: 'folder cannot be written, collector down to the end',
    mayMiss: true,
    async play(scene) {
      await scene.proxy.set('down');
      const { code, ms } = await scene.host({ END: 'natural', OBSERVATORY_SPOOL: '/dev/null/spool' }).ended;
      scene.expect(`exit code 0, not ${code}`, code === 0);
      const dropped = scene.diagnostics().filter(({ kind }) => kind === 'dropped');
      const lost = sum(dropped.map(({ count }) => count));
      scene.expect(`the loss is counted: ${lost} items`, lost === 3 * scene.count);
      await scene.proxy.set('none');
      return `${lost} items reported as lost, after ${Math.round(ms)} ms`;
    },
  },
  {
    name: 'torn tail of the journal',
    mayMiss: true,
    async play(scene) {
      await scene.proxy.set('down');
      await scene.host({ END: 'SIGKILL', OBSERVATORY_DURABLE: '1' }).ended;
      const newest = readdirSync(scene.spool).sort().at(-1)!;
      const path = join(scene.spool, newest);
      truncateSync(path, statSync(path).size - 3);
      await scene.nextStart();
      const { ids, abandoned } = await scene.stored();
      const missing = [...scene.ended().keys()].filter((id) => !ids.has(id));
      scene.expect(
        `only the last run, whose end was torn off, is not whole: ${missing}`,
        missing.length <= 1,
      );
      scene.expect(
        'and it appears as abandoned',
        missing.every((id) => abandoned.includes(id)),
      );
      const told = scene.diagnostics().some(({ message }) => message.includes('damaged'));
      scene.expect('the damage is reported', told);
      return 'the torn record alone';
    },
  },
  {
    name: 'two processes share a spool, killed at different times',
    async play(scene) {
      await scene.proxy.set('down');
      const env = { OBSERVATORY_DURABLE: '1' };
      const first = scene.host({ END: 'SIGKILL', ...env });
      const second = scene.host({ END: 'wait', PREFIX: `${scene.prefix}`, COUNT: '0', ...env });
      const other = scene.host({ END: 'exit', PREFIX: `${scene.prefix}-b`, SESSION: scene.prefix });
      await Promise.all([first.ended, other.ended, waiting(second)]);
      // Two next starts at once, beside a process that lives.
      await scene.proxy.set('none');
      const b = { PREFIX: `${scene.prefix}-c`, SESSION: scene.prefix };
      await Promise.all([scene.nextStart(), scene.nextStart(b)]);
      await scene.everythingStored();
      return undefined;
    },
  },
  ...['natural', 'exit', 'SIGTERM'].map(
    (end): Row => ({
      name: `four worker threads, ${NAMES[end] ?? end}, collector down`,
      async play(scene) {
        await scene.proxy.set('down');
        const { code, signal } = await scene.host({ END: end, WORKERS: '4' }).ended;
        scene.expect(
          `ends as asked, not ${code} ${signal}`,
          signal ? signal === end : code === ENDS[end]!.code,
        );
        await scene.nextStart();
        return undefined;
      },
    }),
  ),
  {
    name: 'killed while resending',
    async play(scene) {
      await scene.proxy.set('down');
      await scene.host({ END: 'exit' }).ended;
      for (const fault of ['slow', 'answer lost', 'hang'] as const) {
        await scene.proxy.set(fault);
        const resender = scene.host({ END: 'deliver', COUNT: '0' });
        await until('a request', () => scene.proxy.requests > 0 || undefined);
        resender.child.kill('SIGKILL');
        await resender.ended;
      }
      await scene.nextStart();
      return undefined;
    },
  },
];

export const rowNames: string[] = ROWS.map(({ name }) => name);

export interface Matrix {
  play(row: string): Promise<Outcome>;
  close(): Promise<void>;
}

/** A collector and a faulty proxy before it, for any number of rows. */
export async function startMatrix(runsPerRow: number): Promise<Matrix> {
  const data = temporaryFolder('collector');
  const collector = await startCollectorProcess(data.path);
  const proxy = await startFaultyProxy(() => collector.url);
  return {
    async play(name) {
      const index = rowNames.indexOf(name);
      const row = ROWS[index]!;
      const scene = new Scene(proxy, collector, `row${index}-${Date.now().toString(36)}`, runsPerRow);
      const started = performance.now();
      try {
        const note = (await row.play(scene)) ?? '';
        const ended = [...scene.ended().keys()];
        const { ids, wrong } = await scene.stored();
        const missing = ended.filter((id) => !ids.has(id));
        if (!row.mayMiss && missing.length > 0) scene.broken.push(`${missing.length} runs are missing`);
        const unknown = [...ids].filter((id) => !ended.includes(id));
        if (unknown.length > 0) scene.broken.push(`${unknown.length} runs nobody ended: ${unknown[0]}`);
        if (wrong.length > 0) scene.broken.push(`${wrong.length} runs are not whole: ${wrong[0]}`);
        return {
          row: name,
          sent: ended.length,
          stored: ids.size,
          missing,
          wrong,
          broken: scene.broken,
          note,
          ms: performance.now() - started,
        };
      } finally {
        await scene.stop();
        await proxy.set('none');
        scene.folder.remove();
      }
    },
    async close() {
      await proxy.close();
      await collector.kill();
      data.remove();
    },
  };
}
