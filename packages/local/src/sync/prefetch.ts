/**
 * Does `read` for each item, a few ahead of the one that is being used, and yields what they resolve with in order.
 * What was begun and is not wanted any more is waited for by nobody.
 */
export async function* prefetch<Item, Result>(
  items: Iterable<Item>,
  ahead: number,
  read: (item: Item) => Promise<Result>,
): AsyncGenerator<Result> {
  const running: Promise<Result>[] = [];
  const begin = (item: Item): void => {
    const promise = read(item);
    // Whoever gets to it sees the failure; until then it is not unhandled.
    promise.catch(() => {});
    running.push(promise);
  };
  const rest = items[Symbol.iterator]();
  for (let next = rest.next(); !next.done; next = rest.next()) {
    begin(next.value);
    if (running.length > ahead) yield running.shift()!; // it is not empty
  }
  for (const promise of running) yield promise;
}
