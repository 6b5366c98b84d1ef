import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import type { IngestReceipt } from '@observatory/core/wire';
import { createIngest } from './ingest.js';
import { DEFAULT_LIMITS } from './limits.js';
import { FolderInUse } from './sqlite-database.js';
import { openSqliteStore } from './sqlite-store.js';
import { createWriter } from './writer.js';

/** Where runs are exported from and imported to: a data folder, or the collector that is using it. */
export interface TransferTarget {
  dataDir: string;
  /** The running collector, asked when the folder is in use. */
  url: string;
  apiKey?: string;
}

export interface ImportReport extends Omit<IngestReceipt, 'rejected'> {
  /** Refused lines, by their number in the file. */
  rejected: { line: number; reason: string }[];
}

/** Lines sent or stored at once. */
const LINES_PER_BATCH = 500;
const CHARACTERS_PER_BATCH = 4 * 1024 * 1024;

/** Everything as lines of JSON, one wire item each. */
export async function* exportLines(target: TransferTarget): AsyncGenerator<string> {
  const store = openUnlessInUse(target.dataDir);
  if (!store) {
    const response = await ask(target, '/api/export');
    if (response.body)
      yield* createInterface({ input: Readable.fromWeb(response.body as ReadableStream<Uint8Array>) });
    return;
  }
  try {
    for await (const item of store.export()) yield JSON.stringify(item);
  } finally {
    store.close();
  }
}

/** Reads what an export wrote. An item that is there already stays as it is. */
export async function importLines(
  input: NodeJS.ReadableStream,
  target: TransferTarget,
): Promise<ImportReport> {
  const report: ImportReport = { accepted: 0, duplicate: 0, rejected: [] };
  const store = openUnlessInUse(target.dataDir);
  const ingest =
    store &&
    createIngest(
      createWriter(store, () => {}),
      DEFAULT_LIMITS,
    );
  const send = async (body: string): Promise<IngestReceipt> => {
    if (ingest) return ingest.body(Buffer.from(body), 'strict');
    const response = await ask(target, '/v1/events', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    });
    return (await response.json()) as IngestReceipt;
  };

  let items: string[] = [];
  let lineNumbers: number[] = [];
  let characters = 0;
  const flush = async () => {
    if (items.length === 0) return;
    const receipt = await send(`{"type":"batch","items":[${items.join(',')}]}`);
    report.accepted += receipt.accepted;
    report.duplicate += receipt.duplicate;
    for (const { index, reason } of receipt.rejected)
      report.rejected.push({ line: lineNumbers[index] ?? 0, reason });
    items = [];
    lineNumbers = [];
    characters = 0;
  };

  try {
    let line = 0;
    for await (const text of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
      line++;
      if (text.trim() === '') continue;
      if (!isJson(text)) {
        report.rejected.push({ line, reason: 'the line is not valid JSON' });
        continue;
      }
      items.push(text);
      lineNumbers.push(line);
      characters += text.length;
      if (items.length >= LINES_PER_BATCH || characters >= CHARACTERS_PER_BATCH) await flush();
    }
    await flush();
  } finally {
    store?.close();
  }
  return report;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function openUnlessInUse(dataDir: string) {
  try {
    return openSqliteStore(dataDir);
  } catch (error) {
    if (error instanceof FolderInUse) return undefined;
    throw error;
  }
}

async function ask(target: TransferTarget, path: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  if (target.apiKey !== undefined) headers.set('authorization', `Bearer ${target.apiKey}`);
  let response: Response;
  try {
    response = await fetch(target.url + path, { ...init, headers });
  } catch {
    throw new Error(
      `The data folder ${target.dataDir} is in use, and no collector answers at ${target.url}: give its address with --url.`,
    );
  }
  if (!response.ok)
    throw new Error(
      `${target.url}${path} answered ${response.status}: ${(await response.text()).slice(0, 500)}`,
    );
  return response;
}
