import { isObject } from './accept-fields.js';
import type { RunRow, SearchHit } from './api.js';
import { decodeCursor, encodeCursor } from './cursor.js';
import type { TextQuery } from './filter.js';
import type { Fields } from './merge.js';
import { ftsQuery, snippet, textsIn } from './search-text.js';
import { type ContentReader, createContentReader } from './sqlite-content-reader.js';
import { isStoredList, isStoredMessages, isStoredRef } from './sqlite-contents.js';
import type { Database, Row } from './sqlite-database.js';
import type { Page, PageRequest } from './store.js';

type Place = Pick<SearchHit, 'where' | 'step_id' | 'tool_call_id' | 'snippet'>;

/** The one content that is looked for. */
interface Only {
  key: number;
  where: 'own' | 'whole';
}

/** A run with more steps than this is searched in its first ones for where a shared text stands. */
const MAX_STEPS_LOOKED_AT = 500;

/** Hits newest first: a key grows with every new thing, so the index's own order is the order of arrival. */
export function searchHits(db: Database, query: TextQuery, request: PageRequest): Page<SearchHit> {
  if (query.terms.length === 0) return { rows: [] };
  let before =
    request.cursor === undefined ? Number.MAX_SAFE_INTEGER : decodeCursor(request.cursor, 'number')[0];
  const match = ftsQuery(query);
  const hits: SearchHit[] = [];
  const contents = createContentReader(db);
  for (;;) {
    const keys = db
      .all(
        'SELECT rowid AS key FROM search WHERE search MATCH ? AND rowid < ? ORDER BY rowid DESC LIMIT ?',
        match,
        before,
        request.limit + 1,
      )
      .map((row) => row.key as number);
    for (const key of keys) {
      if (hits.length === request.limit) return { rows: hits, next: encodeCursor([before]) };
      const hit = locate(db, key, query, contents);
      if (hit) hits.push(hit);
      before = key;
    }
    if (keys.length <= request.limit) return { rows: hits };
  }
}

function locate(db: Database, key: number, query: TextQuery, contents: ContentReader): SearchHit | undefined {
  const run = db.get('SELECT row, fields FROM runs JOIN run_states USING (key) WHERE key = ?', key);
  if (run) return hit(run, runPlace(fieldsOf(run), query, contents));
  const step = db.get(
    `SELECT r.row, s.fields, s.step_id FROM steps s JOIN runs r ON r.key = s.run_key WHERE s.key = ?`,
    key,
  );
  if (step) return hit(step, stepPlace(step, query, contents));
  const call = db.get(
    `SELECT r.row, t.fields, t.tool_call_id FROM tool_calls t JOIN runs r ON r.key = t.run_key WHERE t.key = ?`,
    key,
  );
  if (call) return hit(call, toolCallPlace(call, query, contents));
  return locateContent(db, key, query, contents);
}

/** A shared text stands in many runs: the last that came and uses it is shown. */
function locateContent(
  db: Database,
  key: number,
  query: TextQuery,
  contents: ContentReader,
): SearchHit | undefined {
  const run = db.get(
    `SELECT key, row, fields FROM runs JOIN run_states USING (key)
     WHERE key = (SELECT max(run_key) FROM content_uses WHERE content_key = ?)`,
    key,
  );
  if (!run) return undefined;
  const own = runPlace(fieldsOf(run), query, contents, { key, where: 'own' });
  if (own) return hit(run, own);
  const steps = db.all(
    'SELECT step_id, fields FROM steps WHERE run_key = ? ORDER BY start_us, step_id LIMIT ?',
    run.key as number,
    MAX_STEPS_LOOKED_AT,
  );
  // The step that brought the text, and not one that repeats it; unless it was another run's.
  for (const where of ['own', 'whole'] as const) {
    for (const step of steps) {
      const place = stepPlace(step, query, contents, { key, where });
      if (place) return hit(run, place);
    }
  }
  const calls = db.all(
    'SELECT tool_call_id, fields FROM tool_calls WHERE run_key = ? ORDER BY start_us, tool_call_id LIMIT ?',
    run.key as number,
    MAX_STEPS_LOOKED_AT,
  );
  for (const call of calls) {
    const place = toolCallPlace(call, query, contents, { key, where: 'own' });
    if (place) return hit(run, place);
  }
  return undefined;
}

const fieldsOf = (row: Row): Fields => JSON.parse(row.fields as string) as Fields;

function hit(row: Row, place: Place | undefined): SearchHit | undefined {
  if (!place) return undefined;
  const run = JSON.parse(row.row as string) as RunRow;
  return {
    run_id: run.run_id,
    ...(run.session_id !== undefined && { session_id: run.session_id }),
    ...place,
    run,
  };
}

/**
 * The first of some texts in which the query occurs: the inline ones, or (`only`) the one that is this content. So one text is
 * one hit, wherever it is stored.
 */
function firstPlace(
  places: [where: SearchHit['where'], value: unknown][],
  query: TextQuery,
  contents: ContentReader,
  only: Only | undefined,
): Place | undefined {
  for (const [where, value] of places) {
    const text = only === undefined ? inlineText(value) : contentText(value, only, contents);
    const found = text === undefined ? undefined : snippet(text, query);
    if (found !== undefined) return { where, snippet: found };
  }
  return undefined;
}

const inlineText = (value: unknown): string | undefined =>
  typeof value === 'string'
    ? value
    : isObject(value) && !isStoredRef(value) && !isStoredMessages(value) && !isStoredList(value)
      ? textsIn(value)
      : undefined;

function contentText(value: unknown, { key, where }: Only, contents: ContentReader): string | undefined {
  const body = contents.holds(value, key, where) ? contents.body(key) : undefined;
  return body === undefined ? undefined : textsIn(JSON.parse(body));
}

function runPlace(fields: Fields, query: TextQuery, contents: ContentReader, only?: Only): Place | undefined {
  const prompt = isObject(fields.prompt) ? fields.prompt : {};
  return firstPlace(
    [
      ['prompt', prompt.user_prompt],
      ['response', fields.response],
      ['error', fields.status_message],
      ['name', fields.name],
      ['system_prompt', prompt.system_prompt],
      ['prompt', prompt.full_input],
      ['response', fields.full_output],
      ['metadata', fields.metadata],
    ],
    query,
    contents,
    only,
  );
}

function stepPlace(row: Row, query: TextQuery, contents: ContentReader, only?: Only): Place | undefined {
  const fields = fieldsOf(row);
  const place = firstPlace(
    [
      ['step', fields.prompt],
      ['step', fields.response],
      ['step', fields.messages],
      ['step', fields.output],
      ['step', fields.tool_definitions],
      ['error', fields.status_message],
    ],
    query,
    contents,
    only,
  );
  return place && { ...place, step_id: row.step_id as string };
}

function toolCallPlace(row: Row, query: TextQuery, contents: ContentReader, only?: Only): Place | undefined {
  const fields = fieldsOf(row);
  const place = firstPlace(
    [
      ['tool_args', fields.args],
      ['tool_result', fields.result],
      ['error', fields.status_message],
    ],
    query,
    contents,
    only,
  );
  return place && { ...place, tool_call_id: row.tool_call_id as string };
}
