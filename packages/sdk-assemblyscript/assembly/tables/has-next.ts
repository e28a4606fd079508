/** What `for (const x of xs)` asks before each round: true for the rows of a scan, or the elements of an array, left. */
export function hasNext<T>(items: T, at: i32): bool {
  if (isDefined(items.next)) return items.next();
  else return at < items.length;
}
