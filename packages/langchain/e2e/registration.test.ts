import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const app = (name: string) => fileURLToPath(new URL(`apps/${name}`, import.meta.url));
const preload = ['--import', new URL('apps/preload.mjs', import.meta.url).href];

async function run(...args: string[]) {
  const { stdout, stderr } = await promisify(execFile)(process.execPath, args, { timeout: 60_000 });
  return { ...(JSON.parse(stdout) as { responses: string[]; commonjs?: number }), stderr };
}

test.each(['afterAwait', 'timer', 'server', 'noCallbacks'])(
  'one line records calls, wherever it is called: %s',
  async (place) => {
    const { responses, commonjs, stderr } = await run(app('app.mjs'), place);
    expect(responses).toEqual([`answer to ${place}`]);
    // Nothing an ESM app does not use was loaded for it, where Node can tell us what is loaded later.
    expect(commonjs).toBe('registerHooks' in process.getBuiltinModule('node:module') ? 0 : 1);
    expect(stderr).toBe('');
  },
);

test('a preload records an ESM app', async () => {
  expect((await run(...preload, app('app.mjs'), 'plain')).responses).toEqual(['answer to plain']);
});

test('a preload records a CommonJS app', async () => {
  expect(await run(...preload, app('app.cjs'))).toEqual({ responses: ['answer to commonjs'], stderr: '' });
});

test('a CommonJS app that loaded LangChain before is recorded too', async () => {
  expect(await run(app('app.cjs'), 'late')).toEqual({ responses: ['answer to commonjs'], stderr: '' });
});
