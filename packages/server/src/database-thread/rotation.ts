/** Items of many names: those of one name are taken in the order in which they came, and of each name in turn. */
export class Rotation<Item> {
  /** The name whose turn is next is the first. None is without items. */
  readonly #itemsByName = new Map<string, Item[]>();

  get isEmpty(): boolean {
    return this.#itemsByName.size === 0;
  }

  add(name: string, item: Item): void {
    const items = this.#itemsByName.get(name);
    if (items === undefined) this.#itemsByName.set(name, [item]);
    else items.push(item);
  }

  /** The next item, which is in it no more. */
  take(): Item | undefined {
    for (const [name, items] of this.#itemsByName) {
      this.#itemsByName.delete(name);
      const item = items.shift();
      if (items.length > 0) this.#itemsByName.set(name, items);
      return item;
    }
    return undefined;
  }
}
