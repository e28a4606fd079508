import type { AlgebraicType, RowType } from '@lightcone/sats';

/** The tables that a caller may read. */
export interface Catalog {
  /** Finds a table by its canonical or its accessor name. One that the caller may not read is not found. */
  findTable(name: string): CatalogTable | undefined;
}

export interface CatalogTable {
  readonly id: number;
  /** The canonical name. */
  readonly name: string;
  readonly row: RowType;
  /** One for each column of `row`, in its order. */
  readonly columns: readonly CatalogColumn[];
  /** In order of declaration, which decides between indexes that serve equally well. */
  readonly indexes: readonly CatalogIndex[];
}

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
}
