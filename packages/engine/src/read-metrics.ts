import type { Clients } from './clients.ts';
import type { Core } from './core.ts';
import type { DatabaseMetrics, SqlCounts } from './metrics.ts';

/** What a database's parts have counted. */
export function readMetrics(core: Core, clients: Clients, sqlCounts: SqlCounts): DatabaseMetrics {
  const { store, subscriptions, transactions, procedures, views, door, options, snapshots, scheduler, module } = core;
  let querySets = 0;
  let subscribedClients = 0;
  let subscribedQueries = 0;
  for (const client of clients) {
    querySets += client.querySets.size;
    subscribedQueries += client.queryCount;
    if (client.querySets.size > 0) subscribedClients++;
  }
  return {
    programHash: module.hash,
    connectedClients: clients.size,
    subscribedClients,
    subscribedQueries,
    refusedConnections: { ...core.refusedConnections },
    subscriptions: subscriptions.counts,
    sql: { ...sqlCounts },
    instanceBytes: module.memoryBytes + procedures.metrics.instanceBytes,
    loggedBytes: transactions.loggedBytes,
    liveQueries: subscriptions.queryCount,
    querySets,
    lastTxOffset: transactions.lastTxOffset,
    durableTxOffset: options.log?.durableOffset,
    reducers: module.reducerMetrics,
    refusedRequests: { ...door.refused },
    unsyncedLogBytes: options.log?.pendingBytes ?? 0,
    snapshots: snapshots && { ...snapshots.metrics },
    scheduledRows: scheduler.waitingCount,
    scheduledFunctionDelays: scheduler.delays,
    views: module.viewMetrics,
    liveViews: views.count,
    procedures: procedures.metrics,
    tables: [...store.tables.values()].map((table) => ({
      id: table.definition.id,
      name: table.definition.name,
      rows: table.rowCount,
      bytes: table.byteSize,
      indexes: table.indexes.length,
      rowsInserted: table.rowsInserted,
      rowsDeleted: table.rowsDeleted,
    })),
  };
}
