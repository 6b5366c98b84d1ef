import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from './collector.test.fixture.js';
import { SCHEMA_VERSION } from './sqlite-schema.js';
import { openSqliteStore } from './sqlite-store.js';

describe('a data folder', () => {
  it('of a newer collector is refused, unharmed, and free for that one again', async () => {
    const folder = await temporaryFolder();
    openSqliteStore(folder).close();
    const db = new DatabaseSync(join(folder, 'runs.db'));
    db.exec(`PRAGMA user_version = ${SCHEMA_VERSION + 1}`);
    db.close();
    const refused = /written by a newer Observatory \(schema \d+; this one knows \d+\).*OBSERVATORY_DATA/;
    expect(() => openSqliteStore(folder)).toThrow(refused);
    expect(() => openSqliteStore(folder)).toThrow(refused);
  });

  it('of an earlier collector is brought up to date, and what it holds is read as before', async () => {
    const folder = await temporaryFolder();
    openSqliteStore(folder).close();
    const db = new DatabaseSync(join(folder, 'runs.db'));
    // As the first version of the schema kept the messages of a step: every key, in the step itself.
    db.exec(`
      INSERT INTO runs (key, run_id, listed, start_us, active_us, seen_us, running, row)
        VALUES (1, 'r', 1, 1, 1, 1, 0, '{"run_id":"r"}');
      INSERT INTO run_states (key, fields, state) VALUES (1, '{}', '{"merged":{}}');
      INSERT INTO contents (key, hash, body) VALUES (2, 'c:h1', '{"role":"user","content":"hi"}'), (3, 'c:h2', NULL);
      INSERT INTO content_uses (content_key, run_key) VALUES (2, 1), (3, 1);
      INSERT INTO steps (key, run_key, step_id, start_us, fields, state)
        VALUES (4, 1, 's', 1, '{"messages":{"$m":[2,3,2]},"start_us":1}', '{}');
      PRAGMA user_version = 1;
    `);
    db.close();
    const store = openSqliteStore(folder);
    expect((await store.run('r'))?.steps[0]).toMatchObject({
      messages: [{ role: 'user', content: 'hi' }, { not_received: true }, { role: 'user', content: 'hi' }],
      message_hashes: ['h1', 'h2', 'h1'],
    });
    store.close();
    const after = new DatabaseSync(join(folder, 'runs.db'));
    expect(after.prepare('PRAGMA user_version').get()).toEqual({ user_version: SCHEMA_VERSION });
    after.close();
  });

  it('is not readable for others', async () => {
    const folder = join(await temporaryFolder(), 'inner', 'data');
    openSqliteStore(folder).close();
    const { statSync } = await import('node:fs');
    expect(statSync(folder).mode & 0o077).toBe(0);
  });

  it('that is no database says so', async () => {
    const folder = await temporaryFolder();
    const { writeFileSync } = await import('node:fs');
    writeFileSync(
      join(folder, 'runs.db'),
      'not a database at all, but long enough to look like a header of one'.repeat(20),
    );
    expect(() => openSqliteStore(folder)).toThrow(/runs\.db is not a database.*OBSERVATORY_DATA/);
  });
});
