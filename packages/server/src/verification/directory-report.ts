import type { LogCut, LogFinding, LogStretch } from '@lightcone/commitlog';
import type { DatabaseFinding, StoredProgram } from '@lightcone/engine/verify';

/**
 * What is found in a data directory.
 *
 * `damage`: something is lost, or a database does not start. `warning`: somebody should act. `note`: nothing to do.
 */
export interface Finding {
  readonly severity: 'damage' | 'warning' | 'note';
  readonly code: DirectoryProblem | LogFinding['code'] | DatabaseFinding['code'];
  /** In the data directory; the path of a key as it is. */
  readonly path: string;
  /** Byte in the file. */
  readonly position?: number | undefined;
  readonly txOffset?: number | undefined;
  readonly table?: string | undefined;
  readonly message: string;
}

/** What is wrong outside of logs and tables; stable like the codes of errors. */
export type DirectoryProblem =
  | 'DIRECTORY_METADATA_MISSING'
  | 'DIRECTORY_CONFIG_INVALID'
  | 'CONTROL_MISSING'
  | 'CONTROL_CORRUPT'
  | 'CONTROL_UNSUPPORTED'
  | 'CONTROL_NAME_DANGLING'
  | 'CONTROL_NAME_NOT_OWNED'
  | 'REPLICA_MISSING'
  | 'REPLICA_ORPHANED'
  | 'REPLICA_EMPTY'
  | 'REPLICA_OF_ANOTHER_DATABASE'
  | 'REPLICA_OF_ANOTHER_OWNER'
  | 'SNAPSHOT_NEWER_THAN_LOG'
  | 'SNAPSHOT_UNUSABLE'
  | 'MODULE_LOG_UNREADABLE'
  | 'KEYS_UNUSABLE'
  | 'KEYS_EXPOSED';

/** One folder of `replicas/`, or a database that has none. */
export interface ReplicaReport {
  readonly replica: number;
  /** In the data directory. */
  readonly path: string;
  /** By the control database, or else by the program's row; 64 hex digits. */
  readonly identity: string | undefined;
  readonly names: readonly string[];
  readonly log: {
    readonly segments: number;
    readonly bytes: number;
    /** The first transaction that a segment is named after. */
    readonly firstTxOffset: number;
    /** The transaction after the last one that is readable, be it behind damage. */
    readonly endTxOffset: number;
  };
  /** The last transactions of the snapshots that are whole, ascending. */
  readonly snapshots: readonly number[];
  /** What a server can start from, now or after a salvage; undefined if nothing. */
  readonly good: GoodPart | undefined;
  readonly tables: readonly { readonly name: string; readonly rows: number }[];
  readonly connectedClients: number;
}

/** The transactions of a database that can be relied on. */
export interface GoodPart {
  /** The first of them in the log: 0, or the one after a snapshot, which has those before. */
  readonly firstTxOffset: number;
  readonly isFromSnapshot: boolean;
  /** Where they are in the log. */
  readonly chain: readonly LogStretch[];
  readonly cut: LogCut;
  readonly program: StoredProgram;
}

export interface DirectoryReport {
  /** As it was given. */
  readonly path: string;
  readonly findings: readonly Finding[];
  readonly replicas: readonly ReplicaReport[];
}

/** Whether nothing is lost and every database starts. */
export function isSound({ findings }: Pick<DirectoryReport, 'findings'>): boolean {
  return findings.every(({ severity }) => severity !== 'damage');
}
