import type { AlgebraicType, RowType } from '@lightcone/sats';
import type { RowRule } from './check/row-rule.ts';

/** The tables that a caller may read. */
export interface Catalog {
  /** Finds a table by its canonical or its accessor name. One that the caller may not read is not found. */
  findTable(name: string): CatalogTable | undefined;
}

export interface CatalogTable {
  readonly id: number;
  /** The canonical name. */
  readonly name: string;
  /** Of the rows as they are stored. */
  readonly row: RowType;
  /** One for each column of `row`, in its order. */
  readonly columns: readonly CatalogColumn[];
  /** In order of declaration, which decides between indexes that serve equally well. */
  readonly indexes: readonly CatalogIndex[];
  /** Whether its rows live only in the transaction that adds them. */
  readonly isEvent: boolean;
  /** For the table that holds the rows of a view, whose rows of it the caller sees. */
  readonly view: ViewInstance | undefined;
  /** What decides which rows the caller sees; undefined when it sees all. */
  readonly rowRules: RowRules | undefined;
}

/** Row-level security of one table: a row is seen if one of the rules yields it. */
export interface RowRules {
  /** Of this table; never empty. */
  readonly rules: readonly RowRule[];
  /** The tables as rules read them: all of the owner's, each under its own rules. */
  readonly catalog: Catalog;
}

/**
 * The rows of a view that a caller sees.
 *
 * The table of a view holds the rows of all its instances. Its first column, of 32 bytes, says to which one a row
 * belongs; SQL knows neither that column nor the rows of other instances.
 */
export interface ViewInstance {
  /** Of the table that holds its rows. */
  readonly tableId: number;
  /** The first column of its rows, as BSATN: 32 bytes. */
  readonly argHash: Uint8Array;
  /** Whether other callers see other rows. */
  readonly isPerCaller: boolean;
}

/** How many columns at the start of a stored row SQL does not know. */
export function hiddenColumns(table: CatalogTable): number {
  return table.view ? 1 : 0;
}

/** How many bytes at the start of a stored row are of hidden columns. */
export function hiddenBytes(table: CatalogTable): number {
  return table.view ? ARG_HASH_BYTES : 0;
}

const ARG_HASH_BYTES = 32;

export interface CatalogColumn {
  readonly name: string;
  /** Undefined when it is the canonical name. */
  readonly accessorName: string | undefined;
  /** Without refs: see `resolveType` of sats. */
  readonly type: AlgebraicType;
}

export interface CatalogIndex {
  readonly id: number;
  /** Positions of its columns, in key order. */
  readonly columns: readonly number[];
  /** Whether no two rows have the same key. */
  readonly isUnique: boolean;
}
