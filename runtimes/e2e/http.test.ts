import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startCollector } from '@observatory/collector';
import type { RunList } from '@observatory/collector/api';
import { build } from 'esbuild';
import { describe, expect, test, vi } from 'vitest';
import { binary, runtimes } from './installed-runtimes.js';

const root = join(import.meta.dirname, '..');
const execute = promisify(execFile);

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

test.skipIf(!binary('miniflare'))(
  binary('miniflare')
    ? 'on workerd requests to Hono are runs, streamed and left ones included, delivered before the platform stops'
    : 'skipped: this machine has no workerd',
  async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'observatory-http-worker-'));
    const collector = await startCollector({ port: 0, dataDir });
    const { outputFiles } = await build({
      entryPoints: [join(root, 'http-worker.mjs')],
      bundle: true,
      format: 'esm',
      platform: 'neutral',
      mainFields: ['module', 'main'],
      conditions: ['workerd', 'worker'],
      write: false,
    });
    const { Miniflare } = await import('miniflare');
    const worker = new Miniflare({
      modules: true,
      script: outputFiles[0]?.text ?? '',
      compatibilityDate: '2026-01-01',
      // Without the second a Worker hears of no client that leaves.
      compatibilityFlags: ['nodejs_compat', 'enable_request_signal'],
      bindings: { COLLECTOR: collector.url },
    });
    try {
      const url = await worker.ready;
      const body = JSON.stringify({ message: 'Weather?', threadId: 't-1' });
      const answer = await fetch(new URL('/chat/7', url), { method: 'POST', body });
      expect(await answer.json()).toEqual({ answer: 'Rain.', inRun: true });
      const stream = await fetch(new URL('/stream', url));
      expect(await stream.text()).toBe('data: 1\n\ndata: 2\n\ndata: 3\n\n');
      await (await fetch(new URL('/health', url))).text();
      const leave = new AbortController();
      const endless = await fetch(new URL('/endless', url), { signal: leave.signal });
      await endless.body?.getReader().read();
      leave.abort();
      const runs = await vi.waitFor(
        async () => {
          const list = (await (await fetch(`${collector.url}/api/runs`)).json()) as RunList;
          expect(list.runs.filter(({ end_time }) => end_time)).toHaveLength(3);
          return list.runs.reverse();
        },
        { timeout: 20_000, interval: 50 },
      );
      expect(runs).toMatchObject([
        {
          name: 'POST /chat/:id',
          outcome: 'ok',
          prompt_preview: 'Weather?',
          session_id: 't-1',
          step_count: 1,
        },
        { name: 'GET /stream', outcome: 'ok', step_count: 3 },
        { name: 'GET /endless', outcome: 'cancelled' },
      ]);
    } finally {
      await worker.dispose();
      await collector.close();
      rmSync(dataDir, { recursive: true, force: true });
    }
  },
);
