/** What a database has done since it was opened, and what it holds. Plain numbers, read when asked for. */
export interface DatabaseMetrics {
  readonly connectedClients: number;
  readonly liveQueries: number;
  readonly querySets: number;
  readonly lastTxOffset: number;
  /** Undefined in memory. */
  readonly durableTxOffset: number | undefined;
  readonly reducers: ReadonlyMap<string, ReducerMetrics>;
  readonly tables: readonly TableMetrics[];
}

export interface ReducerMetrics {
  committed: number;
  failed: number;
  /** Executed instructions, about. */
  energyUsed: number;
}

export interface TableMetrics {
  readonly id: number;
  readonly name: string;
  readonly rows: number;
  readonly bytes: number;
}
