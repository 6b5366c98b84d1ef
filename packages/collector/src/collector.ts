import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { isLoopbackHost } from './guard.js';
import { startHousekeeping } from './housekeeping.js';
import { createIngest } from './ingest.js';
import { DEFAULT_LIMITS, type Limits } from './limits.js';
import { createLive } from './live.js';
import { type Logger, silentLogger } from './logger.js';
import { createServerApp } from './server.js';
import { DEFAULT_PORT, defaultDataDir } from './settings.js';
import { openSqliteStore } from './sqlite-store.js';
import { createWriter } from './writer.js';

export interface CollectorOptions {
  /** Default 4318; 0 takes any free port. */
  port?: number;
  /** Default 127.0.0.1. Another one needs `apiKeys`. */
  host?: string;
  /** The folder of the data; made when it is missing. Default: the user's state folder. */
  dataDir?: string;
  /** Keys that clients and readers must send. None: any key is accepted, on loopback. */
  apiKeys?: readonly string[];
  /** The built dashboard. Default: what the dashboard package built into this package. */
  dashboardDir?: string;
  /** Default: says nothing. */
  logger?: Logger;
  limits?: Partial<Limits>;
  /** Open runs of which nothing was heard for so long are closed as abandoned. Default 5 minutes. */
  abandonAfterMs?: number;
  /** Runs older than this are removed. Default: none are. */
  retentionMs?: number;
}

export interface Collector {
  /** Where the dashboard, the API and ingest are. */
  url: string;
  port: number;
  /** Answers what is under way, writes everything, lets go of the port and the data folder. */
  close(): Promise<void>;
}

/** How long open requests may go on after close() was called. */
const CLOSE_GRACE_MS = 2000;

/**
 * Starts a collector in this process.
 *
 * @example
 * const collector = await startCollector({ port: 0, dataDir: '/var/lib/observatory' });
 * console.log(collector.url); // http://127.0.0.1:40123
 * await collector.close();
 */
export async function startCollector(options: CollectorOptions = {}): Promise<Collector> {
  const host = options.host ?? '127.0.0.1';
  const apiKeys = options.apiKeys ?? [];
  const logger = options.logger ?? silentLogger;
  const loopback = isLoopbackHost(host);
  if (!loopback && apiKeys.length === 0) {
    throw new Error(
      `OBSERVATORY_HOST=${host} opens the collector to other machines: set OBSERVATORY_API_KEYS too, or listen on 127.0.0.1`,
    );
  }
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const store = openSqliteStore(options.dataDir ?? defaultDataDir());
  const live = createLive(store, (error) => logger.error(`live: ${String(error)}`));
  const writer = createWriter(store, (runIds) => live.changed(runIds));
  const ingest = createIngest(writer, limits);
  const app = createServerApp({
    store,
    ingest,
    live,
    limits,
    logger,
    loopback,
    apiKeys,
    ...(options.dashboardDir !== undefined && { dashboardDir: options.dashboardDir }),
  });
  const server = createServer(getRequestListener(app.fetch, { overrideGlobalObjects: false }));
  // A long body over a slow line is no attack on a loopback server; the limits bound what it can hold.
  server.requestTimeout = 0;
  try {
    await listen(server, options.port ?? DEFAULT_PORT, host);
  } catch (error) {
    live.close();
    store.close();
    throw error;
  }
  const housekeeping = startHousekeeping({
    store,
    live,
    logger,
    abandonAfterMs: options.abandonAfterMs ?? 5 * 60 * 1000,
    ...(options.retentionMs !== undefined && { retentionMs: options.retentionMs }),
  });
  if (options.retentionMs !== undefined) void housekeeping.run();

  const { port } = server.address() as AddressInfo;
  const shown =
    host === '0.0.0.0' || host === '::'
      ? 'localhost'
      : host.includes(':')
        ? `[${host.replace(/[[\]]/g, '')}]`
        : host;
  let closing: Promise<void> | undefined;
  return {
    url: `http://${shown}:${port}`,
    port,
    close: () => {
      closing ??= (async () => {
        housekeeping.close();
        live.close();
        await closeServer(server);
        await writer.idle();
        store.close();
      })();
      return closing;
    },
  };
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') {
        reject(
          new Error(
            `Port ${port} on ${host} is in use, maybe by another Observatory or an OpenTelemetry collector. ` +
              'Choose another one with OBSERVATORY_PORT or --port (and tell clients by OBSERVATORY_URL).',
          ),
        );
      } else if (error.code === 'EACCES')
        reject(new Error(`Port ${port} needs rights this process has not: choose one above 1023.`));
      else reject(error);
    });
    server.listen(port, host.replace(/[[\]]/g, ''), () => resolve());
  });
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const force = setTimeout(() => server.closeAllConnections(), CLOSE_GRACE_MS);
    // A connection whose answer ends while we close stays open for the next request: there is none.
    const idle = setInterval(() => server.closeIdleConnections(), 20);
    server.close(() => {
      clearTimeout(force);
      clearInterval(idle);
      resolve();
    });
    server.closeIdleConnections();
  });
}
