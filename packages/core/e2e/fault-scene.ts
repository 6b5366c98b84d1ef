import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FaultyProxy } from './faulty-proxy.ts';
import {
  type CollectorProcess,
  type Ended,
  type Host,
  startHost,
  temporaryFolder,
  until,
} from './processes.ts';
import { readStoredRuns } from './stored-runs.ts';

/** One row's own prefix, spool and files; the collector and the proxy before it serve all rows. */
export class Scene {
  readonly broken: string[] = [];
  readonly folder = temporaryFolder('faults');
  readonly spool = join(this.folder.path, 'spool');
  readonly endedFile = join(this.folder.path, 'ended');
  readonly diagnosticsFile = join(this.folder.path, 'diagnostics');
  readonly proxy: FaultyProxy;
  readonly collector: CollectorProcess;
  readonly prefix: string;
  readonly count: number;
  private readonly hosts: Host[] = [];

  constructor(proxy: FaultyProxy, collector: CollectorProcess, prefix: string, count: number) {
    this.proxy = proxy;
    this.collector = collector;
    this.prefix = prefix;
    this.count = count;
  }

  host(env: Record<string, string | undefined>, wrapper?: string[]): Host {
    const host = startHost(
      {
        OBSERVATORY_URL: this.proxy.url,
        OBSERVATORY_SPOOL: this.spool,
        PREFIX: this.prefix,
        COUNT: String(this.count),
        ENDED: this.endedFile,
        DIAGNOSTICS: this.diagnosticsFile,
        ...env,
      },
      wrapper,
    );
    this.hosts.push(host);
    return host;
  }

  /** The next start of the same program, with nothing in its way. */
  async nextStart(env: Record<string, string> = {}): Promise<Ended> {
    await this.proxy.set('none');
    return this.host({ END: 'deliver', ...env }).ended;
  }

  expect(what: string, holds: boolean): void {
    if (!holds) this.broken.push(what);
  }

  /** Run ids the hosts have ended, with when. */
  ended(): Map<string, number> {
    if (!existsSync(this.endedFile)) return new Map();
    const rows = readFileSync(this.endedFile, 'utf8').trim().split('\n');
    return new Map(rows.map((row) => [row.split(' ')[0]!, Number(row.split(' ')[1])]));
  }

  diagnostics(): { kind: string; count?: number; message: string }[] {
    if (!existsSync(this.diagnosticsFile)) return [];
    const rows = readFileSync(this.diagnosticsFile, 'utf8').trim().split('\n');
    return rows.filter((row) => row !== '').map((row) => JSON.parse(row));
  }

  stored() {
    return readStoredRuns(this.collector.url, this.prefix);
  }

  everythingStored(): Promise<true> {
    return until(`all runs of ${this.prefix}`, async () => {
      const { ids } = await this.stored();
      return [...this.ended().keys()].every((id) => ids.has(id)) || undefined;
    });
  }

  async stop(): Promise<void> {
    for (const { child, ended } of this.hosts) {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
      await ended;
    }
  }
}

export const waiting = (host: Host) =>
  new Promise<void>((resolve, reject) => {
    host.child.stdout?.once('data', () => resolve());
    host.ended.then(({ stderr }) => reject(new Error(`The host ended early: ${stderr}`)));
  });
