import type { RunList } from '@observatory/collector/api';
import { describe, expect, it } from 'vitest';
import { observatory, startObservatory, temporaryFolder } from './process.js';

const run = (id: string) => ({
  type: 'run',
  run_id: id,
  start_time: '2026-03-01T10:00:00.000Z',
  end_time: '2026-03-01T10:00:01.000Z',
  response: 'kept',
  outcome: 'ok',
  seq: 1,
});

async function send(url: string, ...items: unknown[]): Promise<{ accepted: number }> {
  const response = await fetch(`${url}/v1/events`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ type: 'batch', items }),
  });
  expect(response.status).toBe(200);
  return (await response.json()) as { accepted: number };
}

const runsAt = async (url: string) =>
  ((await (await fetch(`${url}/api/runs?limit=200`)).json()) as RunList).runs;

describe('a collector process', () => {
  it('has everything it acknowledged after kill -9', async () => {
    const dataDir = await temporaryFolder();
    const acknowledged: string[] = [];
    for (let round = 0; round < 3; round++) {
      const first = await startObservatory(dataDir);
      await Promise.all(
        Array.from({ length: 20 }, async (_, n) => {
          const id = `run-${round}-${n}`;
          await send(first.url, run(id));
          acknowledged.push(id);
        }),
      );
      first.child.kill('SIGKILL');
      expect((await first.ended).signal).toBe('SIGKILL');
    }
    const second = await startObservatory(dataDir);
    const stored = (await runsAt(second.url)).map((row) => row.run_id);
    expect(stored.sort()).toEqual(acknowledged.sort());
  });

  it.each(['SIGINT', 'SIGTERM'] as const)(
    'closes cleanly on %s, also with a live stream open',
    async (signal) => {
      const dataDir = await temporaryFolder();
      const first = await startObservatory(dataDir);
      await send(first.url, run('r1'));
      const live = await fetch(`${first.url}/api/live`);
      expect(live.status).toBe(200);
      first.child.kill(signal);
      expect(await first.ended).toMatchObject({ code: 0, signal: null });
      await live.body?.cancel().catch(() => {});
      const second = await startObservatory(dataDir);
      expect(await runsAt(second.url)).toHaveLength(1);
    },
  );

  it('says that another one uses the folder, and lets go of it when it dies', async () => {
    const dataDir = await temporaryFolder();
    const first = await startObservatory(dataDir);
    const second = await observatory(['--port', '0', '--data', dataDir]).ended;
    expect(second.code).toBe(1);
    expect(second.output).toMatch(/Another Observatory collector is using the data folder/);
    first.child.kill('SIGKILL');
    await first.ended;
    await startObservatory(dataDir);
  });
});

describe('the command', () => {
  it('exports and imports, with and without a collector running', async () => {
    const [from, to] = [await temporaryFolder(), await temporaryFolder()];
    const first = await startObservatory(from);
    await send(first.url, run('r1'), run('r2'));
    const port = new URL(first.url).port;
    const online = await observatory(['export', '--data', from, '--port', port]).ended;
    expect(online.code).toBe(0);
    expect(online.output.trim().split('\n')).toHaveLength(2);
    first.child.kill('SIGTERM');
    await first.ended;

    const file = `${to}/runs.ndjson`;
    expect((await observatory(['export', file, '--data', from]).ended).output).toContain(
      `2 items written to ${file}`,
    );
    const offline = await observatory(['import', file, '--data', `${to}/data`]).ended;
    expect(offline).toMatchObject({ code: 0, output: '2 items stored, 0 were there already, 0 refused\n' });
    const second = await startObservatory(`${to}/data`);
    expect((await runsAt(second.url)).map((row) => row.run_id).sort()).toEqual(['r1', 'r2']);

    const again = await observatory(
      ['import', '--data', `${to}/data`, '--url', second.url],
      {},
      `${JSON.stringify(run('r3'))}\nnonsense\n{"type":"run"}\n`,
    ).ended;
    expect(again.code).toBe(1);
    expect(again.output).toContain('1 items stored, 0 were there already, 2 refused');
    expect(again.output).toContain('line 2: the line is not valid JSON');
    expect(again.output).toMatch(/line 3: "run_id" is missing/);
    expect(await runsAt(second.url)).toHaveLength(3);
  });

  it('examines what it needs', async () => {
    const dataDir = await temporaryFolder();
    const first = await startObservatory(dataDir);
    const { output } = await observatory(['doctor', '--data', dataDir, '--url', first.url]).ended;
    expect(output).toMatch(/ok {4}SQLite 3\.\d+\.\d+ with full-text search/);
    expect(output).toMatch(/a collector answers at .*: 0 runs/);
    expect(output).toContain('in use by a running collector');
  });

  it.each([
    [['--port', 'abc'], {}, /OBSERVATORY_PORT=abc is no port/],
    [[], { OBSERVATORY_RETENTION: 'forever' }, /OBSERVATORY_RETENTION=forever is no duration.*30d/],
    [
      ['--host', '0.0.0.0'],
      {},
      /OBSERVATORY_HOST=0.0.0.0 opens the collector to other machines: set OBSERVATORY_API_KEYS/,
    ],
    [['dance'], {}, /There is no command "dance"/],
    [['--nonsense'], {}, /nonsense/],
  ] as [string[], Record<string, string>, RegExp][])(
    'says what is wrong with %j %j',
    async (args, env, message) => {
      const { code, output } = await observatory(args, { OBSERVATORY_DATA: await temporaryFolder(), ...env })
        .ended;
      expect(code).toBe(1);
      expect(output).toMatch(message);
      expect(output).not.toMatch(/ at .*\.js:\d+/);
    },
  );
});
