import type { RawCapture } from '../capture/raw-capture.ts';
import { changesOf } from '../log/change-batch.ts';
import { historyOf, rowAsOf } from '../log/history.ts';
import { reconcileAll } from '../merge/reconcile.ts';
import type { Store } from '../store/store.ts';
import { LocalError } from '../errors.ts';
import { sqliteFailure } from '../sqlite-failure.ts';
import type { Operation } from './operation.ts';

/** Performs one operation on a store; one that writes, in the transaction under way. */
export function perform(store: Store, capture: RawCapture, operation: Operation): unknown {
  switch (operation.kind) {
    case 'save':
      return store.rows.save(store.mustFindTable(operation.table), operation.row);
    case 'update':
      return store.rows.update(store.mustFindTable(operation.table), operation.id, operation.patch);
    case 'delete':
      return store.rows.delete(store.mustFindTable(operation.table), operation.id);
    case 'get':
      return store.mustFindTable(operation.table).read(operation.id);
    case 'query':
      return query(store, operation);
    case 'exec':
      return capture.exec(operation.text, operation.values);
    case 'history':
      return historyOf(store, store.mustFindTable(operation.table), operation.id, operation.property);
    case 'asOf':
      return rowAsOf(store, store.mustFindTable(operation.table), operation.id, operation.atMs);
    case 'changes':
      return changesOf(store, operation);
    case 'parked':
      return store.parking.all();
    case 'reconcile':
      return reconcileAll(store);
    default: {
      const { kind } = operation as { kind: string };
      const message = `"${kind}" is unknown to the tab that has the database, which runs another version; reload all tabs`;
      throw new LocalError('LOCAL_INVALID_SCHEMA', message);
    }
  }
}

function query(store: Store, { text, values, bigInts }: Extract<Operation, { kind: 'query' }>): unknown {
  // A query may read the log itself.
  store.flushLog();
  try {
    const statement = bigInts ? store.statements.exact(text) : store.statements.plain(text);
    if (!statement.isReadOnly || !statement.isQuery)
      throw new LocalError('LOCAL_INVALID_SQL', `a query returns rows and writes nothing; use exec for: ${text}`);
    return statement.all(values);
  } catch (error) {
    throw sqliteFailure(error, `the query failed: ${text}`);
  }
}
