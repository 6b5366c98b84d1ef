#!/usr/bin/env node
import { once } from 'node:events';
import { createReadStream, createWriteStream } from 'node:fs';
import { parseArgs } from 'node:util';
import { startCollector } from './collector.js';
import { examine } from './doctor.js';
import { consoleLogger } from './logger.js';
import { readSettings, type Settings } from './settings.js';
import { exportLines, importLines, type TransferTarget } from './transfer.js';

const HELP = `observatory [command]

  start                  the collector and the dashboard (default)
  doctor                 looks for what is missing, and says how to mend it
  export [file]          every run, as lines of JSON; to the terminal without a file
  import [file]          what export wrote; from the terminal without a file

  --port <number>        OBSERVATORY_PORT           4318; 0 for any free one
  --host <address>       OBSERVATORY_HOST           127.0.0.1; another one needs OBSERVATORY_API_KEYS
  --data <folder>        OBSERVATORY_DATA           the user's state folder
  --retention <time>     OBSERVATORY_RETENTION      keeps all; for example 30d
  --abandon-after <time> OBSERVATORY_ABANDON_AFTER  5m; open runs that are silent for longer are closed
  --url <address>        OBSERVATORY_URL            the running collector, for doctor, export and import
                         OBSERVATORY_API_KEYS       keys, separated by commas
`;

const OPTIONS = {
  port: { type: 'string' },
  host: { type: 'string' },
  data: { type: 'string' },
  retention: { type: 'string' },
  'abandon-after': { type: 'string' },
  url: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;

async function main(): Promise<void> {
  const { values: flags, positionals } = parseArgs({ allowPositionals: true, options: OPTIONS });
  if (flags.help) return console.log(HELP);
  const settings = readSettings({
    ...process.env,
    ...(flags.port !== undefined && { OBSERVATORY_PORT: flags.port }),
    ...(flags.host !== undefined && { OBSERVATORY_HOST: flags.host }),
    ...(flags.data !== undefined && { OBSERVATORY_DATA: flags.data }),
    ...(flags.retention !== undefined && { OBSERVATORY_RETENTION: flags.retention }),
    ...(flags['abandon-after'] !== undefined && { OBSERVATORY_ABANDON_AFTER: flags['abandon-after'] }),
  });
  const url = (flags.url ?? process.env.OBSERVATORY_URL ?? `http://127.0.0.1:${settings.port}`).replace(
    /\/+$/,
    '',
  );
  const apiKey = process.env.OBSERVATORY_API_KEY ?? settings.apiKeys[0];
  const target: TransferTarget = { dataDir: settings.dataDir, url, ...(apiKey !== undefined && { apiKey }) };
  const [command = 'start', file] = positionals;
  switch (command) {
    case 'start':
      return start(settings);
    case 'doctor':
      return doctor(settings, url, apiKey);
    case 'export':
      return exportTo(file, target);
    case 'import':
      return importFrom(file, target);
    default:
      throw new Error(`There is no command "${command}".\n\n${HELP}`);
  }
}

async function start(settings: Settings): Promise<void> {
  const collector = await startCollector({ ...settings, logger: consoleLogger });
  console.log(`Observatory  ${collector.url}\nData         ${settings.dataDir}`);
  let stopping = false;
  const stop = () => {
    if (stopping) process.exit(1); // asked twice
    stopping = true;
    collector.close().then(
      () => process.exit(0),
      (error: unknown) => fail(error),
    );
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
}

async function doctor(settings: Settings, url: string, apiKey: string | undefined): Promise<void> {
  for (const { ok, text, fix } of await examine(settings, url, apiKey)) {
    console.log(`${ok ? 'ok  ' : 'look'}  ${text}${fix === undefined ? '' : `\n      → ${fix}`}`);
    if (!ok) process.exitCode = 1;
  }
}

async function exportTo(file: string | undefined, target: TransferTarget): Promise<void> {
  const output = file === undefined ? process.stdout : createWriteStream(file, { mode: 0o600 });
  let items = 0;
  for await (const line of exportLines(target)) {
    items++;
    if (!output.write(`${line}\n`)) await once(output, 'drain');
  }
  if (file !== undefined) {
    output.end();
    await once(output, 'finish');
    console.log(`${items} items written to ${file}`);
  }
}

async function importFrom(file: string | undefined, target: TransferTarget): Promise<void> {
  const report = await importLines(file === undefined ? process.stdin : createReadStream(file), target);
  console.log(
    `${report.accepted} items stored, ${report.duplicate} were there already, ${report.rejected.length} refused`,
  );
  for (const { line, reason } of report.rejected.slice(0, 20)) console.error(`line ${line}: ${reason}`);
  if (report.rejected.length > 0) process.exitCode = 1;
}

function fail(error: unknown): void {
  console.error(error instanceof Error ? error.message : String(error));
  process.exit(1);
}

main().catch(fail);
