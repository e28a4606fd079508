import type { FieldValue } from '../change.ts';
import { LocalError } from '../errors.ts';
import { reconcileRow } from '../merge/reconcile.ts';
import { quoted } from '../sql/identifier.ts';
import { literal } from '../sql/literal.ts';
import { sqliteFailure } from '../sqlite-failure.ts';
import type { Store } from '../store/store.ts';
import type { StoredTable } from '../store/stored-table.ts';

/** Statements that would get in the way of the transaction they are in. */
const refused = /^\s*(begin|commit|end|rollback|savepoint|release|attach|detach|vacuum|pragma)\b/i;

/**
 * Logs what plain SQL does to declared tables. Temporary triggers, made at the first use so that whoever uses none pays
 * nothing, note which rows a statement touched; before the commit, how each differs from what the log says is logged.
 */
export class RawCapture {
  readonly #store: Store;
  #isInstalled = false;
  #hasCaptured = false;

  constructor(store: Store) {
    this.#store = store;
    store.beforeCommit(() => this.#drain());
    store.onTransactionEnd((committed) => {
      if (committed) return;
      // The triggers may have been taken away again.
      this.#isInstalled = false;
      this.#hasCaptured = false;
    });
  }

  /** Runs one statement that writes, within a transaction. @returns the number of rows that it changed */
  exec(text: string, values: readonly FieldValue[]): number {
    if (refused.test(withoutComments(text)))
      throw new LocalError(
        'LOCAL_INVALID_SQL',
        `exec is for statements that write rows, within a transaction; not for: ${text}`,
      );
    // The statement may read the log, and change rows whose making is not in it yet.
    this.#store.flushLog();
    if (!this.#isInstalled) this.#install();
    this.#switch(true);
    try {
      const changed = this.#store.statements.plain(text).run(values);
      this.#hasCaptured = true;
      return changed;
    } catch (error) {
      throw sqliteFailure(error, `the statement failed: ${text}`);
    } finally {
      // A failure that ends the transaction may take what is switched with it.
      if (!this.#store.isUndone) this.#switch(false);
    }
  }

  #install(): void {
    this.#store.exec(`
      CREATE TEMP TABLE IF NOT EXISTS zv_captured (table_name TEXT NOT NULL, id TEXT NOT NULL);
      CREATE TEMP TABLE IF NOT EXISTS zv_capturing (is_on INTEGER NOT NULL);
      DELETE FROM zv_capturing;
      INSERT INTO zv_capturing VALUES (0);
      ${[...this.#store.tables.values()].map(triggers).join('')}
    `);
    this.#isInstalled = true;
  }

  #switch(on: boolean): void {
    this.#store.statements.plain('UPDATE temp.zv_capturing SET is_on = ?').run([on ? 1n : 0n]);
  }

  #drain(): void {
    if (!this.#hasCaptured) return;
    this.#hasCaptured = false;
    this.#store.flushLog();
    const rows = this.#store.statements
      .plain('SELECT DISTINCT table_name, id FROM temp.zv_captured ORDER BY rowid')
      .all([]) as { table_name: string; id: string }[];
    this.#store.statements.plain('DELETE FROM temp.zv_captured').run([]);
    for (const { table_name: name, id } of rows) {
      const stored = this.#store.mustFindTable(name);
      if (!stored.table.isLocal) reconcileRow(this.#store, stored, id);
      const isThere = stored.has(id);
      this.#store.touched.note(name, id, isThere ? 'update' : 'delete');
      if (isThere) this.#store.releaseWaitingFor(stored, id);
    }
  }
}

function triggers({ name }: StoredTable): string {
  const trigger = (event: string, captured: string): string => `
    CREATE TEMP TRIGGER IF NOT EXISTS ${quoted(`zv_${event}_${name}`)} AFTER ${event} ON main.${quoted(name)}
    WHEN (SELECT is_on FROM zv_capturing) BEGIN ${captured} END;`;
  const capture = (row: 'NEW' | 'OLD', where: string): string =>
    `INSERT INTO zv_captured SELECT ${literal(name)}, ${row}.id${where};`;
  return (
    trigger('INSERT', capture('NEW', '')) +
    trigger('UPDATE', capture('NEW', '') + capture('OLD', ' WHERE OLD.id IS NOT NEW.id')) +
    trigger('DELETE', capture('OLD', ''))
  );
}

function withoutComments(sql: string): string {
  return sql.replace(/^(\s|--[^\n]*\n?|\/\*[\s\S]*?\*\/)*/, '');
}
