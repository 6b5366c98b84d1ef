import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const HOST = fileURLToPath(new URL('host.mjs', import.meta.url));
const COLLECTOR = fileURLToPath(new URL('../../collector/dist/cli.js', import.meta.url));

export interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
  ms: number;
}

export interface Host {
  child: ChildProcess;
  ended: Promise<Ended>;
}

/** Starts `host.mjs`, under `wrapper` (e.g. a shell that sets limits) where one is given. */
export function startHost(env: Record<string, string | undefined>, wrapper: string[] = []): Host {
  const started = performance.now();
  const [command, ...args] = [...wrapper, process.execPath, HOST];
  const child = spawn(command!, args, { env: { PATH: process.env.PATH, ...env } });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  const ended = once(child, 'close').then(
    ([code, signal]): Ended => ({ code, signal, stdout, stderr, ms: performance.now() - started }),
  );
  return { child, ended };
}

export interface CollectorProcess {
  url: string;
  signal(signal: NodeJS.Signals): void;
  kill(): Promise<void>;
}

/** The collector as its users start it, in a process of its own. */
export async function startCollectorProcess(dataDir: string, port = 0): Promise<CollectorProcess> {
  const child = spawn(process.execPath, [COLLECTOR, '--port', String(port), '--data', dataDir], {
    env: { PATH: process.env.PATH },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const closed = once(child, 'close');
  const url = await new Promise<string>((resolve, reject) => {
    let said = '';
    const read = (chunk: Buffer) => {
      said += chunk;
      const [, found] = /Observatory\s+(http:\S+)/.exec(said) ?? [];
      if (found) resolve(found);
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.once('close', () => reject(new Error(`The collector did not start: ${said}`)));
  });
  return {
    url,
    signal: (signal) => void child.kill(signal),
    async kill() {
      child.kill('SIGKILL');
      await closed;
    },
  };
}

export interface Folder {
  path: string;
  remove(): void;
}

export function temporaryFolder(name: string): Folder {
  const path = mkdtempSync(join(tmpdir(), `observatory-${name}-`));
  return { path, remove: () => rmSync(path, { recursive: true, force: true, maxRetries: 3 }) };
}

export async function until<T>(
  what: string,
  check: () => T | undefined | Promise<T | undefined>,
  withinMs = 30_000,
): Promise<T> {
  const end = Date.now() + withinMs;
  for (;;) {
    const found = await check();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > end) throw new Error(`Waited ${withinMs} ms for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
