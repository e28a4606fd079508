import { type AlgebraicType } from '@lightcone/sats';
import type { Catalog, CatalogTable } from '../src/catalog.ts';
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
  readonly unique?:
    | readonly {
        readonly column: number;
        readonly indexName: string;
      }[]
    | undefined;
}
/** Arrays of rows where the engine has its store: every read is a scan of one, so there is nothing to get wrong. */
export declare class MemoryDatabase implements Catalog, RowSource, RowWriter {
  #private;
  /** How often an index was read. */
  seeks: number;
  constructor(shapes: readonly TableShape[]);
  findTable(name: string): CatalogTable | undefined;
  rows(tableId: number): Uint8Array[];
  rowCount(tableId: number): number;
  scan(tableId: number, visitor: RowVisitor): void;
  seek(indexId: number, key: Uint8Array, visitor: RowVisitor): void;
  insert(tableId: number, bytes: Uint8Array, start: number, end: number): boolean;
  delete(tableId: number, bytes: Uint8Array, start: number, end: number): void;
  /** Runs `change`, and takes everything back when it throws. */
  transaction<T>(change: () => T): T;
}
//# sourceMappingURL=memory-database.d.ts.map
