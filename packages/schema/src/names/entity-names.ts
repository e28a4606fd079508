/** Names of one kind that must differ, with the thing that took each. */
export class EntityNames {
  readonly #ownerByName = new Map<string, object>();

  /**
   * Takes `name` for `owner`. An owner may take the same name again: its canonical and source names
   * are often equal.
   * @returns whether the name was free
   */
  take(name: string, owner: object): boolean {
    const taken = this.#ownerByName.get(name);
    if (taken === undefined) this.#ownerByName.set(name, owner);
    return taken === undefined || taken === owner;
  }
}
