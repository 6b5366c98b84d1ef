import { iso } from './clock.js';
import { type Redact, settings } from './config.js';
import { contentHash } from './content.js';
import { type SealedContent, SentContents } from './content-refs.js';
import { report } from './diagnostics.js';
import { quote } from './quote.js';
import { isSecretKey, mayHoldSecret, REDACTED, redactSecrets } from './redaction.js';
import { sealedContent } from './sealed-contents.js';
import { isObject, messageOf, toJson } from './snapshot.js';
import type { Message, WireItem } from './wire.js';

/** A value, or a function that makes it when the item is sealed. The function may close over immutable data only. */
export type Lazy<T> = T | (() => T);

/** Messages or schemas that a step refers to: each already JSON text, or a function that makes them. */
export type ContentList = string[] | (() => readonly unknown[]);

/** What the parts of an item look like until they are sealed. */
export interface Unsealed {
  type: WireItem['type'];
  /** Epoch milliseconds until it is sealed. */
  start_time?: number | string;
  end_time?: number | string;
  messages?: ContentList;
  output?: ContentList;
  tool_definitions?: ContentList | string;
  [OWNER]?: Owner;
}

/** The run, step or tool call an item belongs to. */
export interface Owner {
  /** Called once, when the item becomes text: what is set from now on goes into a new item. */
  sealed(): void;
  /** What this run has told of its contents. */
  readonly sentContents: SentContents;
}

export const OWNER = Symbol('observatory.owner');

const CONTENT_FIELDS = ['messages', 'output', 'tool_definitions'] as const;

/**
 * The one choke point between what was recorded and anything that leaves the process, disk included: redaction,
 * truncation, JSON. Returns the item's JSON text, preceded by that of the contents it refers to and that its run has not
 * sent before. Never throws.
 */
export function seal(item: WireItem): string[] {
  const unsealed = item as unknown as Unsealed & Record<string, unknown>;
  const owner = unsealed[OWNER];
  owner?.sealed();
  const lines: string[] = [];
  try {
    // Contents are JSON text already, which is neither scanned again nor parsed to be written again.
    let contents = '';
    for (const field of CONTENT_FIELDS) {
      const list = unsealed[field];
      if (typeof list !== 'function' && !Array.isArray(list)) continue;
      const refs = sealContents(list as ContentList, owner, lines);
      if (refs !== undefined) contents += `,"${field}":${refs}`;
      (unsealed as Record<string, unknown>)[field] = undefined;
    }
    const json = sealValue(unsealed);
    lines.push(contents === '' ? json : `${json.slice(0, -1)}${contents}}`);
  } catch (error) {
    report({
      kind: 'unserialisable',
      message: `A ${unsealed.type} could not be turned into JSON and was dropped: ${messageOf(error)}`,
      cause: error,
    });
  }
  return lines;
}

/** The JSON text of the refs to a list's contents; undefined when the list cannot be read. */
function sealContents(list: ContentList, owner: Owner | undefined, lines: string[]): string | undefined {
  let bodies: readonly unknown[];
  try {
    bodies = typeof list === 'function' ? list() : list;
  } catch (error) {
    report({ kind: 'unserialisable', message: `A step's content could not be read: ${messageOf(error)}` });
    return undefined;
  }
  if (!Array.isArray(bodies)) return undefined;
  // Texts of a ready list are JSON already; a function hands over values.
  const contents = bodies.map((body) => sealContent(typeof list === 'function' ? toJson(body) : body));
  return (owner?.sentContents ?? new SentContents()).refs(contents, lines);
}

function sealContent(raw: string): SealedContent {
  const { redact } = settings.raw;
  // What a host's own hook makes of a text may change from call to call.
  if (!redact) return sealedContent(raw, settings.maxTextLength, sealJson);
  const json = sealJson(raw);
  return { json, hash: contentHash(json) };
}

function sealValue(item: Unsealed & Record<string, unknown>): string {
  const { redact } = settings.raw;
  const limit = settings.maxTextLength;
  if (typeof item.start_time === 'number') item.start_time = iso(item.start_time);
  if (typeof item.end_time === 'number') item.end_time = iso(item.end_time);
  return (
    (redact ? undefined : writeClean(item, limit)) ??
    JSON.stringify(cleaned(item, item.type, '', redact, limit))
  );
}

function sealJson(json: string): string {
  const { redact } = settings.raw;
  const limit = settings.maxTextLength;
  if (!redact && json.length <= limit && !mayHoldSecret(json)) return json;
  return JSON.stringify(cleaned(JSON.parse(json), 'content', 'body', redact, limit)) ?? 'null';
}

/** Its JSON text if nothing in it has to be redacted or cut. Its names are the model's own. */
function writeClean(fields: Record<string, unknown>, limit: number): string | undefined {
  let json = '{';
  for (const key in fields) {
    const value = fields[key];
    if (value === undefined || value === null) continue;
    let text: string | undefined;
    if (typeof value === 'string') {
      if (STRUCTURAL.has(key) || (value.length <= limit && !mayHoldSecret(value))) text = quote(value);
    } else if (key === 'prompt') text = writeClean(value as Record<string, unknown>, limit);
    else {
      const whole = JSON.stringify(value);
      if (whole.length <= limit && !mayHoldSecret(whole)) text = whole;
    }
    if (text === undefined) return undefined;
    json += `${json === '{' ? '' : ','}"${key}":${text}`;
  }
  return `${json}}`;
}

const MAX_NAME_LENGTH = 256;

/** Names, numbers and enumerations of the model itself: a pattern must not touch them. */
const STRUCTURAL = new Set([
  'type',
  'run_id',
  'step_id',
  'tool_call_id',
  'parent_run_id',
  'parent_tool_call_id',
  'start_time',
  'end_time',
  'outcome',
  'sdk',
]);

function cleaned(
  value: unknown,
  type: string,
  path: string,
  redact: Redact | undefined,
  limit: number,
): unknown {
  if (typeof value === 'string') return cleanText(value, type, path, redact, limit);
  if (Array.isArray(value)) {
    return value.map((member, i) => cleaned(member, type, path ? `${path}.${i}` : `${i}`, redact, limit));
  }
  if (!isObject(value)) return value;
  const result: Record<string, unknown> = {};
  for (const key of Object.keys(value)) {
    const at = path ? `${path}.${key}` : key;
    const member = value[key];
    let clean: unknown;
    if (path === '' && STRUCTURAL.has(key)) clean = member;
    else if (path !== '' && isSecretKey(key) && member !== null) clean = REDACTED;
    else clean = cleaned(member, type, at, redact, limit);
    const name = cleanText(key, type, at, undefined, Math.max(limit, MAX_NAME_LENGTH)) as string;
    Object.defineProperty(result, name, {
      value: clean,
      enumerable: true,
      writable: true,
      configurable: true,
    });
  }
  return result;
}

function cleanText(
  text: string,
  type: string,
  path: string,
  redact: Redact | undefined,
  limit: number,
): string | undefined {
  let clean: string | undefined = redactSecrets(text);
  if (redact) {
    try {
      clean = redact(clean, { type, path });
      if (clean !== undefined && typeof clean !== 'string') clean = REDACTED;
    } catch (error) {
      report({
        kind: 'redact-failed',
        message: `The redact hook threw at ${path}; the text was left out: ${messageOf(error)}`,
        cause: error,
      });
      clean = REDACTED;
    }
  }
  return clean === undefined || clean.length <= limit ? clean : truncate(clean, limit);
}

/** Cut text says so, and how much is missing. */
function truncate(text: string, limit: number): string {
  const last = text.charCodeAt(limit - 1);
  const end = last >= 0xd800 && last <= 0xdbff ? limit - 1 : limit;
  return `${text.slice(0, end)}… [truncated: ${text.length - end} of ${text.length} characters left out]`;
}

/** Messages as JSON texts, now: what the host does to them later changes nothing. */
export function contentTexts(values: Lazy<readonly unknown[] | readonly Message[]>): ContentList {
  return typeof values === 'function' ? values : values.map(toJson);
}
