import { unpackBody } from './sqlite-contents.js';
import type { Database } from './sqlite-database.js';
import { runLabels } from './sqlite-labels.js';
import { readListBody } from './sqlite-lists.js';
import { touchSession } from './sqlite-sessions.js';
import { readRunState } from './sqlite-write.js';

/** Removes runs and all that hangs on them; contents go when no run uses them any more. Returns the ids that were there. */
export function deleteRuns(db: Database, runIds: readonly string[]): string[] {
  const deleted: string[] = [];
  const queue = [...runIds];
  const queued = new Set(queue);
  for (let runId = queue.pop(); runId !== undefined; runId = queue.pop()) {
    for (const { run_id } of db.all('SELECT run_id FROM runs WHERE parent_run_id = ?', runId)) {
      if (!queued.has(run_id as string)) {
        queued.add(run_id as string);
        queue.push(run_id as string);
      }
    }
    if (deleteRun(db, runId)) deleted.push(runId);
  }
  return deleted;
}

function deleteRun(db: Database, runId: string): boolean {
  const run = db.get(
    'SELECT key, session_id, fields, state FROM runs JOIN run_states USING (key) WHERE run_id = ?',
    runId,
  );
  if (!run) return false;
  const key = run.key as number;
  for (const table of ['steps', 'tool_calls']) {
    db.run(`DELETE FROM search WHERE rowid IN (SELECT key FROM ${table} WHERE run_key = ?)`, key);
    db.run(`DELETE FROM ${table} WHERE run_key = ?`, key);
  }
  handOverLists(db, key);
  const used = db.all('SELECT content_key FROM content_uses WHERE run_key = ?', key);
  db.run('DELETE FROM content_uses WHERE run_key = ?', key);
  for (const { content_key } of used) {
    const gone = db.run(
      'DELETE FROM contents WHERE key = ?1 AND NOT EXISTS (SELECT 1 FROM content_uses WHERE content_key = ?1)',
      content_key as number,
    );
    if (gone > 0) db.run('DELETE FROM search WHERE rowid = ?', content_key as number);
  }
  db.run('DELETE FROM search WHERE rowid = ?', key);
  for (const { kind, value } of runLabels(readRunState(run)).values()) {
    db.run('DELETE FROM labels WHERE kind = ? AND value = ? AND run_key = ?', kind, value, key);
  }
  db.run('DELETE FROM feedback WHERE run_key = ?', key);
  db.run('DELETE FROM run_states WHERE key = ?', key);
  db.run('DELETE FROM runs WHERE key = ?', key);
  if (run.session_id !== null) touchSession(db, run.session_id as string);
  return true;
}

/**
 * A list that another run uses too, stays; that run may have named it without ever carrying it itself, and then only the run that
 * goes now counts as a user of what is in it.
 */
function handOverLists(db: Database, runKey: number): void {
  const kept = db.all(
    `SELECT c.body, heir.run_key AS heir FROM content_uses u JOIN contents c ON c.key = u.content_key
     JOIN content_uses heir ON heir.content_key = u.content_key AND heir.run_key =
       (SELECT max(run_key) FROM content_uses WHERE content_key = u.content_key AND run_key <> ?1)
     WHERE u.run_key = ?1 AND c.hash >= 'l:' AND c.hash < 'l;' AND c.body IS NOT NULL`,
    runKey,
  );
  const use = (contentKey: number, heir: unknown) =>
    db.run(
      'INSERT OR IGNORE INTO content_uses (content_key, run_key) VALUES (?, ?)',
      contentKey,
      heir as number,
    ) > 0;
  for (let list = kept.pop(); list !== undefined; list = kept.pop()) {
    const { base, keys } = readListBody(unpackBody(list.body) ?? '[]');
    for (const key of keys) use(key, list.heir);
    if (base === undefined || !use(base, list.heir)) continue;
    const before = db.get('SELECT body FROM contents WHERE key = ? AND body IS NOT NULL', base);
    if (before) kept.push({ ...before, heir: list.heir });
  }
}
