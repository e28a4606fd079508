import { type AlgebraicType, compileKey, compileRow, types } from '@lightcone/sats';
import type { Catalog, CatalogTable } from '../src/catalog.ts';
import { QueryError } from '../src/errors.ts';
import { parseRowRule } from '../src/check/row-rule.ts';
import type { RowWriter } from '../src/execute/execute-mutation.ts';
import type { RowSource, RowVisitor } from '../src/row-source.ts';

export interface TableShape {
  readonly name: string;
  readonly accessorName?: string | undefined;
  readonly columns: readonly {
    readonly name: string;
    readonly type: AlgebraicType;
    readonly accessorName?: string | undefined;
  }[];
  readonly indexes?: readonly (readonly number[])[] | undefined;
  /** Unique columns, each with the name of its index. */
  readonly unique?: readonly { readonly column: number; readonly indexName: string }[] | undefined;
  readonly isEvent?: boolean;
  readonly isPrivate?: boolean;
  /** Row-level security of the table. */
  readonly rules?: readonly string[];
  readonly view?: { readonly argHash: Uint8Array; readonly isPerCaller: boolean };
}

interface MemoryTable extends CatalogTable {
  readonly shape: TableShape;
  rows: Uint8Array[];
}

/** A table as a caller sees it to whom rules apply. */
function underRules(table: MemoryTable, catalog: Catalog): CatalogTable {
  const rules = (table.shape.rules ?? []).map(parseRowRule);
  return { ...table, rowRules: rules.length > 0 ? { rules, catalog } : undefined };
}

/** Arrays of rows where the engine has its store: every read is a scan of one, so there is nothing to get wrong. */
export class MemoryDatabase implements Catalog, RowSource, RowWriter {
  readonly #tables: MemoryTable[];
  /** How often an index was read. */
  seeks = 0;

  constructor(shapes: readonly TableShape[]) {
    this.#tables = shapes.map((shape, id) => ({
      id,
      name: shape.name,
      shape,
      row: compileRow(types.product(shape.columns.map(({ name, type }) => [name, type])), []),
      columns: shape.columns.map(({ name, type, accessorName }) => ({ name, type, accessorName })),
      indexes: (shape.indexes ?? []).map((columns, i) => ({
        id: id * 100 + i,
        columns,
        isUnique: columns.length === 1 && (shape.unique ?? []).some(({ column }) => column === columns[0]),
      })),
      rowRules: undefined,
      isEvent: shape.isEvent ?? false,
      view: shape.view && { tableId: id, ...shape.view },
      rows: [],
    }));
  }

  /** The tables as somebody sees them who is not the owner. */
  readonly strangers: Catalog = {
    findTable: (name) => {
      const table = this.#find(name);
      return table && !table.shape.isPrivate ? underRules(table, this.#rules) : undefined;
    },
  };
  /** The tables as rules see them. */
  readonly #rules: Catalog = {
    findTable: (name) => {
      const table = this.#find(name);
      return table && underRules(table, this.#rules);
    },
  };

  /** The tables as the owner sees them. */
  findTable(name: string): CatalogTable | undefined {
    return this.#find(name);
  }
  #find(name: string): MemoryTable | undefined {
    return this.#tables.find((table) => table.name === name) ?? this.#tables.find((t) => t.shape.accessorName === name);
  }
  rows(tableId: number): Uint8Array[] {
    return this.#table(tableId).rows;
  }
  rowCount(tableId: number): number {
    return this.rows(tableId).length;
  }
  scan(tableId: number, visitor: RowVisitor): void {
    for (const row of this.rows(tableId)) if (!visitor.row(row, 0, row.length)) return;
  }
  seek(indexId: number, bytes: Uint8Array, start: number, end: number, visitor: RowVisitor): void {
    this.seeks += 1;
    const table = this.#table(Math.floor(indexId / 100));
    const index = table.indexes.find(({ id }) => id === indexId);
    const keyType = compileKey(table.row, index?.columns ?? []);
    if (keyType.validate(bytes, start, end) !== end) throw new Error('trailing bytes in a key');
    for (const row of table.rows) {
      if (keyType.compareKeyToRow(bytes, start, row, 0) === 0 && !visitor.row(row, 0, row.length)) return;
    }
  }
  contains(tableId: number, bytes: Uint8Array, start: number, end: number): boolean {
    const wanted = bytes.subarray(start, end);
    return this.rows(tableId).some((row) => row.length === wanted.length && row.every((byte, i) => byte === wanted[i]));
  }
  insert(tableId: number, bytes: Uint8Array, start: number, end: number): boolean {
    const { rows, row: type, shape } = this.#table(tableId);
    const row = bytes.slice(start, end);
    if (type.validate(row, 0, row.length) !== row.length) throw new Error('trailing bytes in a row');
    if (rows.some((other) => type.compare(other, 0, row, 0) === 0)) return false;
    for (const { column, indexName } of shape.unique ?? []) {
      const key = compileKey(type, [column]);
      if (rows.some((other) => key.compareRows(other, 0, row, 0) === 0))
        throw new QueryError('QUERY_CONSTRAINT_VIOLATED', `Unique constraint violation '${indexName}'`);
    }
    rows.push(row);
    return true;
  }
  delete(tableId: number, bytes: Uint8Array, start: number, end: number): void {
    const table = this.#table(tableId);
    const row = bytes.slice(start, end);
    table.rows = table.rows.filter((other) => table.row.compare(other, 0, row, 0) !== 0);
  }

  /** Runs `change`, and takes everything back when it throws. */
  transaction<T>(change: () => T): T {
    const before = this.#tables.map((table) => table.rows.slice());
    try {
      return change();
    } catch (error) {
      this.#tables.forEach((table, i) => (table.rows = before[i] ?? []));
      throw error;
    }
  }

  #table(tableId: number): MemoryTable {
    const table = this.#tables[tableId];
    if (!table) throw new Error(`no table ${tableId}`);
    return table;
  }
}
