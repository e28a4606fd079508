/**
 * The names are those of Adya's thesis ("Weak Consistency", 1999) and of Elle (Kingsbury and Alvaro, 2020).
 *
 * - `G0`: a cycle of writes that overwrite one another. `G1c`: a cycle with writes that are read, too.
 * - `G-single`: a cycle with exactly one read of what is overwritten later. `G2`: one with several.
 * - `…-session`, `…-realtime`: a cycle only if the order of a session, or of the clients' clock, counts.
 * - `G1a`: a read of what was aborted. `G1b`: a read of what its writer overwrote before it committed.
 * - `internal`: a transaction does not see what it did itself. `incompatible-order`: two reads of a list of which
 *   neither is the beginning of the other. `duplicate`: an element twice. `garbage`: a value that nobody wrote.
 */
export type AnomalyKind =
  | `${'G0' | 'G1c' | 'G-single' | 'G2'}${'' | '-session' | '-realtime'}`
  | 'G1a'
  | 'G1b'
  | 'internal'
  | 'incompatible-order'
  | 'duplicate'
  | 'garbage';

export interface Anomaly {
  readonly kind: AnomalyKind;
  /** What contradicts what, by the names of the transactions. */
  readonly message: string;
}
