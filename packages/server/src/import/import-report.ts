import type { Finding } from '../verification/directory-report.ts';

/** What came over from a data directory of SpacetimeDB. */
export interface ImportReport {
  readonly databases: readonly ImportedDatabase[];
  /** What is wrong or was left behind, by path in the source. */
  readonly findings: readonly ImportFinding[];
}

export interface ImportedDatabase {
  /** 64 hex digits. */
  readonly identity: string;
  readonly owner: string;
  readonly names: readonly string[];
  /** The same number in the source and here. */
  readonly replica: number;
  readonly firstTxOffset: number;
  readonly endTxOffset: number;
  readonly tables: readonly { readonly name: string; readonly rows: number }[];
  readonly programHash: string;
  /** Clients that were connected when the source was last written: the first start disconnects them. */
  readonly connectedClients: number;
}

export type ImportFinding = Omit<Finding, 'code'> & { readonly code: Finding['code'] | ImportProblem };

/** What is particular to the data directories of SpacetimeDB. */
export type ImportProblem =
  | 'IMPORT_NO_TRANSACTIONS'
  | 'IMPORT_OLDER_REPLICA'
  | 'IMPORT_SNAPSHOT_INVALID'
  | 'IMPORT_CONFIG_LEFT_OUT'
  | 'IMPORT_NAMES_LEFT_OUT';
