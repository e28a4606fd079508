import type { FieldValue } from '../change.ts';

/** One call of the application as a message: it can be performed here, or sent to the worker that has the database. */
export type Operation =
  | { readonly kind: 'save'; readonly table: string; readonly row: Record<string, unknown> }
  | { readonly kind: 'update'; readonly table: string; readonly id: string; readonly patch: Record<string, unknown> }
  | { readonly kind: 'delete'; readonly table: string; readonly id: string }
  | { readonly kind: 'get'; readonly table: string; readonly id: string }
  | { readonly kind: 'query'; readonly text: string; readonly values: readonly FieldValue[]; readonly bigInts: boolean }
  | { readonly kind: 'exec'; readonly text: string; readonly values: readonly FieldValue[] }
  | { readonly kind: 'history'; readonly table: string; readonly id: string; readonly property: string | undefined }
  | { readonly kind: 'asOf'; readonly table: string; readonly id: string; readonly atMs: number }
  | {
      readonly kind: 'changes';
      readonly cursor: number;
      readonly limit: number;
      readonly tables: readonly string[] | undefined;
    }
  | { readonly kind: 'parked' }
  | { readonly kind: 'reconcile' };

/** Whether an operation may write, so that outside a transaction it needs one of its own. */
export function writes({ kind }: Operation): boolean {
  return kind === 'save' || kind === 'update' || kind === 'delete' || kind === 'exec' || kind === 'reconcile';
}
