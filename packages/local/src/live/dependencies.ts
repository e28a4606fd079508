import type { FieldValue } from '../change.ts';
import type { Store } from '../store/store.ts';
import type { TouchedRows } from '../store/touched-rows.ts';

/** What a query reads. Names are in lower case. */
export interface Dependencies {
  /** `undefined`: anything. */
  readonly tables: ReadonlySet<string> | undefined;
  /** The only row of the only table, by its id. */
  readonly row: string | undefined;
}

interface Instruction {
  readonly opcode: string;
  readonly p2: number;
  readonly p3: number;
}

/**
 * Asks SQLite itself: `EXPLAIN` lists the program of the statement, whose `OpenRead` instructions name the root pages of
 * the tables and indexes that it reads, behind views, common table expressions and sub-selects too. What that cannot
 * tell (virtual tables, temporary ones, the schema) is taken to read anything.
 */
export function dependenciesOf(store: Store, text: string, values: readonly FieldValue[]): Dependencies {
  const anything = { tables: undefined, row: undefined };
  const program = store.statements.plain(`EXPLAIN ${text}`).all(values) as unknown as Instruction[];
  const tablesByPage = new Map(
    store.statements
      .plain('SELECT rootpage, lower(tbl_name) AS name FROM main.sqlite_schema WHERE rootpage > 0')
      .all([])
      .map((row) => [row['rootpage'] as number, row['name'] as string]),
  );
  const tables = new Set<string>();
  let opened = 0;
  for (const { opcode, p2, p3 } of program) {
    if (opcode === 'VOpen') return anything;
    if (opcode !== 'OpenRead' && opcode !== 'ReopenIdx') continue;
    const source = p3 === 0 ? tablesByPage.get(p2) : undefined;
    // The log changes with every table.
    if (source === undefined || source.startsWith('zv_')) return anything;
    tables.add(source);
    opened++;
  }
  const [table] = tables;
  // A row is found through its table and the index of its key.
  const row = table !== undefined && tables.size === 1 && opened <= 2 ? singleRow(text, values, table) : undefined;
  return { tables, row };
}

/** Whether a commit may have changed what a query with these dependencies returns. */
export function isTouched({ tables, row }: Dependencies, touched: TouchedRows): boolean {
  if (tables === undefined || touched.isAnything) return true;
  for (const name of touched.tables())
    if (tables.has(name.toLowerCase()) && (row === undefined || touched.rowsOf(name).has(row))) return true;
  return false;
}

/**
 * The id that a query asks for, if it is one SELECT from `table` that ends in `WHERE id = ?` and nothing else. A comment or
 * a literal that looks like that would leave SQLite with fewer parameters than values, which it refuses.
 */
function singleRow(text: string, values: readonly FieldValue[], table: string): string | undefined {
  if (!/\bwhere\s+(?:(?:"[^"]+"|\w+)\.)?(?:"id"|id)\s*=\s*\?\s*;?\s*$/i.test(text)) return undefined;
  // A second one could count rows, in a sub-select or in a view that stands for the table.
  if (text.match(/\bselect\b/gi)?.length !== 1) return undefined;
  if (/\bfrom\s+"?(\w+)"?/i.exec(text)?.[1]?.toLowerCase() !== table) return undefined;
  const id = values.at(-1);
  return typeof id === 'string' ? id : undefined;
}
