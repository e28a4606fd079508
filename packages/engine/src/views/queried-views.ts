import { Caller } from '@lightcone/host';
import { QueryError, type ViewInstance } from '@lightcone/query';
import { ConnectionId, type Identity } from '@lightcone/sats';
import type { Transaction } from '@lightcone/store';
import type { Clock } from '../clock.ts';
import type { ViewAccess } from '../queries/view-access.ts';
import { argHash } from './arg-hash.ts';
import type { LiveView } from './live-view.ts';
import type { LiveViews } from './live-views.ts';
import type { ViewExpiry } from './view-expiry.ts';
import { isViewFailure } from './view-failure.ts';

const ANONYMOUS = argHash(new Uint8Array(0));

/** Runs something in a transaction of its own, which is committed and published; or rolled back if it throws. */
export type InTransaction = (work: (transaction: Transaction) => void) => void;

/** The views of a database as queries use them: an instance comes to be when it is first read. */
export class QueriedViews implements ViewAccess {
  readonly #views: LiveViews;
  readonly #inTransaction: InTransaction;
  readonly #clock: Clock;
  readonly #expiry: ViewExpiry;

  constructor(views: LiveViews, inTransaction: InTransaction, clock: Clock, expiry: ViewExpiry) {
    this.#views = views;
    this.#inTransaction = inTransaction;
    this.#clock = clock;
    this.#expiry = expiry;
  }

  instanceFor(tableId: number, caller: Identity): ViewInstance | undefined {
    const view = this.#views.findView(tableId);
    if (view === undefined) return undefined;
    const { isAnonymous } = view.def;
    return { tableId, argHash: isAnonymous ? ANONYMOUS : argHash(caller.bytes), isPerCaller: !isAnonymous };
  }

  materialise(instances: readonly ViewInstance[], caller: Identity): void {
    const missing = instances.filter(
      ({ tableId, argHash: hash }) => this.#views.find(tableId, hash)?.hasFailed ?? true,
    );
    if (missing.length > 0) this.#create(missing, caller);
    const nowMicros = this.#clock.nowMicros();
    for (const instance of instances) this.#views.use(this.#mustFind(instance), nowMicros);
    this.#expiry.arm();
  }

  retain(instances: readonly ViewInstance[]): void {
    for (const instance of instances) this.#views.retain(this.#mustFind(instance));
  }

  release(instances: readonly ViewInstance[]): void {
    if (instances.length === 0) return;
    const nowMicros = this.#clock.nowMicros();
    for (const { tableId, argHash: hash } of instances) {
      const live = this.#views.find(tableId, hash);
      if (live !== undefined) this.#views.release(live, nowMicros); // else its view went with an update
    }
    this.#expiry.arm();
  }

  #create(instances: readonly ViewInstance[], caller: Identity): void {
    try {
      this.#inTransaction((transaction) => {
        for (const { tableId, argHash: hash, isPerCaller } of instances) {
          const sender = isPerCaller ? new Caller(caller.bytes, ConnectionId.ZERO.bytes) : undefined;
          this.#views.create(transaction, tableId, hash, sender);
        }
      });
    } catch (error) {
      if (isViewFailure(error)) throw new QueryError('QUERY_VIEW_FAILED', error.message, { cause: error });
      throw error;
    }
  }

  #mustFind({ tableId, argHash: hash }: ViewInstance): LiveView {
    const live = this.#views.find(tableId, hash);
    if (live === undefined) throw new Error(`the instance of a view in table ${tableId} is used, but is not there`);
    return live;
  }
}
