/** The numbers of a bound are those of its BSATN tag. */
export const BOUND = { included: 0, excluded: 1, unbounded: 2 } as const;
export type BoundKind = (typeof BOUND)[keyof typeof BOUND];

/**
 * A range over an index: the first `prefixColumns` columns equal the values at `prefixStart..prefixEnd` and the next
 * one lies between the bounds. All offsets are into the bytes that travel with it, bounds without their tag.
 *
 * The host reuses one object for all calls: do not keep it.
 */
export class IndexRange {
  prefixColumns = 0;
  prefixStart = 0;
  prefixEnd = 0;
  lowerKind: BoundKind = BOUND.unbounded;
  lowerStart = 0;
  lowerEnd = 0;
  upperKind: BoundKind = BOUND.unbounded;
  upperStart = 0;
  upperEnd = 0;
}
