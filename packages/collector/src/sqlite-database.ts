import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { migrate } from './sqlite-schema.js';

export type Row = Record<string, unknown>;

/** Prepared statements by their text, inside one connection. */
export interface Database {
  get(sql: string, ...values: SQLInputValue[]): Row | undefined;
  all(sql: string, ...values: SQLInputValue[]): Row[];
  run(sql: string, ...values: SQLInputValue[]): number;
  exec(sql: string): void;
  transaction<Result>(work: () => Result): Result;
  /** The next key of the counter that all tables share. */
  nextKey(): number;
  path: string;
  close(): void;
}

/** Another process holds the data folder. */
export class FolderInUse extends Error {}

/**
 * Opens the database of a data folder, for one process at a time. Pages of 8 KiB: rows here have about one, and two of them leave
 * a third of a smaller page empty.
 *
 * WAL with synchronous=NORMAL: a commit is in the operating system's hands when it returns, so it survives the death of this
 * process in any form (kill -9, out of memory); only a power cut can take the last moments, and it never corrupts. FULL would
 * sync on every commit, at half the rate, for a loss that telemetry bears.
 */
export function openDatabase(folder: string): Database {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const unlock = lockFolder(folder);
  const path = join(folder, 'runs.db');
  let db: DatabaseSync;
  try {
    db = new DatabaseSync(path);
    db.exec(`
      PRAGMA page_size = 8192;
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = NORMAL;
      PRAGMA busy_timeout = 5000;
      PRAGMA cache_size = -65536;
      PRAGMA temp_store = MEMORY;
      PRAGMA mmap_size = 268435456;
      PRAGMA wal_autocheckpoint = 2000;
      PRAGMA journal_size_limit = 67108864;
    `);
    migrate(db);
  } catch (error) {
    unlock();
    if (error instanceof Error && /not a database|malformed/.test(error.message)) {
      throw new Error(
        `${path} is not a database that can be read. Move it away, or name another folder with OBSERVATORY_DATA.`,
      );
    }
    throw error;
  }

  const statements = new Map<string, StatementSync>();
  const prepared = (sql: string): StatementSync => {
    let statement = statements.get(sql);
    if (!statement) {
      // Filters make many shapes of query; the writer's few dozen are re-prepared at no measurable cost.
      if (statements.size > 500) statements.clear();
      statement = db.prepare(sql);
      statements.set(sql, statement);
    }
    return statement;
  };
  let lastKey = highestKey(db);

  return {
    path,
    get: (sql, ...values) => prepared(sql).get(...values) as Row | undefined,
    all: (sql, ...values) => prepared(sql).all(...values) as Row[],
    run: (sql, ...values) => Number(prepared(sql).run(...values).changes),
    exec: (sql) => db.exec(sql),
    transaction(work) {
      db.exec('BEGIN IMMEDIATE');
      try {
        const result = work();
        db.exec('COMMIT');
        return result;
      } catch (error) {
        try {
          db.exec('ROLLBACK');
        } catch {
          // SQLite has rolled back by itself, as it does when the disk is full.
        }
        throw error;
      }
    },
    nextKey: () => ++lastKey,
    close() {
      statements.clear();
      try {
        db.exec('PRAGMA optimize');
      } finally {
        db.close();
        unlock();
      }
    },
  };
}

const highestKey = (db: DatabaseSync): number =>
  Math.max(
    0,
    ...['runs', 'steps', 'tool_calls', 'contents', 'feedback'].map(
      (table) =>
        (db.prepare(`SELECT max(key) AS key FROM ${table}`).get() as { key: number | null }).key ?? 0,
    ),
  );

/**
 * An exclusive transaction on a small database beside the data, held for the life of the process. The operating system lets go of
 * it when the process dies, however it dies; a file with a process id would outlive a kill and mean another process by then.
 */
function lockFolder(folder: string): () => void {
  const lock = new DatabaseSync(join(folder, 'lock.db'));
  try {
    lock.exec('PRAGMA busy_timeout = 250; BEGIN EXCLUSIVE');
  } catch (error) {
    lock.close();
    if (error instanceof Error && /locked|busy/i.test(error.message)) {
      throw new FolderInUse(
        `Another Observatory collector is using the data folder ${folder}. ` +
          'Stop it first, or give this one a folder of its own with OBSERVATORY_DATA or --data.',
      );
    }
    throw error;
  }
  return () => lock.close();
}
