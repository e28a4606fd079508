import type { NewRowOf, PatchOf, RowOf, Schema } from '../schema/schema.ts';
import type { Operation } from './operation.ts';

/** The calls on one table, each answered at once. */
export interface TableSync<S extends Schema, Name extends keyof S> {
  /**
   * Inserts a row, or updates the given columns of the row with this id. The row gets an id if it has none.
   * @returns the row as it is stored
   * @throws LocalError `LOCAL_INVALID_VALUE`, `LOCAL_CONSTRAINT`
   */
  save(row: NewRowOf<S, Name>): RowOf<S, Name>;
  /**
   * Sets the given columns and no others.
   * @throws LocalError `LOCAL_NOT_FOUND`, `LOCAL_INVALID_VALUE`, `LOCAL_CONSTRAINT`
   */
  update(id: string, patch: PatchOf<S, Name>): RowOf<S, Name>;
  /** Deletes a row here and, by a tombstone, everywhere. @returns whether there was one */
  delete(id: string): boolean;
  get(id: string): RowOf<S, Name> | undefined;
}

/** The calls on one table, each a promise. */
export type TableCalls<S extends Schema, Name extends keyof S> = {
  [Call in keyof TableSync<S, Name>]: (
    ...given: Parameters<TableSync<S, Name>[Call]>
  ) => Promise<ReturnType<TableSync<S, Name>[Call]>>;
};

export type TablesSync<S extends Schema> = { readonly [Name in keyof S]: TableSync<S, Name> };
export type Tables<S extends Schema> = { readonly [Name in keyof S]: TableCalls<S, Name> };

/** The handles of all tables over one way of performing operations, at once or by promise. */
export function tableHandles(schema: Schema, perform: (operation: Operation) => unknown): Record<string, unknown> {
  const handles: Record<string, unknown> = {};
  for (const table of Object.keys(schema))
    handles[table] = Object.freeze({
      save: (row: Record<string, unknown>) => perform({ kind: 'save', table, row }),
      update: (id: string, patch: Record<string, unknown>) => perform({ kind: 'update', table, id, patch }),
      delete: (id: string) => perform({ kind: 'delete', table, id }),
      get: (id: string) => perform({ kind: 'get', table, id }),
    });
  return handles;
}
