/**
 * What one transaction did, in order. The values that are appended or written are unique over the whole history, so
 * that a value that is read names its writer. Lists and registers have names of their own: one key is never both.
 */
export type Operation =
  | { readonly kind: 'append'; readonly key: string; readonly value: number }
  | { readonly kind: 'readList'; readonly key: string; readonly values: readonly number[] }
  | { readonly kind: 'write'; readonly key: string; readonly value: number }
  | { readonly kind: 'readRegister'; readonly key: string; readonly value: number | undefined };

export interface RecordedTransaction {
  /** For whoever reads an anomaly. */
  readonly name: string;
  /**
   * `committed`: its client was told so. `aborted`: it was told the opposite, or it is known that it never happened.
   * `unknown`: its client never heard; it counts as committed if somebody saw something of it.
   */
  readonly outcome: 'committed' | 'aborted' | 'unknown';
  /** What an aborted one read has to be consistent too. Of an unknown one, the reads are not known and left out. */
  readonly operations: readonly Operation[];
  /** When its client sent it, in any unit; left out if it may show a state from before that. */
  readonly invokedAt?: number;
  /** When its client had the answer; left out if none came. */
  readonly completedAt?: number;
  /** Transactions of one session take effect in the order in which the history has them. */
  readonly session?: string;
}
