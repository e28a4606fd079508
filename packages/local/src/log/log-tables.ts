import type { SqliteDriver } from '../sqlite-driver.ts';

/**
 * The tables of the log. The first three have the names, columns and meaning of DimpleDb's, so that a file of either
 * opens in the other; the others are ours.
 *
 * - `field_value` has no affinity here: DimpleDb's column, declared ANY in a table that is not STRICT, turns the text
 *   `007` into the number 7.
 * - The index leaves out a change whose id is its entity's. That is how entities are made here (an entity without an id
 *   takes the id of the change that makes it), so creating rows, the most frequent write, pays for one index less.
 */
const tables = `
  CREATE TABLE IF NOT EXISTS ZV_METADATA (
    key TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
  );
  CREATE TABLE IF NOT EXISTS ZV_CHANGE (
    id TEXT NOT NULL PRIMARY KEY,
    author_id TEXT NOT NULL,
    entity_type TEXT NOT NULL,
    entity_id TEXT NOT NULL,
    merged BOOL NOT NULL DEFAULT false
  );
  CREATE TABLE IF NOT EXISTS ZV_CHANGE_FIELD (
    change_id TEXT NOT NULL,
    field_name TEXT NOT NULL,
    field_value BLOB,
    PRIMARY KEY (change_id, field_name)
  ) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS ZV_CHANGE_OF_ENTITY ON ZV_CHANGE (entity_type, entity_id, id) WHERE id <> entity_id;
  CREATE TABLE IF NOT EXISTS ZV_PARKED (
    entity_type TEXT NOT NULL,
    entity_id TEXT NOT NULL,
    reason TEXT NOT NULL,
    detail TEXT NOT NULL,
    parent_type TEXT,
    parent_id TEXT,
    PRIMARY KEY (entity_type, entity_id)
  ) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS ZV_PARKED_PARENT ON ZV_PARKED (parent_type, parent_id);
  CREATE TABLE IF NOT EXISTS ZV_REFUSED (
    id TEXT NOT NULL PRIMARY KEY,
    change TEXT NOT NULL,
    detail TEXT NOT NULL
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS ZV_STATE (
    key TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
  ) WITHOUT ROWID;
`;

/**
 * Creates what is missing, within the caller's transaction.
 * @returns whether the file was DimpleDb's until now, whose log may have numbers where the rows have text
 */
export function createLogTables(driver: SqliteDriver): boolean {
  const type = driver
    .prepare(`SELECT type FROM pragma_table_info('ZV_CHANGE_FIELD') WHERE name = 'field_value'`)
    .get([])?.['type'];
  driver.exec(tables);
  if (type === undefined || type === 'BLOB') return false;
  driver.exec(`
    ALTER TABLE ZV_CHANGE_FIELD RENAME TO ZV_CHANGE_FIELD_OLD;
    ${tables}
    INSERT INTO ZV_CHANGE_FIELD SELECT change_id, field_name, field_value FROM ZV_CHANGE_FIELD_OLD;
    DROP TABLE ZV_CHANGE_FIELD_OLD;
  `);
  return true;
}
