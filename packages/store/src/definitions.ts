import type { RowType } from '@lightcone/sats';

/** A table as the store needs to know it. Ids are unique per database and kind. */
export interface TableDefinition {
  readonly id: number;
  readonly name: string;
  readonly row: RowType;
  readonly indexes: readonly IndexDefinition[];
  readonly sequences: readonly SequenceDefinition[];
  /** Rows live until the end of the transaction that inserted them. */
  readonly isEvent: boolean;
  /** The rows are for this run only: whoever keeps a log leaves them out of it. The store makes no difference. */
  readonly isEphemeral: boolean;
}

export interface IndexDefinition {
  readonly id: number;
  readonly name: string;
  /** `direct` indexes are unique and have one column: an unsigned integer of up to 64 bits or a plain enum. */
  readonly algorithm: 'btree' | 'hash' | 'direct';
  /** Positions of columns, in the order in which keys compare. */
  readonly columns: readonly number[];
  /** No two visible rows have equal keys. */
  readonly isUnique: boolean;
}

/** Fills an integer column of inserted rows where it is zero. */
export interface SequenceDefinition {
  readonly id: number;
  readonly column: number;
  readonly start: bigint;
  readonly min: bigint;
  readonly max: bigint;
  /** Not zero. */
  readonly increment: bigint;
  /** Values before this one may have been handed out; the next one is this. */
  readonly allocated: bigint;
}
