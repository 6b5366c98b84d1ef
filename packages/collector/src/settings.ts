import { homedir } from 'node:os';
import { join } from 'node:path';

/** What the environment says. */
export interface Settings {
  port: number;
  host: string;
  dataDir: string;
  apiKeys: string[];
  abandonAfterMs: number;
  retentionMs?: number;
}

export const DEFAULT_PORT = 4318; // OTLP/HTTP's, so that exporters find the collector by default
const DEFAULT_ABANDON_AFTER_MS = 5 * 60 * 1000;

type Environment = Record<string, string | undefined>;

/** Reads OBSERVATORY_*; what cannot be read is an error that names the variable and an example. */
export function readSettings(env: Environment = process.env): Settings {
  const retentionMs = durationOf('OBSERVATORY_RETENTION', env.OBSERVATORY_RETENTION);
  return {
    port: readPort('OBSERVATORY_PORT', env.OBSERVATORY_PORT) ?? DEFAULT_PORT,
    host: env.OBSERVATORY_HOST || '127.0.0.1',
    dataDir: env.OBSERVATORY_DATA || defaultDataDir(env),
    apiKeys: (env.OBSERVATORY_API_KEYS ?? '')
      .split(',')
      .map((key) => key.trim())
      .filter((key) => key !== ''),
    abandonAfterMs:
      durationOf('OBSERVATORY_ABANDON_AFTER', env.OBSERVATORY_ABANDON_AFTER) ?? DEFAULT_ABANDON_AFTER_MS,
    ...(retentionMs !== undefined && { retentionMs }),
  };
}

export function readPort(name: string, value: string | undefined): number | undefined {
  if (value === undefined || value === '') return undefined;
  const port = Number(value);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new Error(`${name}=${value} is no port: give a number from 0 (any free one) to 65535`);
}

const UNITS: Record<string, number> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** `30d`, `12h`, `90m`, `300s`, `1500ms`. */
export function durationOf(name: string, value: string | undefined): number | undefined {
  if (value === undefined || value === '') return undefined;
  const [, amount, unit] = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h|d|w)$/.exec(value.trim()) ?? [];
  const ms = Number(amount) * (UNITS[unit ?? ''] ?? Number.NaN);
  if (Number.isFinite(ms) && ms > 0) return ms;
  throw new Error(
    `${name}=${value} is no duration: give a number and a unit (ms, s, m, h, d, w), for example 30d`,
  );
}

/**
 * One folder per user, wherever the collector is started: runs recorded yesterday are there today. Where the system keeps
 * state that is neither configuration nor cache.
 */
export function defaultDataDir(env: Environment = process.env): string {
  if (process.platform === 'win32')
    return join(env.LOCALAPPDATA || join(homedir(), 'AppData', 'Local'), 'observatory');
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Application Support', 'observatory');
  return join(env.XDG_STATE_HOME || join(homedir(), '.local', 'state'), 'observatory');
}
