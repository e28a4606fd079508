// What the compiler transform makes `for (const x of xs)` of: over the rows of a scan, or over the elements of an array.

/** Asked before each round: whether there is another. */
export function hasNext<T>(items: T, at: i32): bool {
  if (isDefined(items.next)) return items.next();
  else return at < items.length;
}

/** Called when the loop is over, be it by `break` or `return`. */
export function endLoop<T>(items: T): void {
  if (isDefined(items.close)) items.close();
}
