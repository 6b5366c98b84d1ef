import { createHash } from 'node:crypto';
import type { Outcome } from '@observatory/core/wire';
import {
  amount,
  flag,
  id,
  isObject,
  type Manner,
  outcomeOf,
  prompt,
  type Reading,
  Refusal,
  readFields,
  record,
  seqOf,
  statusCode,
  text,
  texts,
  time,
  tokens,
} from './accept-fields.js';
import { contentHash, refs, textOrRefs } from './accept-refs.js';
import { shareContent } from './content.js';
import type { ContentEntry, Entry, FeedbackEntry, LossEntry } from './entry.js';
import type { Limits } from './limits.js';
import type { Fields } from './merge.js';
import { type Micros, parseTime } from './time.js';

export interface Acceptance {
  /** The entry of the item itself. */
  entry: Entry;
  /** Bodies split out of it, which its fields refer to. */
  contents: ContentEntry[];
}

export interface AcceptContext {
  manner: Manner;
  limits: Limits;
  receivedAt: Micros;
}

const ENDING = { start_time: time, end_time: time, status_code: statusCode, status_message: text };

const RUN = {
  ...ENDING,
  prompt,
  response: text,
  full_output: text,
  session_id: id,
  conversational: flag,
  metadata: record,
  name: text,
  user_id: id,
  tags: texts,
  parent_run_id: id,
  parent_tool_call_id: id,
  environment: text,
  release: text,
  sdk: text,
};

const STEP = {
  ...ENDING,
  prompt: text,
  response: text,
  model_requested: text,
  model_used: text,
  provider: text,
  finish_reason: text,
  prompt_uncached_tokens: tokens,
  prompt_cached_tokens: tokens,
  cache_write_tokens: tokens,
  completion_tokens: tokens,
  reasoning_tokens: tokens,
  real_total_cost: amount,
  time_to_first_token_ms: amount,
  messages: refs,
  output: refs,
  tool_definitions: textOrRefs,
  parameters: record,
  metadata: record,
};

const TOOL_CALL = {
  ...ENDING,
  tool_name: text,
  args: text,
  result: text,
  step_id: id,
  kind: text,
  metadata: record,
};

const TYPES = 'run, step, tool_call, content, feedback or loss';

/**
 * Validates one item of the wire and normalises it. Throws a {@link Refusal} that names the field and the fix.
 *
 * `source` is the item's own JSON text: an item without seq is told from its like by it.
 */
export function acceptItem(item: unknown, source: Buffer | string, context: AcceptContext): Acceptance {
  if (!isObject(item)) throw new Refusal(`an item must be a JSON object with a "type" (${TYPES})`);
  const { manner, limits } = context;
  const reading: Reading = { item, manner, limits, notes: {}, contents: [] };
  switch (item.type) {
    case 'run': {
      const run_id = requiredId(reading, 'run_id', source);
      const fields = promoteReserved(readFields(reading, RUN), reading.manner);
      return share({ kind: 'run', run_id, ...amendment(reading, fields, source, context) }, reading.contents);
    }
    case 'step': {
      const run_id = requiredId(reading, 'run_id', source);
      const step = requiredId(reading, 'step_id', source);
      if (reading.manner === 'lenient') item.time_to_first_token_ms ??= item.ttft_ms; // LangChain's handler
      const fields = readFields(reading, STEP);
      return share(
        { kind: 'step', run_id, id: step, ...amendment(reading, fields, source, context) },
        reading.contents,
      );
    }
    case 'tool_call': {
      const run_id = requiredId(reading, 'run_id', source);
      const call = requiredId(reading, 'tool_call_id', source);
      const fields = readFields(reading, TOOL_CALL);
      return share(
        { kind: 'tool_call', run_id, id: call, ...amendment(reading, fields, source, context) },
        reading.contents,
      );
    }
    case 'content': {
      const hash = contentHash(reading.limits, 'hash', item.hash);
      if (item.body === undefined)
        throw new Refusal('"body" is missing: send the message or schema the hash stands for');
      return { entry: { kind: 'content', hash: `c:${hash}`, body: JSON.stringify(item.body) }, contents: [] };
    }
    case 'feedback':
      return { entry: acceptFeedback(reading, source), contents: [] };
    case 'loss':
      return { entry: acceptLoss(reading, context.receivedAt), contents: [] };
    default:
      throw new Refusal(`"type" is ${JSON.stringify(item.type)?.slice(0, 80) ?? 'missing'}: send ${TYPES}`);
  }
}

function share(
  entry: Extract<Entry, { kind: 'run' | 'step' | 'tool_call' }>,
  contents: ContentEntry[],
): Acceptance {
  entry.fields = shareContent(entry.kind, entry.fields, contents);
  return { entry, contents };
}

function amendment(reading: Reading, fields: Fields, source: Buffer | string, context: AcceptContext) {
  const { start_time, end_time, status_code, ...rest } = fields;
  const amended: Fields = rest;
  if (start_time !== undefined) amended.start_us = start_time;
  else if (reading.notes.invalid_start_time !== undefined) amended.start_us = context.receivedAt;
  if (end_time !== undefined) amended.end_us = end_time;
  else if (reading.notes.invalid_end_time !== undefined) amended.end_us = context.receivedAt;
  if (status_code !== undefined) amended.status_code = status_code;
  if (isObject(reading.item.attributes)) {
    amended.metadata = {
      ...(isObject(rest.metadata) ? rest.metadata : {}),
      attributes: reading.item.attributes,
    };
  }
  if (Object.keys(reading.notes).length > 0) amended.notes = reading.notes;
  const seq = seqOf(reading);
  const outcome = outcomeOf(reading) ?? impliedOutcome(amended);
  return {
    fields: amended,
    fingerprint: seq === undefined ? fingerprint(source) : '',
    ...(seq !== undefined && { seq }),
    ...(outcome !== undefined && { outcome }),
  };
}

/** The seed product's clients send a status and no outcome; their timeout is an error with a fixed message. */
function impliedOutcome(fields: Fields): Outcome | undefined {
  if (fields.end_us === undefined) return undefined;
  if (fields.status_code !== 2) return 'ok';
  return typeof fields.status_message === 'string' &&
    /^Run timed out\b.*auto-flushed$/.test(fields.status_message)
    ? 'timed_out'
    : 'error';
}

/** The seed product's reserved metadata keys that name what the wire has its own fields for. */
function promoteReserved(fields: Fields, manner: Manner): Fields {
  if (manner === 'strict' || !isObject(fields.metadata)) return fields;
  const { 'tcc.agent': agent, 'tcc.userId': user } = fields.metadata;
  if (fields.name === undefined && typeof agent === 'string') fields.name = agent;
  if (fields.user_id === undefined && typeof user === 'string') fields.user_id = user;
  return fields;
}

function requiredId(reading: Reading, name: string, source: Buffer | string): string {
  const value = reading.item[name];
  const read = value === undefined || value === null ? undefined : id(reading, name, value);
  if (typeof read === 'string' && read !== '') return read;
  // A seed client cannot be told to send it again, and the same bytes sent twice must stay one thing.
  if (reading.manner === 'lenient') return `unnamed-${fingerprint(source)}`;
  throw new Refusal(
    `"${name}" is missing: send a string that is unique for this ${String(reading.item.type)}`,
  );
}

function acceptFeedback(reading: Reading, source: Buffer | string): FeedbackEntry {
  const { item } = reading;
  const run_id = requiredId(reading, 'run_id', source);
  const { score } = item;
  if (score !== undefined && score !== null && score !== 'thumbs_up' && score !== 'thumbs_down') {
    throw new Refusal('"score" must be "thumbs_up" or "thumbs_down", or be left out');
  }
  const fields = readFields(reading, { text, time });
  if (!score && fields.text === undefined) throw new Refusal('feedback needs a "score" or a "text"');
  const seq = seqOf(reading);
  return {
    kind: 'feedback',
    run_id,
    identity: seq === undefined ? fingerprint(source) : `seq:${seq}`,
    ...(score ? { score: score as 'thumbs_up' | 'thumbs_down' } : {}),
    ...(fields.text !== undefined && { text: fields.text as string }),
    ...(fields.time !== undefined && { time: fields.time as Micros }),
  };
}

function acceptLoss(reading: Reading, receivedAt: Micros): LossEntry {
  const { item } = reading;
  const fields = readFields(reading, { loss_id: id, reason: text, items: tokens, runs: tokens, sdk: text });
  for (const name of ['loss_id', 'reason', 'items']) {
    if (fields[name] === undefined)
      throw new Refusal(`"${name}" is missing: a loss needs loss_id, reason and items`);
  }
  return {
    kind: 'loss',
    loss_id: fields.loss_id as string,
    reason: fields.reason as string,
    items: fields.items as number,
    runs: (fields.runs as number | undefined) ?? 0,
    time: parseTime(item.time) ?? receivedAt,
    ...(fields.sdk !== undefined && { sdk: fields.sdk as string }),
  };
}

export const fingerprint = (source: Buffer | string): string =>
  createHash('sha256').update(source).digest('base64url').slice(0, 22);
