import { type KeyType, compileKey } from '@lightcone/sats';
import { BTreeIndex } from './btree-index.ts';
import type { IndexDefinition, SequenceDefinition, TableDefinition } from './definitions.ts';
import { DirectIndex } from './direct-index.ts';
import { StoreError } from './errors.ts';
import { HashGroupIndex } from './hash-group-index.ts';
import { HashIndex } from './hash-index.ts';
import type { RowPages } from './row-pages.ts';
import { RowSet } from './row-set.ts';
import { Sequence } from './sequence.ts';
import type { RowLinks, TableIndex } from './table-index.ts';

/**
 * What a table is apart from its rows. It is replaced as a whole, so that a schema change is undone by
 * putting the old shape back.
 */
export interface TableShape {
  readonly definition: TableDefinition;
  /** Unique ones first: only they refuse rows. */
  readonly indexes: readonly TableIndex[];
  readonly uniqueIndexes: readonly TableIndex[];
  /** Where no unique index tells whether a row is there already. */
  readonly rowSet: RowSet | undefined;
  /** Everything that is to know of every visible row: the row set and the indexes. */
  readonly links: readonly RowLinks[];
  /** In the order of their columns. */
  readonly sequences: readonly Sequence[];
}

/** What a new shape may take over of an old one. */
export interface ReusableParts {
  /** Over the same rows. */
  readonly indexes: readonly TableIndex[];
  readonly rowSet: RowSet | undefined;
  readonly sequences: readonly Sequence[];
}

/**
 * The shape for a definition. Indexes, sequences and the row set of `old` are kept where they still
 * fit; new ones are empty.
 * @throws StoreError `STORE_INVALID_DEFINITION`
 */
export function shapeOf(definition: TableDefinition, rows: RowPages, old?: ReusableParts): TableShape {
  const indexes = definition.indexes.map(
    (index) =>
      old?.indexes.find((existing) => isSameIndex(existing.definition, index)) ?? makeIndex(definition, index, rows),
  );
  const uniqueIndexes = indexes.filter((index) => index.definition.isUnique);
  const ordered = [...uniqueIndexes, ...indexes.filter((index) => !index.definition.isUnique)];
  const rowSet = uniqueIndexes.length > 0 ? undefined : rowSetOf(rows, old);
  const sequences = definition.sequences
    .map((sequence) => {
      const existing = old?.sequences.find((other) => isSameSequence(other.definition, sequence));
      return existing?.isFor(definition.row) ? existing : new Sequence(sequence, definition.row, existing);
    })
    .toSorted((a, b) => a.definition.column - b.definition.column);
  return {
    definition,
    indexes: ordered,
    uniqueIndexes,
    rowSet,
    links: rowSet === undefined ? ordered : [rowSet, ...ordered],
    sequences,
  };
}

/** The shape of a table that has rows, but nothing by which to find them. */
export function bareShapeOf(definition: TableDefinition): TableShape {
  return { definition, indexes: [], uniqueIndexes: [], rowSet: undefined, links: [], sequences: [] };
}

/**
 * The shape of a table whose rows are being replayed: a row set and nothing else. It hashes a unique key where there is
 * one, so that a row and the one that replaces it are found alike.
 */
export function replayShapeOf(definition: TableDefinition, rows: RowPages, old?: TableShape): TableShape {
  // What is defined on the way may not have columns for its indexes.
  const unique = definition.indexes.find(
    ({ isUnique, columns }) => isUnique && columns.every((column) => definition.row.columns[column] !== undefined),
  );
  const rowSet = rowSetOf(rows, old, unique && compileKey(definition.row, unique.columns));
  return { definition, indexes: [], uniqueIndexes: [], rowSet, links: [rowSet], sequences: [] };
}

/** The row set of `old`, or a new one if that hashes another key. */
function rowSetOf(rows: RowPages, old: ReusableParts | undefined, key?: KeyType): RowSet {
  const existing = old?.rowSet;
  return existing !== undefined && existing.key === key ? existing : new RowSet(rows, key);
}

function isSameIndex(a: IndexDefinition, b: IndexDefinition): boolean {
  return (
    a.id === b.id &&
    a.name === b.name &&
    a.algorithm === b.algorithm &&
    a.isUnique === b.isUnique &&
    String(a.columns) === String(b.columns)
  );
}

/** How far it has come is no part of what a sequence is. */
function isSameSequence(a: SequenceDefinition, b: SequenceDefinition): boolean {
  return a.id === b.id && a.column === b.column && haveSameValues(a, b);
}

/** Whether two sequences hand out the same values in the same order. */
export function haveSameValues(a: SequenceDefinition, b: SequenceDefinition): boolean {
  return a.start === b.start && a.min === b.min && a.max === b.max && a.increment === b.increment;
}

function makeIndex(table: TableDefinition, index: IndexDefinition, rows: RowPages): TableIndex {
  const columnCount = table.row.columns.length;
  if (index.columns.length === 0 || index.columns.some((column) => !(column >= 0 && column < columnCount))) {
    throw new StoreError(
      'STORE_INVALID_DEFINITION',
      `index ${index.name} of table ${table.name} (${columnCount} columns) cannot be on columns [${index.columns.join(', ')}]`,
    );
  }
  switch (index.algorithm) {
    case 'btree':
      return new BTreeIndex(index, table.row, rows);
    case 'direct':
      return new DirectIndex(index, table.row, rows);
    case 'hash':
      return index.isUnique ? new HashIndex(index, table.row, rows) : new HashGroupIndex(index, table.row, rows);
  }
}
