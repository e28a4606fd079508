import { rowCount, rowStart } from '@lightcone/protocol';
import type { QuerySetUpdate, RowList, TableRows } from '@lightcone/protocol';
import { ByteReader, compileJson } from '@lightcone/sats';
import type { ReadAsJson } from '@lightcone/sats';
import { CliError } from '../errors.ts';
import type { ModuleDescription } from '../module-description.ts';

/**
 * Writes rows that come and go as one line of JSON:
 * `{"<table>":{"deletes":[…],"inserts":[…]}}`, rows as objects by column.
 */
export class TableChanges {
  readonly #module: ModuleDescription;
  readonly #writers = new Map<string, ReadAsJson>();

  constructor(module: ModuleDescription) {
    this.#module = module;
  }

  /** The rows that a subscription begins with. @throws CliError `CLI_NOT_FOUND` for tables that the module does not have */
  formatRows(tables: readonly TableRows[]): string {
    return this.#format(tables.map(({ table, rows }) => ({ table, inserts: [rows], deletes: [] })));
  }

  /** What a transaction changed; events are rows that come. @throws CliError as `formatRows` */
  formatUpdate(querySets: readonly QuerySetUpdate[]): string {
    return this.#format(
      querySets
        .flatMap(({ tables }) => tables)
        .map(({ table, changes }) => ({
          table,
          inserts: changes.map((change) => (change.tag === 'EventTable' ? change.events : change.inserts)),
          deletes: changes.flatMap((change) => (change.tag === 'EventTable' ? [] : [change.deletes])),
        })),
    );
  }

  #format(changes: readonly { table: string; inserts: readonly RowList[]; deletes: readonly RowList[] }[]): string {
    const byTable = new Map<string, { deletes: string[]; inserts: string[] }>();
    for (const { table, inserts, deletes } of changes) {
      let lists = byTable.get(table);
      if (lists === undefined) byTable.set(table, (lists = { deletes: [], inserts: [] }));
      for (const rows of deletes) this.#append(lists.deletes, table, rows);
      for (const rows of inserts) this.#append(lists.inserts, table, rows);
    }
    const members = [...byTable].map(
      ([table, { deletes, inserts }]) =>
        `${JSON.stringify(table)}:{"deletes":[${deletes.join(',')}],"inserts":[${inserts.join(',')}]}`,
    );
    return `{${members.join(',')}}`;
  }

  #append(texts: string[], table: string, rows: RowList): void {
    const toJson = this.#writer(table);
    for (let i = 0; i < rowCount(rows); i++) {
      texts.push(toJson(new ByteReader(rows.data, rowStart(rows, i), rowStart(rows, i + 1))));
    }
  }

  #writer(table: string): ReadAsJson {
    const known = this.#writers.get(table);
    if (known !== undefined) return known;
    const product = this.#module.findRowType(table);
    if (product === undefined) {
      throw new CliError('CLI_NOT_FOUND', `The module describes no table \`${table}\`, so its rows cannot be read`, {
        hint: '`spacetime sql` shows the rows of system tables.',
      });
    }
    const writer = compileJson(product, [], 'typed');
    this.#writers.set(table, writer);
    return writer;
  }
}
