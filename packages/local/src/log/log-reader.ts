import type { Change, ChangeField, FieldValue } from '../change.ts';
import type { LoggedChange } from '../change-log.ts';
import { endOfTimeMs, formatChangeId } from '../change-id.ts';
import type { Statements } from '../store/statements.ts';

/** One field of one change of an entity. */
export interface EntityField {
  readonly changeId: string;
  readonly authorId: string;
  /** Null for a change without fields. */
  readonly name: string | null;
  readonly value: FieldValue;
}

/** The winning value of a register (a column of an entity) and where it is from. */
export interface Winner {
  readonly changeId: string;
  readonly value: FieldValue;
}

/** Every id of the log is smaller: the log takes no others. */
const afterAllIds = formatChangeId(endOfTimeMs, 0, 0, 0);

// The changes of one entity after an id (all are after ''): those of the index and the one that made it, see log-tables.ts.
// The compiler of SQLite merges both in order.
const idsOfEntity = `
  SELECT id FROM ZV_CHANGE WHERE id = ? AND entity_type = ? AND entity_id = ? AND id > ?
  UNION ALL SELECT id FROM ZV_CHANGE WHERE entity_type = ? AND entity_id = ? AND id <> entity_id AND id > ?`;

/** The values of `idsOfEntity`. */
function ofEntity(entityType: string, entityId: string, afterId: string): string[] {
  return [entityId, entityType, entityId, afterId, entityType, entityId, afterId];
}

const anyOfEntity = `${idsOfEntity} LIMIT 1`;

const newerField = `
  SELECT 1 FROM (${idsOfEntity}) c
  CROSS JOIN ZV_CHANGE_FIELD f ON f.change_id = c.id AND f.field_name = ? LIMIT 1`;

const fieldsOfEntity = `
  SELECT c.id AS id, h.author_id AS author_id, f.field_name AS name, f.field_value AS value
  FROM (${idsOfEntity}) c
  CROSS JOIN ZV_CHANGE h ON h.id = c.id
  LEFT JOIN ZV_CHANGE_FIELD f ON f.change_id = c.id
  ORDER BY c.id DESC`;

const headers = 'c.id AS id, c.author_id AS author_id, c.entity_type AS entity_type, c.entity_id AS entity_id';

/** Questions to the log. What a `LogWriter` holds back is not in it. */
export class LogReader {
  readonly #statements: Statements;

  constructor(statements: Statements) {
    this.#statements = statements;
  }

  /** The place of the last change (0 if there is none) and the greatest id (`undefined`). */
  end(): { cursor: number; greatestId: string | undefined } {
    const row = this.#statements
      .plain(
        `SELECT (SELECT max(rowid) FROM ZV_CHANGE) AS cursor,
           (SELECT id FROM ZV_CHANGE WHERE id < ? ORDER BY id DESC LIMIT 1) AS id`,
      )
      .get([afterAllIds])!; // a SELECT without FROM has one row
    return { cursor: (row['cursor'] as number | null) ?? 0, greatestId: (row['id'] as string | null) ?? undefined };
  }

  has(id: string): boolean {
    return this.#statements.plain('SELECT 1 FROM ZV_CHANGE WHERE id = ?').get([id]) !== undefined;
  }

  isRefused(id: string): boolean {
    return this.#statements.plain('SELECT 1 FROM ZV_REFUSED WHERE id = ?').get([id]) !== undefined;
  }

  ids(): string[] {
    return this.#statements
      .plain('SELECT id FROM ZV_CHANGE ORDER BY id')
      .all([])
      .map(({ id }) => id as string);
  }

  find(id: string): Change | undefined {
    const header = this.#statements.plain(`SELECT ${headers} FROM ZV_CHANGE c WHERE c.id = ?`).get([id]);
    return header === undefined ? undefined : this.#withFields(header);
  }

  since(cursor: number, limit: number, authorId: string | undefined): LoggedChange[] {
    const author = authorId === undefined ? '' : 'AND author_id = ?';
    const values = [BigInt(cursor), ...(authorId === undefined ? [] : [authorId]), BigInt(limit)];
    return this.#page('rowid', author, values);
  }

  /** Which entities the changes after `cursor` are about. */
  entitiesSince(cursor: number): { entityType: string; entityId: string }[] {
    return this.#statements
      .plain('SELECT DISTINCT entity_type, entity_id FROM ZV_CHANGE WHERE rowid > ?')
      .all([BigInt(cursor)])
      .map((row) => ({ entityType: row['entity_type'] as string, entityId: row['entity_id'] as string }));
  }

  /** Entities of a table that have a value for one of these fields in the log. */
  entitiesWithField(entityType: string, names: readonly string[]): string[] {
    return this.#statements
      .plain(
        `SELECT DISTINCT c.entity_id AS id FROM ZV_CHANGE c JOIN ZV_CHANGE_FIELD f ON f.change_id = c.id
         WHERE c.entity_type = ? AND f.field_name IN (${names.map(() => '?').join(', ')})`,
      )
      .all([entityType, ...names])
      .map(({ id }) => id as string);
  }

  /** Every entity of a table that the log knows. */
  entities(entityType: string): string[] {
    return this.#statements
      .plain('SELECT DISTINCT entity_id AS id FROM ZV_CHANGE WHERE entity_type = ?')
      .all([entityType])
      .map(({ id }) => id as string);
  }

  /** The ids of an entity's changes, those after `afterId` if it is given. */
  changeIdsOf(entityType: string, entityId: string, afterId = ''): string[] {
    return this.#statements
      .plain(idsOfEntity)
      .all(ofEntity(entityType, entityId, afterId))
      .map(({ id }) => id as string);
  }

  /** Whether the log has a change of this entity, after `afterId` if it is given. */
  knows(entityType: string, entityId: string, afterId = ''): boolean {
    return this.#statements.plain(anyOfEntity).get(ofEntity(entityType, entityId, afterId)) !== undefined;
  }

  /** Whether a change after `afterId` sets this field. */
  hasNewer(entityType: string, entityId: string, name: string, afterId: string): boolean {
    return this.#statements.plain(newerField).get([...ofEntity(entityType, entityId, afterId), name]) !== undefined;
  }

  /** All fields of all changes of an entity, the newest change first. */
  fieldsOf(entityType: string, entityId: string): EntityField[] {
    return this.#statements
      .exact(fieldsOfEntity)
      .all(ofEntity(entityType, entityId, ''))
      .map((row) => ({
        changeId: row['id'] as string,
        authorId: row['author_id'] as string,
        name: row['name'] as string | null,
        value: row['value']!,
      }));
  }

  /** The winners of an entity, by field; `undefined` if the log has nothing about it. */
  winnersOf(entityType: string, entityId: string): Map<string, Winner> | undefined {
    const fields = this.fieldsOf(entityType, entityId);
    if (fields.length === 0) return undefined;
    const winners = new Map<string, Winner>();
    for (const { changeId, name, value } of fields)
      if (name !== null && !winners.has(name)) winners.set(name, { changeId, value });
    return winners;
  }

  /** See `ChangeLog.winningChanges`. */
  winningChanges(afterId: string, limit: number): Change[] {
    const changes: Change[] = [];
    let last = afterId;
    while (changes.length < limit) {
      const page = this.#page('id', '', [last, BigInt(Math.min(limit, 1000))]);
      if (page.length === 0) break;
      for (const { change } of page) {
        last = change.id;
        const { id, entityType, entityId } = change;
        // Of most entities there is no later change at all.
        const fields = this.knows(entityType, entityId, id)
          ? change.fields.filter(({ name }) => !this.hasNewer(entityType, entityId, name, id))
          : change.fields;
        // A change that never had a field says that the entity exists.
        if (fields.length > 0 || change.fields.length === 0) changes.push({ ...change, fields });
        if (changes.length === limit) break;
      }
    }
    return changes;
  }

  /** Changes behind one, with their fields: one statement instead of one for each change. */
  #page(order: 'rowid' | 'id', and: string, values: readonly FieldValue[]): LoggedChange[] {
    const rows = this.#statements
      .exact(
        `SELECT c.rowid AS cursor, ${headers}, f.field_name AS name, f.field_value AS value
         FROM (SELECT rowid, id, author_id, entity_type, entity_id FROM ZV_CHANGE
               WHERE ${order} > ? ${and} ORDER BY ${order} LIMIT ?) c
         LEFT JOIN ZV_CHANGE_FIELD f ON f.change_id = c.id
         ORDER BY c.${order}, f.field_name`,
      )
      .all(values);
    const page: LoggedChange[] = [];
    let id: FieldValue | undefined;
    let fields: ChangeField[] = [];
    for (const row of rows) {
      if (row['id'] !== id) {
        id = row['id'];
        fields = [];
        page.push({
          cursor: Number(row['cursor']),
          change: {
            id: id as string,
            authorId: row['author_id'] as string,
            entityType: row['entity_type'] as string,
            entityId: row['entity_id'] as string,
            fields,
          },
        });
      }
      const name = row['name'];
      if (typeof name === 'string') fields.push({ name, value: row['value']! });
    }
    return page;
  }

  #withFields(header: Record<string, FieldValue>): Change {
    const id = header['id'] as string;
    const fields = this.#statements
      .exact(
        'SELECT field_name AS name, field_value AS value FROM ZV_CHANGE_FIELD WHERE change_id = ? ORDER BY field_name',
      )
      .all([id]) as unknown as ChangeField[];
    return {
      id,
      authorId: header['author_id'] as string,
      entityType: header['entity_type'] as string,
      entityId: header['entity_id'] as string,
      fields,
    };
  }
}
