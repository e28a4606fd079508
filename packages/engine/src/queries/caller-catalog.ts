import type { Catalog as QueryCatalog, CatalogTable } from '@lightcone/query';
import type { Identity } from '@lightcone/sats';
import type { Catalog, TableEntry } from '../catalog.ts';
import type { ViewAccess } from './view-access.ts';

/** The tables as one caller sees them. */
export class CallerCatalog implements QueryCatalog {
  readonly #catalog: Catalog;
  readonly #views: ViewAccess;
  readonly #identity: Identity;
  readonly #isOwner: boolean;

  constructor(catalog: Catalog, views: ViewAccess, identity: Identity, isOwner: boolean) {
    this.#catalog = catalog;
    this.#views = views;
    this.#identity = identity;
    this.#isOwner = isOwner;
  }

  findTable(name: string): CatalogTable | undefined {
    const entry = this.#catalog.findTable(name);
    if (entry === undefined || !this.#maySee(entry)) return undefined;
    const view = this.#views.instanceFor(entry.id, this.#identity);
    const { id, name: canonicalName, row, columns, indexes, isEvent } = entry;
    return { id, name: canonicalName, row, columns, indexes, isEvent, view };
  }

  /** The names of the module's tables that the caller may read, event tables aside. */
  everyTable(): string[] {
    return this.#catalog.tables
      .filter((entry) => !entry.isSystem && !entry.isEvent && this.#maySee(entry))
      .map((entry) => entry.name);
  }

  /** Everything for the owner, public tables of the module for others. */
  #maySee({ isPublic, isSystem }: TableEntry): boolean {
    return this.#isOwner || (isPublic && !isSystem);
  }
}
