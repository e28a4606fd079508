import type { Operation } from '@lightcone/serializability';
import { listName, registerName, transactionOf } from './call.ts';
import { numberIn } from './one-off-query.ts';
import type { Rows, TableName } from './tables.ts';

/**
 * What a client knows of the database by its subscriptions, or by reading all of it. After every transaction it has
 * to be a state that the database had: transactions are in it as a whole, and its view is what its rows say.
 */
export class CachedState {
  /** Elements by position. */
  readonly #elements = new Map<number, Map<bigint, number>>();
  readonly #registers = new Map<number, number>();
  readonly #outcomes = new Map<number, number[][]>();
  readonly #views = new Map<string, Rows['key_content']>();
  /** Values of lists that came since the last check, and transactions. */
  #newValues: number[] = [];
  #newOutcomes: number[] = [];

  /** What the transactions read whose effects are in this state. */
  get outcomes(): ReadonlyMap<number, readonly (readonly number[])[]> {
    return this.#outcomes;
  }

  insert(table: TableName, row: Rows[TableName]): void {
    if (isRow('element', table, row)) {
      const elements = this.#elements.get(row.key) ?? new Map<bigint, number>();
      if (elements.has(row.position)) throw new Error(`two elements at position ${row.position}`);
      this.#elements.set(row.key, elements.set(row.position, Number(row.value)));
      this.#newValues.push(Number(row.value));
    } else if (isRow('register', table, row)) {
      if (this.#registers.has(row.key)) throw new Error(`two registers ${row.key}`);
      this.#registers.set(row.key, Number(row.value));
    } else if (isRow('outcome', table, row)) {
      const transaction = Number(row.transaction);
      if (this.#outcomes.has(transaction)) throw new Error(`two outcomes of transaction ${transaction}`);
      this.#outcomes.set(
        transaction,
        row.observed.map((values) => values.map(Number)),
      );
      this.#newOutcomes.push(transaction);
    } else if (isRow('key_content', table, row)) this.#views.set(textOf(row), row);
  }

  delete(table: TableName, row: Rows[TableName]): void {
    let wasThere = false;
    if (isRow('element', table, row)) wasThere = this.#elements.get(row.key)?.delete(row.position) ?? false;
    else if (isRow('register', table, row)) wasThere = this.#registers.delete(row.key);
    else if (isRow('outcome', table, row)) wasThere = this.#outcomes.delete(Number(row.transaction));
    else if (isRow('key_content', table, row)) wasThere = this.#views.delete(textOf(row));
    if (!wasThere) throw new Error(`a row of ${table} was deleted that was not there: ${textOf(row)}`);
  }

  /**
   * Looks at what came since the last time.
   * @param appendedBy the values that a transaction appends
   * @param hasView whether the view is followed
   * @returns the transactions that came
   */
  check(
    appendedBy: (transaction: number) => readonly { readonly key: number; readonly value: number }[],
    hasView: boolean,
  ): readonly number[] {
    for (const transaction of this.#newOutcomes) {
      for (const { key, value } of appendedBy(transaction)) {
        if (![...(this.#elements.get(key)?.values() ?? [])].includes(value)) {
          throw new Error(`transaction ${transaction} is there without ${value}, which it appended to ${key}`);
        }
      }
    }
    for (const value of this.#newValues) {
      if (!this.#outcomes.has(transactionOf(value))) throw new Error(`${value} is there without its transaction`);
    }
    const transactions = this.#newOutcomes;
    this.#newOutcomes = [];
    this.#newValues = [];
    if (hasView) this.#checkView();
    return transactions;
  }

  #checkView(): void {
    for (const { key, list, register } of this.#views.values()) {
      const inView = JSON.stringify([list.map(Number), numberIn(register) ?? null]);
      const inRows = JSON.stringify([this.list(key), this.#registers.get(key) ?? null]);
      if (inView !== inRows) throw new Error(`the view says of key ${key} ${inView}, its rows say ${inRows}`);
    }
    if (this.#views.size !== VIEW_KEYS) throw new Error(`the view has ${this.#views.size} rows, not ${VIEW_KEYS}`);
  }

  /** Forgets everything: its subscription has ended. */
  clear(): void {
    this.#elements.clear();
    this.#registers.clear();
    this.#outcomes.clear();
    this.#views.clear();
    this.#newValues = [];
    this.#newOutcomes = [];
  }

  /** @throws Error if a row is left */
  mustBeEmpty(): void {
    const left = [...this.#elements.values(), this.#registers, this.#outcomes, this.#views].filter(
      ({ size }) => size > 0,
    );
    if (left.length > 0) throw new Error('rows are left of a subscription that has ended');
  }

  list(key: number): number[] {
    const elements = [...(this.#elements.get(key) ?? [])];
    return elements.toSorted(([left], [right]) => (left < right ? -1 : 1)).map(([, value]) => value);
  }

  /** This state as reads of the keys. */
  reads(keys: readonly number[]): Operation[] {
    return keys.flatMap((key): Operation[] => [
      { kind: 'readList', key: listName(key), values: this.list(key) },
      { kind: 'readRegister', key: registerName(key), value: this.#registers.get(key) },
    ]);
  }
}

/** Rows of the view `key_content`. */
const VIEW_KEYS = 2;

function isRow<Name extends TableName>(name: Name, table: TableName, _row: Rows[TableName]): _row is Rows[Name] {
  return name === table;
}

function textOf(row: object): string {
  return JSON.stringify(row, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
}
