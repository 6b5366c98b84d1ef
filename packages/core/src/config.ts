import type { Diagnostic } from './diagnostics.js';
import { env, resetEnv } from './platform.js';
import { shared } from './shared.js';

/** Replaces, shortens or drops captured text before anything leaves the process. Return `undefined` to drop the value. */
export type Redact = (text: string, context: RedactContext) => string | undefined;

export interface RedactContext {
  /** `run`, `step`, `tool_call`, `content` or `feedback`. */
  type: string;
  /** Where in the item the text stands, e.g. `prompt.user_prompt` or `body.content.0.text`. */
  path: string;
}

export interface SampleContext {
  name?: string;
  sessionId?: string;
  userId?: string;
  tags?: readonly string[];
}

/** What `configure()` takes. Every member may be left out; later calls merge. */
export interface ClientConfig {
  /** Sent as `Authorization: Bearer …`. Environment: `OBSERVATORY_API_KEY`. */
  apiKey?: string;
  /** The collector's base URL. Environment: `OBSERVATORY_URL`. Default `http://127.0.0.1:4318`. */
  url?: string;
  /** Logs each request, retry and write to disk on stderr, never content. Environment: `OBSERVATORY_DEBUG`. */
  debug?: boolean;
  /** Milliseconds after which a run nobody ended is closed as `timed_out`. Default 1,200,000 (20 minutes); 0 = never. */
  runTimeout?: number;
  /** Misuse throws instead of being reported. For tests. Default false. */
  strict?: boolean;
  /** Records nothing. Environment: `OBSERVATORY_DISABLED`. */
  disabled?: boolean;
  /** Writes every finished step and every change of a run to a journal on disk first. Environment: `OBSERVATORY_DURABLE`. */
  durable?: boolean;
  /** E.g. `production`. Environment: `OBSERVATORY_ENVIRONMENT`. */
  environment?: string;
  /** E.g. a git commit or a version. Environment: `OBSERVATORY_RELEASE`. */
  release?: string;
  /** Runs on every captured text after the built-in patterns for keys and tokens. */
  redact?: Redact;
  /** The share of root runs that is recorded (0…1), or a function that decides per root run. Default: all. */
  sample?: number | ((run: SampleContext) => boolean);
  /** Receives what went wrong in telemetry. Default: one `console.warn` per kind. */
  onDiagnostic?: (diagnostic: Diagnostic) => void;
  /** Bytes that may wait in memory before the oldest go to disk, or are dropped and counted. Default 64 MiB. */
  memoryLimit?: number;
  /** Folder of the spool and journal, or false for none. Environment: `OBSERVATORY_SPOOL`. Default: the user's state folder. */
  spool?: string | false;
  /** Bytes the spool may take on disk. Default 1 GiB. */
  spoolLimit?: number;
  /** Whether requests are compressed. Default `auto`: yes, but not for a collector on the same machine. */
  compress?: boolean | 'auto';
  /** Longest captured text in UTF-16 units; more is cut and labelled. Default 1,048,576. */
  maxTextLength?: number;
  /** Milliseconds one request to the collector may take. Default 10,000. */
  requestTimeout?: number;
  /** Milliseconds `await run.end()` waits for an acknowledgement at most. Default 5,000. */
  endTimeout?: number;
}

let durableByEnv: boolean | undefined;

const config = shared<ClientConfig>('config', () => ({}));

/**
 * Sets options for everything this process records. Later calls merge; a value takes effect from when it is next used.
 *
 * @example
 * ```ts
 * configure({ url: 'https://observatory.internal', apiKey: process.env.OBSERVATORY_API_KEY, environment: 'production' });
 * ```
 */
export function configure(options: ClientConfig): void {
  if (options !== null && typeof options === 'object') Object.assign(config, options);
}

/** Test helper: forgets every `configure()` call and reads the environment anew. */
export function resetConfig(): void {
  resetEnv();
  durableByEnv = undefined;
  for (const key of Object.keys(config)) delete config[key as keyof ClientConfig];
}

const flag = (value: string | undefined) => value !== undefined && /^(1|true|yes|on)$/i.test(value.trim());
const positive = (value: unknown, fallback: number) =>
  typeof value === 'number' && value > 0 && !Number.isNaN(value) ? value : fallback;

export const settings = {
  raw: config,
  get apiKey(): string | undefined {
    return config.apiKey ?? env('OBSERVATORY_API_KEY');
  },
  get url(): string {
    return config.url ?? env('OBSERVATORY_URL') ?? 'http://127.0.0.1:4318';
  },
  get debug(): boolean {
    return config.debug ?? flag(env('OBSERVATORY_DEBUG'));
  },
  get disabled(): boolean {
    return config.disabled ?? flag(env('OBSERVATORY_DISABLED'));
  },
  get durable(): boolean {
    // Asked at every recorded field, and reading the environment costs a microsecond.
    durableByEnv ??= flag(env('OBSERVATORY_DURABLE'));
    return config.durable ?? durableByEnv;
  },
  get compress(): boolean | 'auto' {
    return config.compress ?? 'auto';
  },
  get strict(): boolean {
    return config.strict === true;
  },
  get environment(): string | undefined {
    return config.environment ?? env('OBSERVATORY_ENVIRONMENT');
  },
  get release(): string | undefined {
    return config.release ?? env('OBSERVATORY_RELEASE');
  },
  get spool(): string | false | undefined {
    if (config.spool !== undefined) return config.spool;
    const fromEnv = env('OBSERVATORY_SPOOL');
    return fromEnv !== undefined && /^(0|false|off|no)$/i.test(fromEnv) ? false : fromEnv;
  },
  get memoryLimit(): number {
    return positive(config.memoryLimit, 64 * 1024 * 1024);
  },
  get spoolLimit(): number {
    return positive(config.spoolLimit, 1024 * 1024 * 1024);
  },
  get maxTextLength(): number {
    return positive(config.maxTextLength, 1024 * 1024);
  },
  get requestTimeout(): number {
    return positive(config.requestTimeout, 10_000);
  },
  get endTimeout(): number {
    return positive(config.endTimeout, 5_000);
  },
};
