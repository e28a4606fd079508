import { type AlgebraicType, type AlgebraicValue, ByteReader, ByteWriter, compileRow, types } from '@lightcone/sats';
import {
  type IndexDefinition,
  PointerList,
  type RowPointer,
  type SequenceDefinition,
  Store,
  type Table,
  type TableDefinition,
  type Transaction,
} from '../src/index.ts';

export type Fields = readonly (readonly [name: string, type: AlgebraicType])[];
type Value = Record<string, AlgebraicValue>;

const MAX = 2n ** 127n - 1n;
export const counting = (column: number, numbers: Partial<SequenceDefinition> = {}): SequenceDefinition => ({
  id: 1,
  column,
  start: 1n,
  min: 1n,
  max: MAX,
  increment: 1n,
  allocated: 1n,
  ...numbers,
});

export const unique = (column: number, algorithm: IndexDefinition['algorithm'] = 'btree'): IndexDefinition => ({
  id: column + 1,
  name: `t_${column}_idx_${algorithm}`,
  algorithm,
  columns: [column],
  isUnique: true,
});

/** A store with one table, and rows as objects. */
export class OneTable {
  readonly store: Store;
  table: Table;
  transaction: Transaction;
  /** Ids of sequences and their boundaries, as commits saved them. */
  readonly saved: [number, bigint][] = [];

  constructor(
    fields: Fields,
    indexes: readonly IndexDefinition[] = [],
    parts: { sequences?: SequenceDefinition[]; isEvent?: boolean } = {},
  ) {
    this.store = new Store((_, __, sequence) => this.saved.push([sequence.definition.id, sequence.allocated]));
    const transaction = this.store.begin();
    this.table = transaction.createTable({
      id: 1,
      name: 't',
      row: compileRow(types.product(fields), []),
      indexes,
      sequences: parts.sequences ?? [],
      isEvent: parts.isEvent ?? false,
      isEphemeral: false,
    });
    transaction.commit();
    this.transaction = this.store.begin();
  }

  insert(value: Value, generated?: ByteWriter): RowPointer {
    const bytes = this.encode(value);
    return this.transaction.insert(this.table, bytes, 0, bytes.length, generated);
  }

  update(index: number, value: Value, generated?: ByteWriter): RowPointer {
    const bytes = this.encode(value);
    return this.transaction.update(this.table, this.table.index(index), bytes, 0, bytes.length, generated);
  }

  delete(value: Value): boolean {
    const bytes = this.encode(value);
    return this.transaction.deleteByValue(this.table, bytes, 0, bytes.length);
  }

  /** Commits and says what changed. */
  commit(): { inserts: Value[]; deletes: Value[]; isTruncated: boolean } | undefined {
    const [changes] = this.transaction.commit().tables;
    const delta = changes && {
      inserts: this.read(changes.inserts),
      deletes: this.read(changes.deletes),
      isTruncated: changes.isTruncated,
    };
    this.transaction = this.store.begin();
    return delta;
  }

  rollback(): void {
    this.transaction.rollback();
    this.transaction = this.store.begin();
    this.table = this.store.table(1);
  }

  redefine(changes: Partial<TableDefinition>): void {
    this.table = this.transaction.redefineTable(this.table, { ...this.table.definition, ...changes });
  }

  rows(): Value[] {
    const rows = new PointerList();
    this.table.collect(rows);
    return this.read(rows);
  }

  encode(value: Value): Uint8Array {
    const writer = new ByteWriter();
    this.table.definition.row.encode(writer, value);
    return writer.finish();
  }

  read(rows: PointerList): Value[] {
    return Array.from({ length: rows.length }, (_, i) => {
      const row = rows.at(i);
      const reader = new ByteReader(this.table.bytes(row), this.table.start(row), this.table.end(row));
      return this.table.definition.row.decode(reader) as Value;
    });
  }
}

export const person: Fields = [
  ['id', types.u32],
  ['name', types.string],
];
export const ann = { id: 1, name: 'Ann' };
export const bob = { id: 2, name: 'Bob' };
