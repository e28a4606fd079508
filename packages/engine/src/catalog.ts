import type { CatalogTable } from '@lightcone/query';
import type { Index, Store, Table } from '@lightcone/store';
import {
  type ScheduleDescription,
  type TableDescription,
  type ViewDescription,
  describeTables,
} from './describe-tables.ts';
import { readRows } from './system-rows.ts';
import { SYSTEM_TABLE_IDS } from './system-tables.ts';

/** An index and the table it belongs to. */
export interface IndexEntry {
  readonly table: Table;
  readonly index: Index;
}

/** A table as SQL sees it, whoever asks. */
export interface TableEntry extends Omit<CatalogTable, 'view' | 'rowRules'> {
  readonly isPublic: boolean;
  readonly isSystem: boolean;
  /** For a table that holds the rows of a view. */
  readonly view: ViewDescription | undefined;
  /** The rules of its row-level security, as they are written. */
  readonly rowRules: readonly string[];
}

/**
 * The names and ids of a database's tables and indexes, read off its system tables. Made anew by
 * `refresh` whenever these change; tables that did not change keep their entries.
 */
export class Catalog {
  readonly #store: Store;
  #tables: readonly CatalogEntry[] = [];
  #tablesByName = new Map<string, CatalogEntry>();
  #indexIdsByName = new Map<string, number>();
  #indexesById = new Map<number, IndexEntry>();
  #schedules: ReadonlyMap<number, ScheduleDescription> = new Map();

  constructor(store: Store) {
    this.#store = store;
    this.refresh();
  }

  refresh(): void {
    const rulesByTable = Map.groupBy(
      readRows(this.#store, SYSTEM_TABLE_IDS.rowLevelSecurity),
      (row) => row['table_id'],
    );
    const before = new Map(this.#tables.map((entry) => [entry.id, entry]));
    const tables = [...describeTables(this.#store).values()].map((description) => {
      const rules = rulesByTable.get(description.id) ?? [];
      const entry = new CatalogEntry(
        description,
        rules.map((row) => row['sql'] as string),
      );
      const old = before.get(entry.id);
      return old?.fingerprint === entry.fingerprint ? old : entry;
    });
    const byName = new Map<string, CatalogEntry>();
    const indexIdsByName = new Map<string, number>();
    const indexesById = new Map<number, IndexEntry>();
    // A canonical name wins over the same text as another object's name in the source.
    for (const entry of tables) byName.set(entry.description.accessorName, entry);
    for (const entry of tables) byName.set(entry.name, entry);
    for (const { description } of tables) {
      description.indexAccessorNames.forEach((name, i) =>
        indexIdsByName.set(name, description.definition.indexes[i]!.id),
      ); // one for each index
    }
    for (const { description } of tables) {
      const table = this.#store.table(description.id);
      for (const { id, name } of description.definition.indexes) {
        indexIdsByName.set(name, id);
        indexesById.set(id, { table, index: table.index(id) });
      }
    }
    this.#schedules = new Map(
      tables.flatMap(({ id, description: { schedule } }) => (schedule === undefined ? [] : [[id, schedule]])),
    );
    this.#tables = tables;
    this.#tablesByName = byName;
    this.#indexIdsByName = indexIdsByName;
    this.#indexesById = indexesById;
  }

  findTableId(name: string): number | undefined {
    return this.#tablesByName.get(name)?.id;
  }

  findIndexId(name: string): number | undefined {
    return this.#indexIdsByName.get(name);
  }

  findIndex(indexId: number): IndexEntry | undefined {
    return this.#indexesById.get(indexId);
  }

  /** The scheduled tables, by id. */
  get schedules(): ReadonlyMap<number, ScheduleDescription> {
    return this.#schedules;
  }

  /** Every table. */
  get tables(): readonly TableEntry[] {
    return this.#tables;
  }

  /** A table by its canonical or its accessor name. */
  findTable(name: string): TableEntry | undefined {
    return this.#tablesByName.get(name);
  }

  /** Whether a table means the same to everybody as when a query found it here: it has the same names and the same form. */
  isCurrent({ name, columns }: CatalogTable): boolean {
    const entry = this.#tablesByName.get(name);
    return entry?.columns === columns && this.#tablesByName.get(entry.description.accessorName) === entry;
  }
}

class CatalogEntry implements TableEntry {
  readonly description: TableDescription;
  readonly id: number;
  readonly name: string;
  readonly row: CatalogTable['row'];
  readonly columns: CatalogTable['columns'];
  readonly indexes: CatalogTable['indexes'];
  readonly isPublic: boolean;
  readonly isSystem: boolean;
  readonly isEvent: boolean;
  readonly view: ViewDescription | undefined;
  readonly rowRules: readonly string[];
  /** Equal for descriptions that say the same. */
  readonly fingerprint: string;

  constructor(description: TableDescription, rowRules: readonly string[]) {
    const { definition } = description;
    this.description = description;
    this.id = description.id;
    this.name = description.name;
    this.row = definition.row;
    this.columns = description.columns.map(({ name, accessorName, type }) => ({
      name,
      accessorName: accessorName === name ? undefined : accessorName,
      type,
    }));
    this.indexes = definition.indexes;
    this.isPublic = description.isPublic;
    this.isSystem = description.isSystem;
    this.isEvent = definition.isEvent;
    this.view = description.view;
    this.rowRules = rowRules;
    const { accessorName, indexAccessorNames, columns, isSystem, schedule } = description;
    const { isEvent, indexes } = definition;
    const names = [this.name, accessorName, indexAccessorNames];
    const form = [this.isPublic, isSystem, isEvent, columns, indexes, schedule, this.view, rowRules];
    this.fingerprint = JSON.stringify([...names, ...form]);
  }
}
