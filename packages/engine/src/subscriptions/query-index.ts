import { type RowInterest, type RowSource, type RowVisitor } from '@lightcone/query';
import type { PointerList, Table, TransactionDelta } from '@lightcone/store';
import { PointWatchers } from '../point-watchers.ts';
import type { LiveQuery } from './live-query.ts';

/** The queries that read one table. */
interface TableQueries {
  /** To which any changed row may matter. */
  readonly whole: Set<LiveQuery>;
  /** To which rows with a value in a column matter. */
  readonly values: PointWatchers<LiveQuery>;
  /** To which rows matter whose partner in another table has a value in a column; few, each for many queries. */
  readonly partners: Map<string, Partners>;
}

interface Partners {
  readonly column: number;
  readonly indexId: number;
  readonly values: PointWatchers<LiveQuery>;
}

/**
 * Finds the queries that a transaction may concern: a changed row is looked up once for each column that any query
 * compares with a constant, however many queries and constants there are.
 *
 * What is found may turn out not to be concerned; what is not found is not.
 */
export class QueryIndex {
  readonly #rows: RowSource;
  readonly #tables = new Map<number, TableQueries>();
  /** What `collect` works with. */
  #found: LiveQuery[] = [];
  #transaction = 0;
  #row = 0;
  #isInsert = false;
  #partnerValues: PointWatchers<LiveQuery> | undefined;
  readonly #foundByValue = (queries: ReadonlySet<LiveQuery>): void => {
    for (const query of queries) this.#take(query).route(this.#row, this.#isInsert);
  };
  readonly #foundByPartner = (queries: ReadonlySet<LiveQuery>): void => {
    for (const query of queries) this.#take(query);
  };
  readonly #partner: RowVisitor = {
    row: (bytes, start) => {
      this.#partnerValues?.visitOfRow(bytes, start, this.#foundByPartner);
      return true;
    },
  };

  /** @param rows the state after the transactions that are looked at */
  constructor(rows: RowSource) {
    this.#rows = rows;
  }

  add(query: LiveQuery): void {
    for (const { tableId, rows } of query.interests) {
      const table = this.#mustFind(tableId);
      if (rows === undefined) table.whole.add(query);
      for (const interest of rows ?? []) {
        const { keyType, key } = interest;
        valuesOf(table, interest).add(keyType, keyType.hashKey(key, 0), key, query);
      }
    }
  }

  /** Takes back what `add` did. */
  remove(query: LiveQuery): void {
    for (const { tableId, rows } of query.interests) {
      const table = this.#mustFind(tableId);
      table.whole.delete(query);
      for (const interest of rows ?? []) {
        const { keyType, key } = interest;
        // Two interests of one query may be the same.
        valuesOf(table, interest).remove(keyType, keyType.hashKey(key, 0), key, query);
      }
      for (const [name, { values }] of table.partners) if (values.isEmpty) table.partners.delete(name);
      if (table.whole.size === 0 && table.values.isEmpty && table.partners.size === 0) this.#tables.delete(tableId);
    }
  }

  /**
   * Appends every query that the changes may concern to `found`, once. Where only single rows of its one table may,
   * these are routed to it.
   * @param transaction a number that is another one for each call, and not negative
   */
  collect(delta: TransactionDelta, transaction: number, found: LiveQuery[]): void {
    this.#found = found;
    this.#transaction = transaction;
    for (const { table, inserts, deletes } of delta.tables) {
      const queries = this.#tables.get(table.definition.id);
      if (queries === undefined) continue;
      for (const query of queries.whole) this.#take(query);
      if (queries.values.isEmpty && queries.partners.size === 0) continue;
      this.#isInsert = true;
      this.#lookUp(queries, table, inserts);
      this.#isInsert = false;
      this.#lookUp(queries, table, deletes);
    }
  }

  #lookUp({ values, partners }: TableQueries, table: Table, rows: PointerList): void {
    for (let i = 0; i < rows.length; i++) {
      this.#row = rows.at(i);
      const bytes = table.bytes(this.#row);
      const start = table.start(this.#row);
      values.visitOfRow(bytes, start, this.#foundByValue);
      for (const { column, indexId, values: partnerValues } of partners.values()) {
        this.#partnerValues = partnerValues;
        const { start: startOf, type } = table.definition.row.columns[column]!; // the plan's columns are the table's
        const at = startOf(bytes, start);
        this.#rows.seek(indexId, bytes, at, type.skip(bytes, at), this.#partner);
      }
    }
  }

  /** Notes a query, the first time in a transaction. */
  #take(query: LiveQuery): LiveQuery {
    if (query.begin(this.#transaction)) this.#found.push(query);
    return query;
  }

  #mustFind(tableId: number): TableQueries {
    let table = this.#tables.get(tableId);
    if (table === undefined) {
      table = { whole: new Set(), values: new PointWatchers(), partners: new Map() };
      this.#tables.set(tableId, table);
    }
    return table;
  }
}

function valuesOf(table: TableQueries, interest: RowInterest): PointWatchers<LiveQuery> {
  if (interest.kind === 'value') return table.values;
  const { column, indexId } = interest;
  const name = `${column} ${indexId}`;
  let partners = table.partners.get(name);
  if (partners === undefined) table.partners.set(name, (partners = { column, indexId, values: new PointWatchers() }));
  return partners.values;
}
