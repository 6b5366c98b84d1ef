import { contentHashOf } from './accept-refs.js';
import type { Merged } from './merge.js';
import type { RunState } from './run-state.js';
import { type ContentReader, createContentReader } from './sqlite-content-reader.js';
import { isStoredList, isStoredMessages, isStoredRef } from './sqlite-contents.js';
import type { Database, Row } from './sqlite-database.js';
import { formatTime, type Micros } from './time.js';

/** How many runs are read before the reader lets others have a turn. */
const RUNS_AT_A_TIME = 50;

/**
 * Everything as wire items, so that an export is read by the same door as a client's items. A run's contents come before it.
 * What was merged from several items comes as one, without seq.
 */
export async function* exportItems(db: Database): AsyncGenerator<Record<string, unknown>> {
  let after: [number, string] = [Number.MIN_SAFE_INTEGER, ''];
  for (;;) {
    const rows = db.all(
      `SELECT key, run_id, start_us, fields, state FROM runs JOIN run_states USING (key)
       WHERE (start_us, run_id) > (?, ?) ORDER BY start_us, run_id LIMIT ?`,
      ...after,
      RUNS_AT_A_TIME,
    );
    for (const row of rows) yield* runItems(db, row);
    const last = rows.at(-1);
    if (!last) break;
    after = [last.start_us as number, last.run_id as string];
    await new Promise((resolve) => setImmediate(resolve));
  }
  for (const row of db.all(
    'SELECT loss_id, time_us, reason, items, runs, sdk FROM losses ORDER BY time_us',
  )) {
    const { time_us, sdk, ...loss } = row;
    yield { type: 'loss', ...loss, time: formatTime(time_us as Micros), ...(sdk !== null && { sdk }) };
  }
}

function* runItems(db: Database, row: Row): Generator<Record<string, unknown>> {
  const contents = createContentReader(db);
  const lists = exportedLists(contents);
  const runId = row.run_id as string;
  const state = JSON.parse(row.state as string) as RunState;
  for (const { key, hash, body } of db.all(
    `SELECT c.key, c.hash, c.body IS NOT NULL AS body FROM content_uses u JOIN contents c ON c.key = u.content_key WHERE u.run_key = ?`,
    row.key as number,
  )) {
    // The collector's own hashes are split out of texts again on import.
    if (body !== 1 || !(hash as string).startsWith('c:')) continue;
    yield {
      type: 'content',
      hash: contents.hash(key as number),
      body: JSON.parse(contents.body(key as number)!),
    };
  }
  const item = (
    base: Record<string, unknown>,
    merged: Pick<Merged, 'outcome'>,
    fields: Record<string, unknown>,
  ) => {
    const { start_us, end_us, notes: _, ...rest } = fields;
    const out: Record<string, unknown> = { ...base };
    if (start_us !== undefined) out.start_time = formatTime(start_us as Micros);
    if (end_us !== undefined) out.end_time = formatTime(end_us as Micros);
    for (const [name, value] of Object.entries(rest)) out[name] = plain(name, value);
    if (merged.outcome !== undefined) out.outcome = merged.outcome;
    return out;
  };
  const plain = (name: string, value: unknown): unknown => {
    if (isStoredRef(value)) return contents.text(value);
    if (isStoredList(value)) return lists(value.$l);
    if (isStoredMessages(value)) return name === 'prompt' ? contents.text(value) : contents.hashes(value);
    if (name === 'prompt' && typeof value === 'object' && value !== null) {
      return Object.fromEntries(Object.entries(value).map(([part, text]) => [part, contents.text(text)]));
    }
    return value;
  };
  if (state.known === 'run') {
    yield item({ type: 'run', run_id: runId }, state.merged, JSON.parse(row.fields as string));
  }
  for (const [type, table, id] of [
    ['step', 'steps', 'step_id'],
    ['tool_call', 'tool_calls', 'tool_call_id'],
  ] as const) {
    for (const child of db.all(
      `SELECT ${id} AS id, fields, state FROM ${table} WHERE run_key = ? ORDER BY start_us, ${id}`,
      row.key as number,
    )) {
      yield item(
        { type, run_id: runId, [id]: child.id },
        JSON.parse(child.state as string) as Merged,
        JSON.parse(child.fields as string),
      );
    }
  }
  for (const feedback of db.all(
    'SELECT score, text, time_us FROM feedback WHERE run_key = ? ORDER BY time_us, identity',
    row.key as number,
  )) {
    yield {
      type: 'feedback',
      run_id: runId,
      ...(feedback.score !== null && { score: feedback.score }),
      ...(feedback.text !== null && { text: feedback.text }),
      time: formatTime(feedback.time_us as Micros),
    };
  }
}

/**
 * Refs to lists as one run's items carry them: each list names the list before it where an earlier item has carried that, and else
 * the contents of it, so that an export holds all that it refers to and grows with the number of messages.
 */
function exportedLists(contents: ContentReader): (key: number) => string[] {
  const carried = new Map<number, string>();
  return (key) => {
    const parts: string[][] = [];
    for (let at: number | undefined = key; at !== undefined; ) {
      const list = contents.list(at);
      const hash = carried.get(at) ?? (list ? undefined : contents.hash(at));
      if (hash !== undefined) {
        parts.push([`@${hash}`]);
        break;
      }
      parts.push(list?.keys.map((one) => contents.hash(one)) ?? []);
      at = list?.base;
    }
    const refs = parts.reverse().flat();
    if (refs.length > 1) carried.set(key, contentHashOf(JSON.stringify(refs)));
    return refs;
  };
}
