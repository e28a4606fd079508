/** A comparison as parsed or as checked. */
interface Compared {
  readonly kind: 'comparison';
  readonly left: { readonly kind: string };
}

/**
 * A comparison and those that are its left sides, the outermost first: `a = b = c` is `(a = b) = c`.
 *
 * A text may have 1,600 of them in a row. Whoever goes through an expression goes through a chain in a loop, so that
 * its length costs no stack; what is nested otherwise is in parentheses, of which there are few.
 */
export function comparisonChain<Comparison extends Compared>(outermost: Comparison): Comparison[] {
  const chain = [outermost];
  for (let { left } = outermost; left.kind === 'comparison';) {
    const comparison = left as Comparison; // of a tree that has one kind of comparison
    chain.push(comparison);
    ({ left } = comparison);
  }
  return chain;
}
