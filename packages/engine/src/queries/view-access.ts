import type { ViewInstance } from '@lightcone/query';
import type { Identity } from '@lightcone/sats';

/** What queries ask of the views they read. */
export interface ViewAccess {
  /** The instance of a view whose rows a caller sees in a table; undefined if the table is no view's. */
  instanceFor(tableId: number, caller: Identity): ViewInstance | undefined;
  /**
   * Sees to it that the rows of instances are there before a query reads them, in a transaction of its own, committed
   * and published. Called while none is open.
   * @throws QueryError when the view fails
   */
  materialise(instances: readonly ViewInstance[], caller: Identity): void;
  /** A subscription reads the instances from now on; called once for each query of each query set. */
  retain(instances: readonly ViewInstance[], caller: Identity): void;
  /** The counterpart of `retain`. */
  release(instances: readonly ViewInstance[], caller: Identity): void;
}
