import { execFile, execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';

const root = join(import.meta.dirname, '..');
const require = createRequire(import.meta.url);
const execute = promisify(execFile);

/** A binary that an optional dependency brought, or undefined on a platform it does not exist for. */
function binary(name: string): string | undefined {
  try {
    const path = require.resolve(name);
    return existsSync(path) ? path : undefined;
  } catch {
    return undefined;
  }
}

/** A Node on the path that is not the repository's own, for the oldest line that is supported. */
function otherNode(): string | undefined {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const node = join(folder, 'node');
    if (folder.includes('node_modules') || !existsSync(node)) continue;
    const version = execFileSync(node, ['--version'], { encoding: 'utf8' }).trim();
    const [major = 0, minor = 0] = version.slice(1).split('.').map(Number);
    const supported = major > 20 || (major === 20 && minor >= 19);
    if (supported && major !== Number(process.versions.node.split('.')[0])) return node;
  }
  return undefined;
}

const runtimes = [
  { name: 'Node', path: process.execPath, args: [] },
  { name: 'another Node', path: otherNode(), args: [] },
  { name: 'Bun', path: binary('@oven/bun-linux-x64/bin/bun'), args: ['run'] },
  { name: 'Deno', path: binary('@deno/linux-x64-glibc/deno'), args: ['run', '--allow-all'] },
];

interface Recorded {
  answers: string[];
  runs: { name: string }[];
  cleanedInItsRun: boolean;
}

describe.each(runtimes)('on $name', ({ path, args }) => {
  test.skipIf(!path)(
    path
      ? 'requests to Hono, a fetch handler and Express are the runs they are everywhere'
      : 'skipped: this machine has no such runtime',
    async () => {
      const { stdout } = await execute(path ?? '', [...args, join(root, 'http.mjs')], {
        cwd: root,
        env: { ...process.env, NO_COLOR: '1' },
      });
      const { answers, runs, cleanedInItsRun } = JSON.parse(stdout) as Recorded;
      expect(answers).toEqual([
        'ok',
        '{"answer":"Rain."}',
        'data: streamed\n\n',
        'lazy',
        'broken agent',
        '{"answer":"from the handler"}',
        '{"answer":"from Express"}',
        'answered',
      ]);
      const ok = { outcome: 'ok', steps: 1 };
      expect(runs).toMatchObject([
        { name: 'POST /json/:id', prompt: 'Weather?', response: 'Rain.', session_id: 't-1', ...ok },
        { name: 'GET /sse', response: 'streamed', ...ok },
        { name: 'GET /lazy', response: 'lazy', ...ok },
        { name: 'GET /error', outcome: 'error', status_message: 'broken agent' },
        { name: 'POST /bare', prompt: 'Bare?', response: 'from the handler', ...ok },
        { name: 'POST /express/:id', prompt: 'Express?', response: 'from Express', ...ok },
        { name: 'GET /express-error', outcome: 'error', status_message: 'broken in Express' },
        { name: 'POST /breaks', outcome: 'error', status_message: 'upstream broke' },
        { name: 'GET /left', outcome: 'cancelled' },
        { name: 'GET /express-left', outcome: 'cancelled' },
      ]);
      expect(cleanedInItsRun).toBe(true);
    },
  );
});
