import { statSync } from 'node:fs';
import type { SQLInputValue } from 'node:sqlite';
import type { Facets, Overview, RunRow } from './api.js';
import { decodeCursor, encodeCursor } from './cursor.js';
import { ftsQuery } from './search-text.js';
import { createContentReader } from './sqlite-content-reader.js';
import { createContents } from './sqlite-contents.js';
import { type Database, openDatabase, type Row } from './sqlite-database.js';
import { deleteRuns } from './sqlite-delete.js';
import { readDetail, readFeedback, runBody } from './sqlite-detail.js';
import { exportItems } from './sqlite-export.js';
import { MATCHING_RUNS, runsQuery } from './sqlite-filter.js';
import { searchHits } from './sqlite-search.js';
import { readSession, refreshSessions } from './sqlite-sessions.js';
import { createWriteBatch } from './sqlite-write.js';
import type { Page, PageRequest, Store } from './store.js';
import { formatTime, type Micros } from './time.js';

const MAX_FACET_VALUES = 50;

/** The store of one machine: one SQLite file in a folder. */
export function openSqliteStore(folder: string): Store {
  const db = openDatabase(folder);
  const contents = createContents(db);

  const readRow = (row: Row): RunRow => JSON.parse(row.row as string) as RunRow;

  /** One row more than asked tells whether there is a next page. */
  function page<Shown>(
    rows: Row[],
    request: PageRequest,
    show: (row: Row) => Shown,
    position: (row: Row) => (string | number)[],
  ): Page<Shown> {
    const last = rows.length > request.limit ? rows[request.limit - 1] : undefined;
    return {
      rows: rows.slice(0, request.limit).map(show),
      ...(last && { next: encodeCursor(position(last)) }),
    };
  }

  const keysOf = (runIds: readonly string[]): { key: number; run_id: string }[] =>
    runIds.flatMap((id) => {
      const row = db.get('SELECT key, run_id FROM runs WHERE run_id = ?', id);
      return row ? [{ key: row.key as number, run_id: row.run_id as string }] : [];
    });

  return {
    write(entries, receivedAt) {
      try {
        return db.transaction(() => {
          const batch = createWriteBatch(db, contents, receivedAt);
          const results = entries.map((entry) => batch.add(entry));
          return { results, runIds: batch.finish() };
        });
      } catch (error) {
        contents.forget();
        throw error;
      }
    },

    async runs(filter, request) {
      const { sql, values } = runsQuery(filter, request);
      const rows = db.all(sql, ...values);
      return page(rows, request, readRow, (row) => [row.start_us as number, row.run_id as string]);
    },

    async run(runId) {
      return readDetail(db, runId);
    },

    async rows(runIds) {
      refreshSessions(db);
      const found = [];
      for (const id of runIds) {
        const row = db.get(
          'SELECT r.row, s.row AS session FROM runs r LEFT JOIN sessions s USING (session_id) WHERE r.run_id = ?',
          id,
        );
        if (!row) continue;
        found.push({
          run: readRow(row),
          ...(row.session !== null && { session: readSession({ row: row.session }) }),
        });
      }
      return found;
    },

    async sessions(request) {
      refreshSessions(db);
      const values: SQLInputValue[] = [];
      const conditions = ['1'];
      if (request.text !== undefined) {
        const byId = `instr(lower(session_id), ?) > 0`;
        values.push(request.text.toLowerCase().toWellFormed());
        if (request.query && request.query.terms.length > 0) {
          conditions.push(
            `(${byId} OR session_id IN (SELECT session_id FROM runs WHERE key IN (${MATCHING_RUNS})))`,
          );
          values.push(ftsQuery(request.query));
        } else conditions.push(byId);
      }
      if (request.cursor !== undefined) {
        conditions.push('(active_us, session_id) < (?, ?)');
        values.push(...decodeCursor(request.cursor, 'number,string'));
      }
      const rows = db.all(
        `SELECT row, active_us, session_id FROM sessions WHERE ${conditions.join(' AND ')}
         ORDER BY active_us DESC, session_id DESC LIMIT ?`,
        ...values,
        request.limit + 1,
      );
      return page(rows, request, readSession, (row) => [row.active_us as number, row.session_id as string]);
    },

    async session(sessionId) {
      refreshSessions(db);
      const row = db.get('SELECT row FROM sessions WHERE session_id = ?', sessionId);
      return row && readSession(row);
    },

    async thread(sessionId, request) {
      const values: SQLInputValue[] = [sessionId];
      let after = '';
      if (request.cursor !== undefined) {
        after = 'AND (start_us, run_id) > (?, ?)';
        values.push(...decodeCursor(request.cursor, 'number,string'));
      }
      const rows = db.all(
        `SELECT row, fields, start_us, run_id FROM runs JOIN run_states USING (key)
         WHERE session_id = ? AND listed = 1 ${after} ORDER BY start_us, run_id LIMIT ?`,
        ...values,
        request.limit + 1,
      );
      const reader = createContentReader(db);
      return page(
        rows,
        request,
        (row) => runBody(readRow(row), JSON.parse(row.fields as string), reader),
        (row) => [row.start_us as number, row.run_id as string],
      );
    },

    async search(query, request) {
      return searchHits(db, query, request);
    },

    async facets() {
      const column = (name: string) =>
        db.all(
          `SELECT ${name} AS value, count(*) AS count FROM runs WHERE ${name} IS NOT NULL
           GROUP BY ${name} ORDER BY count DESC, value LIMIT ${MAX_FACET_VALUES}`,
        ) as unknown as Facets['name'];
      const label = (kind: string) =>
        db.all(
          `SELECT value, count(*) AS count FROM labels WHERE kind = ?
           GROUP BY value ORDER BY count DESC, value LIMIT ${MAX_FACET_VALUES}`,
          kind,
        ) as unknown as Facets['name'];
      return {
        name: column('name'),
        outcome: column('outcome'),
        model: label('model'),
        tool: label('tool'),
        user_id: column('user_id'),
        tag: label('tag'),
        environment: column('environment'),
        release: column('release'),
      };
    },

    async overview() {
      refreshSessions(db);
      const runs = db.get(
        `SELECT count(*) FILTER (WHERE listed = 1) AS runs, count(*) FILTER (WHERE listed = 1 AND status = 2) AS errors,
           count(*) FILTER (WHERE listed = 1 AND running) AS running, sum(cost_nano) AS cost FROM runs`,
      )!;
      const losses = db.all(
        `SELECT reason, sum(items) AS items, sum(runs) AS runs, max(time_us) AS last FROM losses
         GROUP BY reason ORDER BY last DESC`,
      );
      const overview: Overview = {
        run_count: runs.runs as number,
        session_count: db.get('SELECT count(*) AS n FROM sessions')!.n as number,
        running_count: runs.running as number,
        error_count: runs.errors as number,
        losses: losses.map((loss) => ({
          reason: loss.reason as string,
          items: loss.items as number,
          runs: loss.runs as number,
          last_time: formatTime(loss.last as Micros),
        })),
      };
      if (runs.cost !== null) overview.cost_usd = (runs.cost as number) / 1e9;
      return overview;
    },

    async feedback(runId) {
      return keysOf([runId]).flatMap(({ key, run_id }) => readFeedback(db, key, run_id));
    },

    abandon(before, liveWithin, limit) {
      const open = db.all('SELECT key FROM runs WHERE running = 1 AND seen_us < ? LIMIT ?', before, limit);
      if (open.length === 0) return [];
      return db.transaction(() => {
        const batch = createWriteBatch(db, contents, before);
        for (const { key } of open) {
          const slot = batch.runByKey(key as number);
          if (slot) batch.abandon(slot, liveWithin);
        }
        return [...batch.finish()];
      });
    },

    async runsBefore(time, limit) {
      return db
        .all('SELECT run_id FROM runs WHERE start_us < ? ORDER BY start_us LIMIT ?', time, limit)
        .map((row) => row.run_id as string);
    },

    deleteRuns(runIds) {
      const deleted = db.transaction(() => deleteRuns(db, runIds));
      contents.forget();
      refreshSessions(db);
      return deleted;
    },

    async runIdsOf(owner, limit) {
      const [column, value] =
        'session_id' in owner ? ['session_id', owner.session_id] : ['user_id', owner.user_id];
      return db
        .all(`SELECT run_id FROM runs WHERE ${column} = ? LIMIT ?`, value, limit)
        .map((row) => row.run_id as string);
    },

    export: () => exportItems(db),

    counts() {
      const count = (table: string) => db.get(`SELECT count(*) AS n FROM ${table}`)!.n as number;
      return {
        runs: count('runs'),
        steps: count('steps'),
        tool_calls: count('tool_calls'),
        // Lists of contents stand beside them.
        contents: count("contents WHERE hash < 'l:' OR hash >= 'l;'"),
        bytes: fileSize(db),
      };
    },

    close: () => db.close(),
  };
}

function fileSize(db: Database): number {
  let bytes = 0;
  for (const suffix of ['', '-wal']) {
    try {
      bytes += statSync(db.path + suffix).size;
    } catch {
      // No WAL file yet.
    }
  }
  return bytes;
}
