import type { ByteWriter, ColumnAccess } from '@lightcone/sats';
import type { CatalogTable } from '../catalog.ts';
import type { CheckedExpression, ColumnValue, ConstantValue, SenderValue } from '../check/check-expression.ts';
import type { RowTuple } from '../row-tuple.ts';

/** What fixes a column: a constant, the caller, or a column of a row that is known already. */
export type KeyPart = ConstantValue | SenderValue | ColumnValue;

/** An index all of whose columns are fixed, and by what. */
export interface IndexKey {
  readonly indexId: number;
  readonly columns: readonly number[];
  /** One for each column of the index, in key order. */
  readonly parts: readonly KeyPart[];
  readonly isUnique: boolean;
}

/** Longer keys are never looked up. */
const MAX_COLUMNS = 3;

/**
 * The columns of the table at `position` that conditions fix, each by the first thing found; constants come first.
 * @param conditions of which all hold
 * @param isKnown whether the row of another table is known when this one is looked for
 */
export function fixedColumns(
  conditions: readonly CheckedExpression[],
  position: number,
  isKnown: (table: number) => boolean,
): Map<number, KeyPart> {
  const fixed = new Map<number, KeyPart>();
  for (const condition of conditions) {
    if (condition.kind !== 'comparison' || condition.operator !== '=') continue;
    for (const [side, other] of [
      [condition.left, condition.right],
      [condition.right, condition.left],
    ] as const) {
      if (side.kind !== 'column' || side.table !== position) continue;
      const isConstant = other.kind === 'constant' || other.kind === 'sender';
      const isColumn = other.kind === 'column' && other.table !== position && isKnown(other.table);
      if (!isConstant && !isColumn) continue;
      const before = fixed.get(side.column);
      if (before === undefined || (isConstant && before.kind === 'column')) fixed.set(side.column, other);
    }
  }
  return fixed;
}

/**
 * The index all of whose columns are fixed: one that finds a single row by constants, else one that has a column of a
 * join, else the longest; the first declared of equally good ones. Without the join's column every row that constants
 * select is read again for each row that it may be joined to.
 */
export function chooseIndex(table: CatalogTable, fixed: ReadonlyMap<number, KeyPart>): IndexKey | undefined {
  let best: IndexKey | undefined;
  let bestRank = 0;
  for (const { id, columns, isUnique } of table.indexes) {
    if (columns.length > MAX_COLUMNS) continue;
    const parts = columns.flatMap((column) => fixed.get(column) ?? []);
    if (parts.length < columns.length) continue;
    const isJoined = parts.some((part) => part.kind === 'column');
    const rank = columns.length + (isJoined ? MAX_COLUMNS : isUnique ? 2 * MAX_COLUMNS : 0);
    if (rank <= bestRank) continue;
    best = { indexId: id, columns, parts, isUnique };
    bestRank = rank;
  }
  return best;
}

/** Writes a key whose parts are constants and the caller. */
export function writeConstantKey(writer: ByteWriter, parts: readonly KeyPart[], sender: Uint8Array): void {
  for (const part of parts) {
    if (part.kind === 'constant') writer.raw(part.bytes);
    else if (part.kind === 'column') throw new Error('a constant key has no columns');
    else if (part.type.tag === 'Array') writer.lengthPrefixed(sender);
    else writer.raw(sender);
  }
}

/** Writes keys that depend on rows of a join. */
export class JoinKey {
  readonly parts: readonly KeyPart[];
  /** For each part that is a column, how to find it in its row. */
  readonly #accesses: readonly (ColumnAccess | undefined)[];

  /** @param tables of the join, by position */
  constructor(parts: readonly KeyPart[], tables: readonly CatalogTable[]) {
    this.parts = parts;
    this.#accesses = parts.map((part) =>
      part.kind === 'column' ? tables[part.table]?.row.columns[part.column] : undefined,
    );
  }

  write(writer: ByteWriter, tuple: RowTuple, sender: Uint8Array): void {
    for (let i = 0; i < this.parts.length; i++) {
      const part = this.parts[i]!; // in range
      if (part.kind === 'constant') writer.raw(part.bytes);
      else if (part.kind === 'column') {
        const { start, type } = this.#accesses[i]!; // the column is the table's
        const bytes = tuple.bytes[part.table]!; // the tuple has a row for each table
        const at = start(bytes, tuple.starts[part.table]!);
        writer.slice(bytes, at, type.skip(bytes, at));
      } else if (part.type.tag === 'Array') writer.lengthPrefixed(sender);
      else writer.raw(sender);
    }
  }
}
