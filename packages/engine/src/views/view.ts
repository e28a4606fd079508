import type { ViewDef } from '@lightcone/schema';
import { type ProductType, type RowType, compileRow, types } from '@lightcone/sats';
import type { Catalog } from '../catalog.ts';

/** A view of the running module, with what running it needs. */
export interface View {
  readonly def: ViewDef;
  /** The table that holds the rows of all its instances. */
  readonly tableId: number;
  /** The type of its rows as clients see them, without refs. */
  readonly product: ProductType;
  readonly row: RowType;
}

/** The views of a module that have been created, by the id of their table. */
export function findViews(defs: readonly ViewDef[], catalog: Catalog): ReadonlyMap<number, View> {
  const views = new Map<number, View>();
  for (const def of defs) {
    const entry = catalog.findTable(def.name);
    if (entry?.view === undefined) throw new Error(`view ${def.name} is not described in the system tables`);
    const [, ...columns] = entry.columns; // the hidden one is the first
    const product = types.product(columns.map(({ name, type }) => [name, type]));
    views.set(entry.id, { def, tableId: entry.id, product, row: compileRow(product, []) });
  }
  return views;
}
