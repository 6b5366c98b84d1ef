import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach } from 'vitest';

const CLI = fileURLToPath(new URL('../dist/cli.js', import.meta.url));

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'observatory-e2e-'));
  cleanups.push(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

export interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  output: string;
}

/** A process of this test, ended with it. */
export interface Running {
  child: ChildProcess;
  /** What it wrote so far. */
  output(): string;
  /** Waits until it wrote something that matches. */
  wrote(pattern: RegExp): Promise<RegExpExecArray>;
  ended: Promise<Ended>;
}

export function runProcess(args: string[], env: Record<string, string> = {}, input?: string): Running {
  const { PATH = '', HOME = '' } = process.env;
  const child = spawn(process.execPath, args, {
    env: { PATH, HOME, ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let output = '';
  const waiting = new Set<() => void>();
  const collect = (chunk: Buffer) => {
    output += chunk.toString('utf8');
    for (const look of waiting) look();
  };
  child.stdout.on('data', collect);
  child.stderr.on('data', collect);
  child.stdin.on('error', () => {}); // it may end without reading
  child.stdin.end(input ?? '');
  const ended = new Promise<Ended>((resolve) => {
    child.once('close', (code, signal) => resolve({ code, signal, output }));
  });
  cleanups.push(() => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    return ended;
  });
  return {
    child,
    ended,
    output: () => output,
    wrote: (pattern) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const match = pattern.exec(output);
          if (!match) return;
          waiting.delete(look);
          resolve(match);
        };
        waiting.add(look);
        look();
        void ended.then(() => reject(new Error(`the process ended without writing ${pattern}:\n${output}`)));
      }),
  };
}

/** `observatory` as a process of its own. */
export function observatory(args: string[], env: Record<string, string> = {}, input?: string): Running {
  return runProcess([CLI, ...args], env, input);
}

export async function startObservatory(dataDir: string, env: Record<string, string> = {}) {
  const running = observatory(['--port', '0', '--data', dataDir], env);
  const [, url] = await running.wrote(/(http:\/\/\S+:\d+)/);
  return { ...running, url: url! };
}
