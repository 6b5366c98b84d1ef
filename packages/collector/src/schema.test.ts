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
