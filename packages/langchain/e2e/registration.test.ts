import { execFile, execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';

const app = (name: string) => fileURLToPath(new URL(`apps/${name}`, import.meta.url));
const preload = ['--import', new URL('apps/preload.mjs', import.meta.url).href];

/** Another supported Node on the path than the repository's own: async context and module hooks differ before Node 24. */
function otherNode(): string | undefined {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const node = join(folder, 'node');
    if (folder.includes('node_modules') || !existsSync(node)) continue;
    const version = execFileSync(node, ['--version'], { encoding: 'utf8' }).trim();
    const [major = 0, minor = 0] = version.slice(1).split('.').map(Number);
    if ((major > 20 || (major === 20 && minor >= 19)) && version !== process.version) return node;
  }
  return undefined;
}

const nodes = [process.execPath, otherNode()].filter((node) => node !== undefined);
const named = nodes.map((node) => {
  const version = execFileSync(node, ['--version'], { encoding: 'utf8' }).trim();
  return [`Node ${version}`, node, Number(version.slice(1).split('.')[0])] as const;
});

describe.each(named)('on %s', (_name, node, major) => {
  async function run<Said>(...args: string[]) {
    const { stdout, stderr } = await promisify(execFile)(node, args, { timeout: 60_000 });
    return { ...(JSON.parse(stdout) as Said), stderr };
  }
  interface Recorded {
    responses: string[];
    commonjs?: number;
  }

  test.each(['afterAwait', 'timer', 'server', 'noCallbacks'])(
    'one line records calls, wherever it is called: %s',
    async (place) => {
      const { responses, commonjs, stderr } = await run<Recorded>(app('app.mjs'), place);
      expect(responses).toEqual([`answer to ${place}`]);
      // Where Node tells us what is loaded later, nothing that an ESM app does not use is loaded for it.
      if (major >= 24) expect(commonjs).toBe(0);
      expect(stderr).toBe('');
    },
  );

  test('a preload records an ESM app', async () => {
    const { responses } = await run<Recorded>(...preload, app('app.mjs'), 'plain');
    expect(responses).toEqual(['answer to plain']);
  });

  test('a preload records a CommonJS app', async () => {
    const { responses } = await run<Recorded>(...preload, app('app.cjs'));
    expect(responses).toEqual(['answer to commonjs']);
  });

  test('a CommonJS app that loaded LangChain before is recorded too', async () => {
    const { responses } = await run<Recorded>(app('app.cjs'), 'late');
    expect(responses).toEqual(['answer to commonjs']);
  });

  test("a model call that is recorded leaves the caller's own scope alone", async () => {
    const { leaks, runs } = await run<{ leaks: string[]; runs: number }>(app('scope.mjs'));
    expect(leaks).toEqual([]);
    expect(runs).toBe(2 * 7);
  });
});
