import { isObject } from './accept-fields.js';
import type { FeedbackBody, RunBody, RunDetail, RunRow, StepBody, ToolCallBody } from './api.js';
import type { Fields, Merged } from './merge.js';
import { unpackMerged } from './merged-text.js';
import { endedOutcome, statusOf } from './outcome.js';
import { type ContentReader, createContentReader } from './sqlite-content-reader.js';
import { isStoredMessages } from './sqlite-contents.js';
import type { Database, Row } from './sqlite-database.js';
import { durationMs, formatTime, type Micros } from './time.js';

/** A run that nests others without end (or in a ring) is cut off here. */
const MAX_NESTED_RUNS = 500;

interface ReadRun {
  key: number;
  row: RunRow;
  fields: Fields;
  start: Micros;
  end: Micros | undefined;
}

const RUN_SQL = `SELECT key, row, start_us, end_us, fields FROM runs JOIN run_states USING (key)`;

const readRun = (row: Row): ReadRun => ({
  key: row.key as number,
  row: JSON.parse(row.row as string) as RunRow,
  fields: JSON.parse(row.fields as string) as Fields,
  start: row.start_us as Micros,
  end: (row.end_us as Micros | null) ?? undefined,
});

export function readDetail(db: Database, runId: string): RunDetail | undefined {
  const row = db.get(`${RUN_SQL} WHERE run_id = ? AND listed >= 0`, runId);
  if (!row) return undefined;
  const read = new Set<string>();
  return detail(db, readRun(row), createContentReader(db), read);
}

function detail(db: Database, run: ReadRun, contents: ContentReader, read: Set<string>): RunDetail {
  read.add(run.row.run_id);
  const bodies = <Body>(
    table: 'steps' | 'tool_calls',
    id: string,
    read: (run: ReadRun, row: Row, contents: ContentReader) => Body,
  ) =>
    db
      .all(`SELECT *, ${id} AS id FROM ${table} WHERE run_key = ?`, run.key)
      .map((row) => ({ ...inTime(run, row), body: read(run, row, contents) }))
      .sort((a, b) => a.start - b.start || a.end - b.end || (a.id < b.id ? -1 : 1))
      .map(({ body }) => body);
  const steps = bodies('steps', 'step_id', stepBody);
  const toolCalls = bodies('tool_calls', 'tool_call_id', toolCallBody);
  const nested: RunDetail[] = [];
  for (const row of db.all(`${RUN_SQL} WHERE parent_run_id = ? ORDER BY start_us, run_id`, run.row.run_id)) {
    const child = readRun(row);
    if (read.has(child.row.run_id) || read.size >= MAX_NESTED_RUNS) continue;
    nested.push(detail(db, child, contents, read));
  }
  return {
    run: runBody(run.row, run.fields, contents),
    steps,
    tool_calls: toolCalls,
    runs: nested,
    feedback: readFeedback(db, run.key, run.row.run_id),
    subtree: subtree(run.row, nested),
  };
}

/** By when things began, then ended; ids decide between equals, so that the order never depends on arrival. */
function inTime(run: ReadRun, row: Row): { start: Micros; end: Micros; id: string } {
  const fields = JSON.parse(row.fields as string) as Fields;
  return {
    start: startOf(run, fields),
    end: (fields.end_us as Micros | undefined) ?? Number.MAX_SAFE_INTEGER,
    id: row.id as string,
  };
}

const startOf = (run: ReadRun, fields: Fields): Micros =>
  (fields.start_us ?? fields.end_us ?? run.start) as Micros;

function subtree(row: RunRow, nested: RunDetail[]): RunDetail['subtree'] {
  const sum: RunDetail['subtree'] = { run_count: 1 };
  const names = [
    'prompt_tokens',
    'cached_tokens',
    'cache_write_tokens',
    'completion_tokens',
    'reasoning_tokens',
    'cost_usd',
  ] as const;
  for (const part of [row, ...nested.map((child) => child.subtree)]) {
    for (const name of names) {
      const value = part[name];
      // Costs are summed in billionths: sums of fractions of a dollar would end in …0000001.
      if (value !== undefined) {
        sum[name] =
          name === 'cost_usd' ? Math.round(((sum[name] ?? 0) + value) * 1e9) / 1e9 : (sum[name] ?? 0) + value;
      }
    }
  }
  for (const child of nested) sum.run_count += child.subtree.run_count;
  return sum;
}

export function runBody(row: RunRow, fields: Fields, contents: ContentReader): RunBody {
  const prompt = isObject(fields.prompt) ? fields.prompt : {};
  const metadata = withNotes(fields);
  return {
    ...row,
    ...optional('status_message', fields.status_message as string | undefined),
    ...optional('tags', fields.tags as string[] | undefined),
    ...optional('user_prompt', contents.text(prompt.user_prompt)),
    ...optional('system_prompt', contents.text(prompt.system_prompt)),
    ...optional('full_input', contents.text(prompt.full_input)),
    ...optional('response', contents.text(fields.response)),
    ...optional('full_output', contents.text(fields.full_output)),
    ...optional('metadata', metadata),
    ...optional('sdk', fields.sdk as string | undefined),
  };
}

const optional = <Name extends string, Value>(
  name: Name,
  value: Value | undefined,
): { [name in Name]?: Value } => (value === undefined ? {} : { [name]: value }) as { [name in Name]?: Value };

/** What the client sent and the collector could not take as it was stands beside what it could. */
function withNotes(fields: Fields): Record<string, unknown> | undefined {
  const metadata = fields.metadata as Record<string, unknown> | undefined;
  if (!isObject(fields.notes)) return metadata;
  const notes = Object.entries(fields.notes).map(([name, value]) => [`observatory.${name}`, value]);
  return { ...metadata, ...Object.fromEntries(notes) };
}

/** What steps and tool calls share: times, status, and how an open one of an ended run is shown. */
function ending(run: ReadRun, merged: Merged) {
  const { fields } = merged;
  const start = startOf(run, fields);
  let outcome = endedOutcome(merged);
  let end = fields.end_us as Micros | undefined;
  if (outcome === undefined && run.end !== undefined) {
    outcome = 'abandoned';
    end = Math.max(start, run.end);
  }
  return {
    start_time: formatTime(start),
    running: outcome === undefined,
    ...(end !== undefined && { end_time: formatTime(end), duration_ms: durationMs(start, end) }),
    ...(outcome !== undefined && { outcome, status_code: statusOf(outcome) }),
    ...optional('status_message', fields.status_message as string | undefined),
    ...optional('metadata', withNotes(fields)),
  };
}

const readMerged = (row: Row): Merged =>
  unpackMerged(JSON.parse(row.state as string) as Merged, JSON.parse(row.fields as string) as Fields);

const STEP_FIELDS = [
  'model_requested',
  'model_used',
  'provider',
  'finish_reason',
  'parameters',
  'prompt_uncached_tokens',
  'prompt_cached_tokens',
  'cache_write_tokens',
  'completion_tokens',
  'reasoning_tokens',
  'time_to_first_token_ms',
] as const;

export function stepBody(run: ReadRun, row: Row, contents: ContentReader): StepBody {
  const merged = readMerged(row);
  const { fields } = merged;
  // A prompt that was the text of messages gives both: the text as sent, and the messages.
  const messages = fields.messages ?? (isStoredMessages(fields.prompt) ? fields.prompt : undefined);
  const body: Record<string, unknown> = {
    step_id: row.id as string,
    run_id: run.row.run_id,
    ...ending(run, merged),
    ...optional('prompt', contents.text(fields.prompt)),
    ...optional('response', contents.text(fields.response)),
    ...optional('messages', contents.messages(messages)),
    ...optional('message_hashes', contents.hashes(messages)),
    ...optional('output', contents.messages(fields.output)),
    ...optional('tool_definitions', toolDefinitions(fields.tool_definitions, contents)),
    ...stepCost(row, fields),
  };
  for (const name of STEP_FIELDS) if (fields[name] !== undefined) body[name] = fields[name];
  return body as unknown as StepBody;
}

/** What the client said to the last digit, what the list says in billionths. */
function stepCost(row: Row, fields: Fields): Pick<StepBody, 'cost_usd' | 'cost_source'> {
  if (row.cost_source === 'client')
    return { cost_usd: fields.real_total_cost as number, cost_source: 'client' };
  if (row.cost_source === 'price_list')
    return { cost_usd: (row.cost_nano as number) / 1e9, cost_source: 'price_list' };
  return {};
}

function toolDefinitions(value: unknown, contents: ContentReader): unknown {
  const schemas = contents.values(value);
  if (schemas) return schemas;
  const text = contents.text(value);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

export function toolCallBody(run: ReadRun, row: Row, contents: ContentReader): ToolCallBody {
  const merged = readMerged(row);
  const { fields } = merged;
  return {
    tool_call_id: row.id as string,
    run_id: run.row.run_id,
    tool_name: (fields.tool_name as string | undefined) ?? 'unknown',
    ...ending(run, merged),
    ...optional('step_id', fields.step_id as string | undefined),
    ...optional('kind', fields.kind as string | undefined),
    ...optional('args', contents.text(fields.args)),
    ...optional('result', contents.text(fields.result)),
  };
}

export const readFeedback = (db: Database, runKey: number, runId: string): FeedbackBody[] =>
  db
    .all('SELECT score, text, time_us FROM feedback WHERE run_key = ? ORDER BY time_us, identity', runKey)
    .map((row) => ({
      run_id: runId,
      ...optional('score', (row.score as FeedbackBody['score'] | null) ?? undefined),
      ...optional('text', (row.text as string | null) ?? undefined),
      time: formatTime(row.time_us as Micros),
    }));
