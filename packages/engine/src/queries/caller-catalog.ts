import { type Catalog as QueryCatalog, type CatalogTable, type RowRules, parseRowRule } from '@lightcone/query';
import type { Identity } from '@lightcone/sats';
import type { Catalog, TableEntry } from '../catalog.ts';
import { SYSTEM_TABLE_IDS } from '../system-tables.ts';
import type { ViewAccess } from './view-access.ts';

/**
 * The tables as one caller sees them: the owner all of them, with all rows; others the public tables of the module,
 * under the rules of row-level security.
 */
export class CallerCatalog implements QueryCatalog {
  readonly #catalog: Catalog;
  readonly #views: ViewAccess;
  readonly #identity: Identity;
  readonly #isOwner: boolean;
  /**
   * The tables as rules read them. A rule may read private tables, for only its result is seen; but what it reads of a
   * table with rules is what the caller sees of it.
   */
  readonly #underRules: QueryCatalog = {
    findTable: (name) => {
      const entry = this.#catalog.findTable(name);
      return entry && this.#table(entry, this.#rulesOf(entry));
    },
  };

  constructor(catalog: Catalog, views: ViewAccess, identity: Identity, isOwner: boolean) {
    this.#catalog = catalog;
    this.#views = views;
    this.#identity = identity;
    this.#isOwner = isOwner;
  }

  findTable(name: string): CatalogTable | undefined {
    const entry = this.#catalog.findTable(name);
    if (entry === undefined || !this.#maySee(entry)) return undefined;
    return this.#table(entry, this.#isOwner ? undefined : this.#rulesOf(entry));
  }

  /** The names of the module's tables that the caller may read, event tables aside. */
  everyTable(): string[] {
    return this.#catalog.tables
      .filter((entry) => !entry.isSystem && !entry.isEvent && this.#maySee(entry))
      .map((entry) => entry.name);
  }

  #table({ id, name, row, columns, indexes, isEvent }: TableEntry, rowRules: RowRules | undefined): CatalogTable {
    const view = this.#views.instanceFor(id, this.#identity);
    return { id, name, row, columns, indexes, isEvent, view, rowRules };
  }

  #rulesOf({ rowRules }: TableEntry): RowRules | undefined {
    if (rowRules.length === 0) return undefined;
    return { rules: rowRules.map(parseRowRule), catalog: this.#underRules };
  }

  /** Of the system tables others see the variables only, which SHOW reads: the rest tells of private tables. */
  #maySee({ id, isPublic, isSystem }: TableEntry): boolean {
    return this.#isOwner || (isPublic && (!isSystem || id === SYSTEM_TABLE_IDS.variable));
  }
}
