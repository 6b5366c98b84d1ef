import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startCollector } from '@observatory/collector';
import { configure, shutdown } from '@observatory/core';
import { wrapOpenAI } from '@observatory/openai';
import { modelServer } from '@observatory/testing';
import OpenAI from 'openai';
import { startChatApp } from './chat-app.js';
import { modelScript } from './model-script.js';
import { firstSet, laterTurns, type TrafficOptions } from './traffic.js';

const DEFAULT_PORT = 4318;
const DEFAULT_CHAT_PORT = 4320;
/** How long what was recorded last may take to reach the collector when the demo stops. */
const FLUSH_MS = 1_000;
/** A part that does not stop in this time is left behind. */
const STOP_MS = 2_000;

const repository = fileURLToPath(new URL('../../../', import.meta.url));

function portFrom(name: string, fallback: number): number {
  const text = process.env[name];
  if (text === undefined || text === '') return fallback;
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  fail(`${name} is "${text}", which is not a port. Use a number from 0 (any free port) to 65535.`);
}

function fail(message: string): never {
  console.error(`\n  ${message}\n`);
  process.exit(1);
}

/** Parts are stopped in reverse order, so that each can still use those it was started with. */
const parts: { close: () => Promise<unknown> }[] = [];
const traffic = new AbortController();
let stopping = false;

async function stop(): Promise<void> {
  if (stopping) process.exit(130);
  stopping = true;
  traffic.abort(new Error('The demo was stopped'));
  const late = setTimeout(() => process.exit(0), STOP_MS);
  late.unref();
  for (const part of parts.reverse()) await part.close().catch(() => undefined);
  process.exit(0);
}

process.on('SIGINT', () => void stop());
process.on('SIGTERM', () => void stop());

const port = portFrom('OBSERVATORY_PORT', DEFAULT_PORT);
const chatPort = portFrom('OBSERVATORY_DEMO_PORT', DEFAULT_CHAT_PORT);
const data = resolve(process.env.OBSERVATORY_DATA || join(repository, '.observatory'));
try {
  mkdirSync(data, { recursive: true });
} catch (error) {
  fail(`The data folder cannot be made: ${String(error)}\n\n  Choose another one with OBSERVATORY_DATA.`);
}

const collector = await startCollector({ port, host: '127.0.0.1', dataDir: data }).catch((error: Error) =>
  fail(`${error.message}\n\n  For example: OBSERVATORY_PORT=4400 npx -y pnpm@12 start`),
);
parts.push(collector);

configure({ url: collector.url, environment: 'demo', release: '2.4.1', spool: join(data, 'spool') });
parts.push({ close: () => shutdown({ timeoutMs: FLUSH_MS }) });

const key = process.env.OPENAI_API_KEY;
const scripted = key ? undefined : await modelServer(modelScript);
if (scripted) parts.push(scripted);
const client = wrapOpenAI(new OpenAI(scripted ? scripted.clientOptions : { apiKey: key }));

const chatOptions = { port: chatPort, dashboardUrl: collector.url };
// The chat page is a nicety: where its port is taken any other will do.
const chat = await startChatApp(client, chatOptions).catch(() =>
  startChatApp(client, { ...chatOptions, port: 0 }),
);
parts.push(chat);

console.log(`
  Observatory is running.

    Dashboard   ${collector.url}
    Demo chat   ${chat.url}   type something and watch it arrive
    Model       ${scripted ? 'scripted, no key needed (set OPENAI_API_KEY to use the real one)' : 'OpenAI, with your key: one set of about 25 short runs'}
    Data        ${data}
    Stop        Ctrl-C
`);

const options: TrafficOptions = { chatUrl: chat.url, client, signal: traffic.signal };
const set = firstSet(options);
// Runs under way end as cancelled before the last flush.
parts.push({ close: () => set });
await set;
// A real model costs money, and a test wants an end.
if (scripted && process.env.OBSERVATORY_DEMO !== 'once') await laterTurns(options).catch(() => undefined);
