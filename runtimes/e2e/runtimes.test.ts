import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startCollector } from '@observatory/collector';
import type { RunDetail, RunList } from '@observatory/collector/api';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { binary, runtimes } from './installed-runtimes.js';

const root = join(import.meta.dirname, '..');
const execute = promisify(execFile);

let collector: Awaited<ReturnType<typeof startCollector>>;
let dataDir: string;

beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'observatory-runtimes-'));
  collector = await startCollector({ port: 0, dataDir });
});

afterAll(async () => {
  await collector.close();
  rmSync(dataDir, { recursive: true, force: true });
});

const get = async <T>(path: string): Promise<T> =>
  (await fetch(`${collector.url}${path}`)).json() as Promise<T>;

async function expectWholeSession(runtime: string, runs: number): Promise<void> {
  const list = await get<RunList>(`/api/runs?session_id=${runtime}`);
  expect(list.runs).toHaveLength(runs);
  const boss = list.runs.find(({ name }) => name === 'boss');
  const detail = await get<RunDetail>(`/api/runs/${boss?.run_id}`);
  expect(detail).toMatchObject({
    run: { outcome: 'ok', user_prompt: 'What is the answer?', response: '42', prompt_tokens: 10 },
    steps: [{ outcome: 'ok', model_used: 'gpt-4o-mini', messages: [{ content: 'What is the answer?' }] }],
    tool_calls: [{ tool_name: 'search', result: '42', outcome: 'ok' }],
    runs: [{ run: { name: 'researcher', parent_tool_call_id: detail.tool_calls[0]?.tool_call_id } }],
  });
  expect(list.runs.find(({ name }) => name === undefined)).toMatchObject({
    outcome: 'error',
    status_message: 'planned',
  });
}

describe.each(runtimes)('on $name', ({ name, path, args }) => {
  test.skipIf(!path)(
    path
      ? 'everything is recorded, also what ends with the process'
      : 'skipped: this machine has no such runtime',
    async () => {
      const { stdout } = await execute(path ?? '', [...args, join(root, 'main.mjs'), collector.url, name], {
        cwd: root,
        env: { ...process.env, NO_COLOR: '1' },
      });
      expect(JSON.parse(stdout)).toEqual({ lost: [], delivered: true, dropped: 0, complete: true });
      await expectWholeSession(name, 3);
      const { runs } = await get<RunList>(`/api/runs?session_id=${name}&name=last`);
      expect(runs[0]).toMatchObject({ outcome: 'ok', prompt_preview: 'goodbye' });
    },
  );
});

describe('on workerd', () => {
  const miniflare = binary('miniflare');

  async function dispatch(
    compatibilityFlags: string[],
    conditions = ['workerd', 'worker', 'browser'],
  ): Promise<unknown> {
    const { outputFiles } = await build({
      entryPoints: [join(root, 'worker.mjs')],
      bundle: true,
      format: 'esm',
      platform: 'neutral',
      conditions,
      write: false,
    });
    const { Miniflare } = await import('miniflare');
    const worker = new Miniflare({
      modules: true,
      script: outputFiles[0]?.text ?? '',
      compatibilityDate: '2026-01-01',
      compatibilityFlags,
    });
    try {
      return await (await worker.dispatchFetch(`http://worker/?collector=${collector.url}`)).json();
    } finally {
      await worker.dispose();
    }
  }

  test.skipIf(!miniflare)(
    miniflare ? 'everything is recorded from a bundle' : 'skipped: this machine has no workerd',
    async () => {
      expect(await dispatch(['nodejs_compat'])).toEqual({
        lost: [],
        delivered: true,
        dropped: 0,
        complete: true,
      });
      await expectWholeSession('workerd', 2);
    },
  );

  test.skipIf(!miniflare)(
    miniflare
      ? 'a bundle made without a word about Workers delivers there too'
      : 'skipped: this machine has no workerd',
    async () => {
      expect(await dispatch([], [])).toMatchObject({ delivered: true, dropped: 0, complete: true });
    },
  );

  test.skipIf(!miniflare)(
    miniflare
      ? 'without Node compatibility runs are delivered, and the ambient run covers what is synchronous'
      : 'skipped: this machine has no workerd',
    async () => {
      expect(await dispatch([])).toEqual({
        lost: expect.arrayContaining(['await', 'timer']),
        delivered: true,
        dropped: 0,
        complete: true,
      });
    },
  );
});
