#!/usr/bin/env node
import { parseArgs } from 'node:util';
import { startCollector } from './collector.js';
import { consoleLogger } from './logger.js';
import { durationOf, readPort, readSettings } from './settings.js';

const HELP = `observatory [start]   starts the collector and the dashboard

  --port <number>        OBSERVATORY_PORT       4318
  --host <address>       OBSERVATORY_HOST       127.0.0.1; another one needs OBSERVATORY_API_KEYS
  --data <folder>        OBSERVATORY_DATA       the user's state folder
  --retention <time>     OBSERVATORY_RETENTION  keep all; for example 30d
`;

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    port: { type: 'string' },
    host: { type: 'string' },
    data: { type: 'string' },
    retention: { type: 'string' },
    help: { type: 'boolean', short: 'h' },
  },
});

async function main(): Promise<void> {
  if (flags.help) {
    console.log(HELP);
    return;
  }
  const [command = 'start'] = positionals;
  if (command !== 'start') throw new Error(`There is no command "${command}".\n\n${HELP}`);
  const settings = readSettings({
    ...process.env,
    ...(flags.host !== undefined && { OBSERVATORY_HOST: flags.host }),
    ...(flags.data !== undefined && { OBSERVATORY_DATA: flags.data }),
  });
  const retentionMs = durationOf('--retention', flags.retention) ?? settings.retentionMs;
  const collector = await startCollector({
    ...settings,
    port: readPort('--port', flags.port) ?? settings.port,
    logger: consoleLogger,
    ...(retentionMs !== undefined && { retentionMs }),
  });
  console.log(`Observatory  ${collector.url}\nData         ${settings.dataDir}`);
  let stopping = false;
  const stop = () => {
    if (stopping) process.exit(1); // asked twice
    stopping = true;
    void collector.close().then(() => process.exit(0));
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
});
