import { LocalError } from '../errors.ts';
import type { Schema } from '../schema/schema.ts';
import type { Statements } from './statements.ts';
import { StoredTable } from './stored-table.ts';

/** The declared tables with the foreign keys that SQLite has for them. They must be there already. */
export function storedTables(schema: Schema, statements: Statements): Map<string, StoredTable> {
  const tables = new Map(
    Object.entries(schema).map(([name, table]) => [name, new StoredTable(name, table, statements)]),
  );
  for (const child of tables.values()) linkForeignKeys(child, tables, statements);
  return tables;
}

function linkForeignKeys(child: StoredTable, tables: Map<string, StoredTable>, statements: Statements): void {
  const keys = statements.plain('SELECT * FROM pragma_foreign_key_list(?)').all([child.name]);
  for (const key of keys) {
    const column = key['from'] as string;
    const parent = declaredName(key['table'] as string, tables);
    const target = key['to'] as string | null;
    if (!child.table.isLocal && ((target !== null && target.toLowerCase() !== 'id') || key['seq'] !== 0))
      throw new LocalError(
        'LOCAL_INVALID_SCHEMA',
        `"${column}" of table "${child.name}" is a foreign key to "${target}" of "${parent}"; only keys to "id" can be merged`,
      );
    const declared = child.table.columnsByName.get(column)?.column.options.reference?.onDelete;
    const stored = key['on_delete'] === 'CASCADE' ? 'delete' : key['on_delete'] === 'SET NULL' ? 'set-null' : 'refuse';
    const foreignKey = { child, column, parent, onDelete: declared ?? stored } as const;
    child.foreignKeys.push(foreignKey);
    tables.get(parent)?.referencedBy.push(foreignKey);
  }
}

/** SQLite's names know no case; the log's and the schema's do. */
function declaredName(name: string, tables: ReadonlyMap<string, StoredTable>): string {
  for (const declared of tables.keys()) if (declared.toLowerCase() === name.toLowerCase()) return declared;
  return name;
}
