import type { DatabaseSync } from 'node:sqlite';

/**
 * The schema, one entry per version. A change adds an entry at the end and never edits one that was released: a data folder
 * is brought up to date by running the entries it has not had.
 *
 * Keys are drawn from one counter over all tables, in order of arrival: `search.rowid` is a key, so that hits come newest first.
 */
const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE runs (
    key INTEGER PRIMARY KEY,
    run_id TEXT NOT NULL UNIQUE,
    listed INTEGER NOT NULL,          -- 1: a run of its own; 0: nested; -1: known only from feedback, shown nowhere
    parent_run_id TEXT,
    session_id TEXT,
    conversational INTEGER,
    name TEXT, user_id TEXT, environment TEXT, release TEXT,
    start_us INTEGER NOT NULL,
    end_us INTEGER,
    active_us INTEGER NOT NULL,       -- the latest time any of its items names
    seen_us INTEGER NOT NULL,         -- when the last item arrived
    running INTEGER NOT NULL,
    outcome TEXT, status INTEGER,
    duration_us INTEGER,
    prompt_tokens INTEGER, cached_tokens INTEGER, cache_write_tokens INTEGER,
    completion_tokens INTEGER, reasoning_tokens INTEGER,
    cost_nano INTEGER,                -- billionths of a dollar: whole numbers add up the same in any order
    row TEXT NOT NULL                 -- the RunRow, as JSON
  );
  CREATE INDEX runs_by_time ON runs (listed, start_us, run_id);
  CREATE INDEX runs_by_start ON runs (start_us, run_id);
  CREATE INDEX runs_by_session ON runs (session_id, listed, start_us, run_id) WHERE session_id IS NOT NULL;
  CREATE INDEX runs_by_user ON runs (user_id, listed, start_us, run_id) WHERE user_id IS NOT NULL;
  CREATE INDEX runs_by_name ON runs (name, listed, start_us, run_id) WHERE name IS NOT NULL;
  CREATE INDEX runs_by_outcome ON runs (outcome, listed, start_us, run_id) WHERE outcome IS NOT NULL;
  CREATE INDEX runs_by_environment ON runs (environment, listed, start_us, run_id) WHERE environment IS NOT NULL;
  CREATE INDEX runs_by_release ON runs (release, listed, start_us, run_id) WHERE release IS NOT NULL;
  CREATE INDEX runs_by_cost ON runs (cost_nano) WHERE cost_nano IS NOT NULL;
  CREATE INDEX runs_by_parent ON runs (parent_run_id, start_us) WHERE parent_run_id IS NOT NULL;
  CREATE INDEX runs_open ON runs (listed, start_us, run_id) WHERE running = 1;
  CREATE INDEX runs_failed ON runs (listed, start_us, run_id) WHERE status = 2;
  CREATE INDEX runs_overview ON runs (listed, status, running, cost_nano);

  CREATE TABLE run_states (
    key INTEGER PRIMARY KEY,
    fields TEXT NOT NULL,             -- the merged fields, as JSON
    state TEXT NOT NULL               -- what merging and summing need to go on, as JSON
  );

  CREATE TABLE steps (
    key INTEGER PRIMARY KEY,
    run_key INTEGER NOT NULL,
    step_id TEXT NOT NULL,
    start_us INTEGER NOT NULL,
    end_us INTEGER,
    model TEXT,
    cost_nano INTEGER,
    cost_source TEXT,
    first_token_us INTEGER,
    fields TEXT NOT NULL,
    state TEXT NOT NULL,
    UNIQUE (run_key, step_id)
  );
  CREATE INDEX steps_by_run ON steps (run_key, start_us);

  CREATE TABLE tool_calls (
    key INTEGER PRIMARY KEY,
    run_key INTEGER NOT NULL,
    tool_call_id TEXT NOT NULL,
    start_us INTEGER NOT NULL,
    end_us INTEGER,
    tool_name TEXT,
    fields TEXT NOT NULL,
    state TEXT NOT NULL,
    UNIQUE (run_key, tool_call_id)
  );
  CREATE INDEX tool_calls_by_run ON tool_calls (run_key, start_us);

  -- A message, schema or long text, once per collector. The body is NULL while only references to it have arrived.
  CREATE TABLE contents (
    key INTEGER PRIMARY KEY,
    hash TEXT NOT NULL UNIQUE,
    body                              -- JSON text, or the same deflated (a blob)
  );
  CREATE TABLE content_uses (
    content_key INTEGER NOT NULL,
    run_key INTEGER NOT NULL,
    PRIMARY KEY (content_key, run_key)
  ) WITHOUT ROWID;
  CREATE INDEX content_uses_by_run ON content_uses (run_key);

  -- model, tool, tag and metadata.KEY values of runs
  CREATE TABLE labels (
    kind TEXT NOT NULL,
    value TEXT NOT NULL,
    run_key INTEGER NOT NULL,
    PRIMARY KEY (kind, value, run_key)
  ) WITHOUT ROWID;

  CREATE TABLE feedback (
    key INTEGER PRIMARY KEY,
    run_key INTEGER NOT NULL,
    identity TEXT NOT NULL,
    score TEXT, text TEXT,
    time_us INTEGER NOT NULL,
    UNIQUE (run_key, identity)
  );

  CREATE TABLE losses (
    loss_id TEXT PRIMARY KEY,
    time_us INTEGER NOT NULL,
    reason TEXT NOT NULL,
    items INTEGER NOT NULL,
    runs INTEGER NOT NULL,
    sdk TEXT
  ) WITHOUT ROWID;

  -- Derived from runs, a small one when they are written; one in stale_sessions is derived again before it is read.
  CREATE TABLE sessions (
    session_id TEXT PRIMARY KEY,
    active_us INTEGER NOT NULL,
    run_count INTEGER NOT NULL,
    row TEXT NOT NULL                 -- the SessionRow, as JSON
  );
  CREATE INDEX sessions_by_activity ON sessions (active_us, session_id);
  CREATE TABLE stale_sessions (session_id TEXT PRIMARY KEY) WITHOUT ROWID;

  CREATE VIRTUAL TABLE search USING fts5 (
    body, content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 2'
  );
  `,
  `
  -- Rows of contents whose hash begins with 'l:' are lists of contents (sqlite-lists.ts), which steps refer to. Nothing changes for
  -- what is stored already; a collector that does not know them must not open the folder.
  `,
];

export const SCHEMA_VERSION = MIGRATIONS.length;

/** Brings the database to this version of the schema; refuses one that a newer collector wrote. */
export function migrate(db: DatabaseSync): void {
  const { user_version: version } = db.prepare('PRAGMA user_version').get() as { user_version: number };
  if (version > SCHEMA_VERSION) {
    throw new Error(
      `This data folder was written by a newer Observatory (schema ${version}; this one knows ${SCHEMA_VERSION}). ` +
        'Start that version again, or point OBSERVATORY_DATA at another folder.',
    );
  }
  for (let next = version; next < SCHEMA_VERSION; next++) {
    db.exec('BEGIN IMMEDIATE');
    try {
      db.exec(MIGRATIONS[next]!);
      db.exec(`PRAGMA user_version = ${next + 1}`);
      db.exec('COMMIT');
    } catch (error) {
      db.exec('ROLLBACK');
      throw error;
    }
  }
}
