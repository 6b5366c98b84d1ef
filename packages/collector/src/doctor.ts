import { accessSync, constants, existsSync, mkdirSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { isDashboardBuilt } from './dashboard-files.js';
import { isLoopbackHost } from './guard.js';
import type { Settings } from './settings.js';
import { FolderInUse } from './sqlite-database.js';
import { openSqliteStore } from './sqlite-store.js';

export interface Finding {
  ok: boolean;
  text: string;
  /** What to do about it. */
  fix?: string;
}

/** Looks at everything the collector needs, and says what is missing and how to mend it. */
export async function examine(settings: Settings, url: string, apiKey?: string): Promise<Finding[]> {
  return [
    nodeVersion(process.versions.node),
    fullTextSearch(),
    ...(await dataFolder(settings)),
    await runningCollector(url, apiKey),
    isDashboardBuilt()
      ? { ok: true, text: 'the dashboard is built' }
      : {
          ok: false,
          text: 'the dashboard is not built',
          fix: 'run: npx -y pnpm@12 --filter @observatory/dashboard build',
        },
    binding(settings),
  ];
}

function nodeVersion(version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const ok = major > 22 || (major === 22 && minor >= 13);
  return {
    ok,
    text: `Node ${version}`,
    ...(!ok && { fix: 'the collector needs Node 22.13 or newer, for its SQLite' }),
  };
}

function fullTextSearch(): Finding {
  const db = new DatabaseSync(':memory:');
  try {
    const { version } = db.prepare('SELECT sqlite_version() AS version').get() as { version: string };
    db.exec("CREATE VIRTUAL TABLE probe USING fts5 (body, content = '', contentless_delete = 1)");
    return { ok: true, text: `SQLite ${version} with full-text search` };
  } catch (error) {
    return {
      ok: false,
      text: `SQLite without full-text search: ${(error as Error).message}`,
      fix: 'use an official build of Node',
    };
  } finally {
    db.close();
  }
}

async function dataFolder({ dataDir }: Settings): Promise<Finding[]> {
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    accessSync(dataDir, constants.W_OK);
  } catch (error) {
    return [
      {
        ok: false,
        text: `the data folder ${dataDir} cannot be written: ${(error as Error).message}`,
        fix: 'name another one with OBSERVATORY_DATA or --data',
      },
    ];
  }
  if (!existsSync(`${dataDir}/runs.db`)) return [{ ok: true, text: `data folder ${dataDir} (empty)` }];
  try {
    const store = openSqliteStore(dataDir);
    try {
      const { runs, steps, tool_calls, bytes } = store.counts();
      const { losses } = await store.overview();
      const findings: Finding[] = [
        {
          ok: true,
          text: `data folder ${dataDir}: ${runs} runs, ${steps} steps, ${tool_calls} tool calls, ${Math.ceil(bytes / 1_048_576)} MiB`,
        },
      ];
      for (const loss of losses) {
        findings.push({
          ok: false,
          text: `clients lost ${loss.items} items (${loss.reason}), last at ${loss.last_time}`,
          fix: 'see that the collector is reachable for its clients',
        });
      }
      return findings;
    } finally {
      store.close();
    }
  } catch (error) {
    if (error instanceof FolderInUse)
      return [{ ok: true, text: `data folder ${dataDir}, in use by a running collector` }];
    return [{ ok: false, text: `data folder ${dataDir}: ${(error as Error).message}` }];
  }
}

async function runningCollector(url: string, apiKey?: string): Promise<Finding> {
  const start = 'start it with: observatory';
  try {
    const response = await fetch(`${url}/api/overview`, {
      headers: apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` },
      signal: AbortSignal.timeout(3000),
    });
    if (response.ok) {
      const overview = (await response.json()) as { run_count?: number };
      if (typeof overview.run_count === 'number')
        return { ok: true, text: `a collector answers at ${url}: ${overview.run_count} runs` };
    } else if (response.status === 401) {
      return { ok: false, text: `the collector at ${url} wants a key`, fix: 'set OBSERVATORY_API_KEY' };
    }
    return {
      ok: false,
      text: `something else than a collector answers at ${url}`,
      fix: 'choose another OBSERVATORY_PORT',
    };
  } catch {
    return { ok: false, text: `no collector answers at ${url}`, fix: start };
  }
}

function binding({ host, apiKeys }: Settings): Finding {
  if (isLoopbackHost(host)) return { ok: true, text: `${host}: reachable from this machine only` };
  return apiKeys.length > 0
    ? { ok: true, text: `${host}: reachable from other machines, with one of ${apiKeys.length} keys` }
    : {
        ok: false,
        text: `${host}: reachable from other machines without keys`,
        fix: 'set OBSERVATORY_API_KEYS',
      };
}
