import type { RunRow, SessionRow } from './api.js';
import type { Database, Row } from './sqlite-database.js';
import { formatTime, type Micros } from './time.js';

/** Deriving a session reads all its runs: up to this many that is done with each write, beyond it before the next reading. */
const RUNS_DERIVED_AT_ONCE = 200;

/**
 * Sessions are derived from their runs, in the transaction that writes these. A session of very many runs is only marked: ten
 * thousand runs of one batch cost a few derivations, not ten thousand.
 */
export function touchSession(db: Database, sessionId: string): void {
  const known = db.get('SELECT run_count FROM sessions WHERE session_id = ?', sessionId);
  if (known && (known.run_count as number) > RUNS_DERIVED_AT_ONCE) {
    db.run('INSERT OR IGNORE INTO stale_sessions (session_id) VALUES (?)', sessionId);
  } else derive(db, sessionId);
}

/** Derives the marked sessions, before sessions are read. */
export function refreshSessions(db: Database): void {
  const stale = db.all('SELECT session_id FROM stale_sessions');
  if (stale.length === 0) return;
  db.transaction(() => {
    for (const { session_id } of stale) derive(db, session_id as string);
    db.run('DELETE FROM stale_sessions');
  });
}

const TOKEN_SUMS = [
  'prompt_tokens',
  'cached_tokens',
  'cache_write_tokens',
  'completion_tokens',
  'reasoning_tokens',
] as const;

function derive(db: Database, sessionId: string): void {
  // Tokens and cost include the session's nested runs: each step is counted once, wherever it ran.
  const sums = db.get(
    `SELECT count(*) FILTER (WHERE listed = 1) AS runs, count(*) FILTER (WHERE listed = 1 AND status = 2) AS errors,
       count(*) FILTER (WHERE listed = 1 AND running) AS running, min(start_us) AS start, max(end_us) AS end, max(active_us) AS active,
       max(conversational) AS conversational, sum(cost_nano) AS cost, ${TOKEN_SUMS.map((name) => `sum(${name}) AS ${name}`).join(', ')}
     FROM runs WHERE session_id = ?`,
    sessionId,
  );
  if (!sums || sums.runs === 0) {
    db.run('DELETE FROM sessions WHERE session_id = ?', sessionId);
    return;
  }
  const rowsOf = (order: 'ASC' | 'DESC', limit: number): RunRow[] =>
    db
      .all(
        `SELECT row FROM runs WHERE session_id = ? AND listed = 1 ORDER BY start_us ${order}, run_id ${order} LIMIT ?`,
        sessionId,
        limit,
      )
      .map(({ row }) => JSON.parse(row as string) as RunRow);
  // A run without a prompt or an answer is seldom, many in a row more so.
  const first = rowsOf('ASC', 20).find((row) => row.prompt_preview !== undefined);
  const latest = rowsOf('DESC', 20);
  const last = latest.find((row) => row.response_preview !== undefined);
  const user = latest.find((row) => row.user_id !== undefined)?.user_id;
  const row: SessionRow = {
    session_id: sessionId,
    conversational: sums.conversational === 1,
    run_count: sums.runs as number,
    error_count: sums.errors as number,
    running_count: sums.running as number,
    start_time: formatTime(sums.start as Micros),
    last_activity_time: formatTime(sums.active as Micros),
  };
  if (user !== undefined) row.user_id = user;
  if (sums.end !== null) row.end_time = formatTime(sums.end as Micros);
  if (sums.cost !== null) row.cost_usd = (sums.cost as number) / 1e9;
  if (first?.prompt_preview !== undefined) row.first_prompt = first.prompt_preview;
  if (last?.response_preview !== undefined) row.last_response = last.response_preview;
  for (const name of TOKEN_SUMS) if (sums[name] !== null) row[name] = sums[name] as number;
  db.run(
    `INSERT INTO sessions (session_id, active_us, run_count, row) VALUES (?, ?, ?, ?)
     ON CONFLICT (session_id) DO UPDATE SET active_us = excluded.active_us, run_count = excluded.run_count, row = excluded.row`,
    sessionId,
    sums.active as Micros,
    sums.runs as number,
    JSON.stringify(row),
  );
}

export const readSession = (row: Row): SessionRow => JSON.parse(row.row as string) as SessionRow;
