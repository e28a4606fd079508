import type { FieldValue } from '../change.ts';
import type { LogReader, Winner } from '../log/log-reader.ts';
import type { ParkedEntity, ParkedReason } from '../merge-result.ts';
import type { TableColumn } from '../schema/table.ts';
import { quoted } from '../sql/identifier.ts';
import { isConstraintFailure, sqliteCode } from '../sqlite-failure.ts';
import type { Statements } from '../store/statements.ts';
import { isSameValue } from '../store/stored-table.ts';
import type { StoredTable } from '../store/stored-table.ts';
import type { TouchedRows } from '../store/touched-rows.ts';
import type { Incoming, IncomingEntities } from './incoming.ts';
import { isDeleted } from './is-deleted.ts';
import type { Parent, Parking } from './parking.ts';
import { winningValue } from './winning-value.ts';

/**
 * Makes rows what the log says they are. The rows of the tracked tables are a function of the log and the schema alone:
 *
 * - a column has the value of the greatest change that sets it, or its default;
 * - an entity is a row unless it is deleted, or parked because a row of it cannot be;
 * - of the rows that refer to each other, the largest set is kept in which every reference has its row.
 *
 * That last set is found in two steps, as references may go in circles: first everything is inserted with foreign keys
 * deferred, also what was waiting for a row that now is there; then rows without their parents are taken out until none
 * is left. Taking out never brings in, so it ends.
 */
export class Materialiser {
  readonly #tables: ReadonlyMap<string, StoredTable>;
  readonly #log: LogReader;
  readonly #parking: Parking;
  readonly #statements: Statements;

  constructor(tables: ReadonlyMap<string, StoredTable>, log: LogReader, parking: Parking, statements: Statements) {
    this.#tables = tables;
    this.#log = log;
    this.#parking = parking;
    this.#statements = statements;
  }

  /**
   * Within the caller's transaction, whose foreign keys it defers; the log must be flushed.
   * @returns the entities that could not be rows
   */
  run(entities: IncomingEntities, touched: TouchedRows): ParkedEntity[] {
    this.#statements.plain('PRAGMA defer_foreign_keys = ON').run([]);
    const run = new Run(!this.#parking.isEmpty(), touched);
    for (const incoming of entities) this.#materialise(incoming, run);
    // Whoever waited for an inserted row, and so on; the list grows while it is walked.
    for (const parent of run.inserted)
      if (run.mayRelease)
        for (const { entityType, entityId } of this.#parking.waitingFor(parent))
          this.#materialise({ entityType, entityId, changeIds: [], winners: new Map() }, run);
    this.#takeOutOrphans(run);
    return [...run.parked.values()];
  }

  #materialise(incoming: Incoming, run: Run): void {
    const { entityType, entityId } = incoming;
    const stored = this.#tables.get(entityType);
    if (stored === undefined || stored.table.isLocal) {
      this.#park(entityType, entityId, 'unknown-table', `the schema has no tracked table "${entityType}"`, run);
      return;
    }
    const row = stored.find(entityId);
    if (row !== undefined && incoming.changeIds.length > 0 && !incoming.winners.has(stored.table.tombstone))
      this.#update(stored, row, entityId, this.#newestOf(incoming), run);
    else this.#rebuild(stored, row, incoming, run);
  }

  /** Those of the batch's winners that nothing in the log beats. */
  #newestOf({ entityType, entityId, changeIds, winners }: Incoming): Map<string, Winner> {
    const oldest = changeIds.reduce((least, id) => (id < least ? id : least));
    const known = new Set(changeIds);
    if (this.#log.changeIdsOf(entityType, entityId, oldest).every((id) => known.has(id))) return winners;
    return new Map(
      [...winners].filter(([name, { changeId }]) => !this.#log.hasNewer(entityType, entityId, name, changeId)),
    );
  }

  #update(
    stored: StoredTable,
    row: Record<string, FieldValue>,
    entityId: string,
    winners: ReadonlyMap<string, Winner>,
    run: Run,
  ): void {
    const columns: TableColumn[] = [];
    const values: FieldValue[] = [];
    for (const [name, { value }] of winners) {
      const column = stored.table.columnsByName.get(name);
      if (column === undefined || isSameValue(row[name]!, value)) continue;
      columns.push(column);
      values.push(value);
    }
    if (columns.length === 0) return;
    try {
      stored.update(entityId, columns, values);
    } catch (error) {
      this.#removeRow(stored, entityId, run);
      this.#parkRefused(stored, entityId, error, run);
      return;
    }
    run.wrote(stored, entityId, 'update');
  }

  #rebuild(stored: StoredTable, row: Record<string, FieldValue> | undefined, incoming: Incoming, run: Run): void {
    const { entityType, entityId } = incoming;
    const winners = this.#allWinners(incoming);
    // A row of which the log says nothing was written by other means; it is not for the log to take away.
    if (winners === undefined) return;
    if (isDeleted(stored.table, winners)) {
      if (row !== undefined) this.#removeRow(stored, entityId, run);
      this.#unpark(entityType, entityId, run);
      return;
    }
    if (row !== undefined) {
      this.#update(stored, row, entityId, winners, run);
      return;
    }
    const values: FieldValue[] = [entityId];
    for (const column of stored.table.columns) {
      if (column.isRequired && !winners.has(column.name)) {
        this.#park(entityType, entityId, 'incomplete', `nothing says "${column.name}" yet`, run);
        return;
      }
      values.push(winningValue(winners, column));
    }
    try {
      stored.insert(values);
    } catch (error) {
      this.#parkRefused(stored, entityId, error, run);
      return;
    }
    this.#unpark(entityType, entityId, run);
    run.wrote(stored, entityId, 'insert');
  }

  #allWinners(incoming: Incoming): ReadonlyMap<string, Winner> | undefined {
    const { entityType, entityId, changeIds, winners } = incoming;
    // Most entities of a first sync are in one batch with all their changes: then the log need not be asked.
    if (changeIds.length > 0 && this.#log.changeIdsOf(entityType, entityId).length === changeIds.length) return winners;
    return this.#log.winnersOf(entityType, entityId);
  }

  #takeOutOrphans(run: Run): void {
    for (const { stored, entityId } of run.mayBeOrphans) {
      if (run.parked.has(entityKey(stored.name, entityId))) continue;
      const row = stored.find(entityId);
      if (row === undefined) continue;
      const parent = this.#missingParent(stored, row);
      if (parent === undefined) continue;
      this.#removeRow(stored, entityId, run);
      this.#park(stored.name, entityId, 'missing-parent', missing(parent), run, parent);
    }
  }

  #missingParent(stored: StoredTable, row: Record<string, FieldValue>): Parent | undefined {
    for (const { column, parent } of stored.foreignKeys) {
      const value = row[column] ?? null;
      if (value === null) continue;
      const entityId = typeof value === 'string' ? value : String(value);
      if (!this.#hasRow(parent, entityId)) return { entityType: parent, entityId };
    }
    return undefined;
  }

  #hasRow(table: string, id: string): boolean {
    const stored = this.#tables.get(table);
    if (stored !== undefined) return stored.has(id);
    // The name is from SQLite's own list of foreign keys: a table that the application made but did not declare.
    return this.#statements.plain(`SELECT 1 FROM ${quoted(table)} WHERE id = ?`).get([id]) !== undefined;
  }

  /** Takes a row out, and before it those that refer to it, so that no action of SQLite's own does more than that. */
  #removeRow(stored: StoredTable, entityId: string, run: Run): void {
    if (run.removing.has(entityKey(stored.name, entityId))) return;
    run.removing.add(entityKey(stored.name, entityId));
    for (const key of stored.referencedBy) {
      const parent = { entityType: stored.name, entityId };
      for (const childId of key.child.idsReferringTo(key, entityId)) {
        if (key.child === stored && childId === entityId) continue;
        if (key.child.table.isLocal && key.onDelete === 'set-null') {
          key.child.update(childId, [key.child.table.columnsByName.get(key.column)!], [null]); // it is declared
          run.touched.note(key.child.name, childId, 'update');
          continue;
        }
        this.#removeRow(key.child, childId, run);
        // Rows of local tables are in no log that could bring them back.
        if (key.child.table.isLocal) continue;
        this.#park(key.child.name, childId, 'missing-parent', missing(parent), run, parent);
      }
    }
    stored.delete(entityId);
    run.touched.note(stored.name, entityId, 'delete');
    run.removing.delete(entityKey(stored.name, entityId));
  }

  #parkRefused(stored: StoredTable, entityId: string, error: unknown, run: Run): void {
    if (!isConstraintFailure(error)) throw error;
    const reason = sqliteCode(error) === 'SQLITE_CONSTRAINT_NOTNULL' ? 'incomplete' : 'constraint';
    this.#park(stored.name, entityId, reason, (error as Error).message, run);
  }

  #park(entityType: string, entityId: string, reason: ParkedReason, detail: string, run: Run, parent?: Parent): void {
    const parked = { entityType, entityId, reason, detail };
    this.#parking.park(parked, parent);
    run.parked.set(entityKey(entityType, entityId), parked);
    run.mayRelease = true;
    this.#markMerged(entityType, entityId, 0n);
  }

  #unpark(entityType: string, entityId: string, run: Run): void {
    if (!run.mayRelease || this.#parking.reasonOf(entityType, entityId) === undefined) return;
    this.#parking.release(entityType, entityId);
    run.parked.delete(entityKey(entityType, entityId));
    this.#markMerged(entityType, entityId, 1n);
  }

  /** DimpleDb's flag: whether the change is applied to its table. */
  #markMerged(entityType: string, entityId: string, merged: bigint): void {
    this.#statements
      .plain('UPDATE ZV_CHANGE SET merged = ? WHERE id = ? AND entity_type = ? AND entity_id = ?')
      .run([merged, entityId, entityType, entityId]);
    this.#statements
      .plain('UPDATE ZV_CHANGE SET merged = ? WHERE entity_type = ? AND entity_id = ? AND id <> entity_id')
      .run([merged, entityType, entityId]);
  }
}

/** What one run of the materialiser has done so far. */
class Run {
  readonly inserted: Parent[] = [];
  readonly mayBeOrphans: { stored: StoredTable; entityId: string }[] = [];
  readonly parked = new Map<string, ParkedEntity>();
  readonly removing = new Set<string>();
  readonly touched: TouchedRows;
  /** Whether anything is parked at all. */
  mayRelease: boolean;

  constructor(mayRelease: boolean, touched: TouchedRows) {
    this.mayRelease = mayRelease;
    this.touched = touched;
  }

  wrote(stored: StoredTable, entityId: string, deed: 'insert' | 'update'): void {
    this.touched.note(stored.name, entityId, deed);
    if (stored.foreignKeys.length > 0) this.mayBeOrphans.push({ stored, entityId });
    if (deed === 'insert' && stored.referencedBy.length > 0) this.inserted.push({ entityType: stored.name, entityId });
  }
}

function entityKey(entityType: string, entityId: string): string {
  return JSON.stringify([entityType, entityId]);
}

function missing(parent: Parent): string {
  return `it refers to "${parent.entityId}" of "${parent.entityType}", which is not there`;
}
