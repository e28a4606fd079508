import {
  type MutationPlan,
  QueryError,
  type RowWriter,
  type SelectPlan,
  executeMutation,
  executeSelect,
} from '@lightcone/query';
import {
  type AlgebraicValue,
  ByteReader,
  ByteWriter,
  type ProductType,
  SatsError,
  compileType,
  types,
} from '@lightcone/sats';
import { SEQUENCE_EXHAUSTED, type Store, type Table, type Transaction, UNIQUE_VIOLATION } from '@lightcone/store';
import type { Core } from './core.ts';
import type { Caller } from './client.ts';
import { FIRST_USER_OBJECT_ID, SYSTEM_TABLE_IDS } from './system-tables.ts';
import { isViewFailure } from './views/view-failure.ts';

/** What a SQL statement yields. */
export interface SqlOutcome {
  /** The columns; none for a statement that changes rows. */
  readonly columns: ProductType;
  readonly rowCount: number;
  /** The rows as BSATN, one behind the other: see {@link decodeSqlRows}. */
  readonly rows: Uint8Array;
  readonly stats: { readonly rowsInserted: number; readonly rowsDeleted: number; readonly rowsUpdated: number };
}

/** The values of an outcome's rows, by column. */
export function decodeSqlRows({ columns, rowCount, rows }: SqlOutcome): Record<string, AlgebraicValue>[] {
  const { decode } = compileType(columns, []);
  const reader = new ByteReader(rows);
  return Array.from({ length: rowCount }, () => decode(reader) as Record<string, AlgebraicValue>); // a product
}

/** What the rows of one answer may take, as BSATN: as JSON they take several times as much, and memory meanwhile. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;
/** What a row takes besides. */
const ROW_BYTES = 32;

const TOO_LARGE = `The rows take more than ${MAX_ANSWER_BYTES / 1024 / 1024} MiB together. Ask for fewer with WHERE or LIMIT, or subscribe`;

const NO_ROWS = { columns: types.unit, rowCount: 0, rows: new Uint8Array() };
const NOTHING_CHANGED = { rowsInserted: 0, rowsDeleted: 0, rowsUpdated: 0 };

/**
 * Runs one statement. A change is committed, and sent to subscribers, before this returns.
 * @throws QueryError with a text for the caller
 */
export function runStatement(core: Core, caller: Caller, isOwner: boolean, text: string): SqlOutcome {
  const plan = core.queries.planStatement(text, { identity: caller.identity, isOwner });
  if (plan.kind === 'select') return select(core, caller, plan);
  if (plan.kind === 'explain') {
    if (isOwner) return explanation(core.queries.explain(plan, text));
    const message = `Caller ${caller.identity.toHex()} is not authorized to run SQL EXPLAIN statements`;
    throw new QueryError('QUERY_UNSUPPORTED', message);
  }
  if (!isOwner) {
    throw new QueryError(
      'QUERY_UNSUPPORTED',
      `Caller ${caller.identity.toHex()} is not authorized to run SQL DML statements`,
    );
  }
  return { ...NO_ROWS, stats: change(core, caller, plan) };
}

/** A plan as rows of text, a line each. */
function explanation(lines: readonly string[]): SqlOutcome {
  const columns = types.product([['plan', types.string]]);
  const writer = new ByteWriter();
  for (const line of lines) writer.string(line);
  return { columns, rowCount: lines.length, rows: writer.written(), stats: NOTHING_CHANGED };
}

function select(core: Core, caller: Caller, plan: SelectPlan): SqlOutcome {
  const rows = new ByteWriter();
  let rowCount = 0;
  let left = MAX_ANSWER_BYTES;
  executeSelect(plan, core.rows, caller.identity.bytes, {
    row(bytes, start, end) {
      left -= end - start + ROW_BYTES;
      if (left < 0) throw new QueryError('QUERY_TOO_LARGE', TOO_LARGE);
      rows.slice(bytes, start, end);
      rowCount++;
      return true;
    },
  });
  return { columns: plan.result, rowCount, rows: rows.written(), stats: NOTHING_CHANGED };
}

function change(core: Core, caller: Caller, plan: MutationPlan): SqlOutcome['stats'] {
  try {
    return core.transactions.run((transaction) =>
      executeMutation(plan, core.rows, caller.identity.bytes, new TransactionWriter(core.store, transaction)),
    );
  } catch (error) {
    if (isViewFailure(error)) throw new QueryError('QUERY_VIEW_FAILED', error.message, { cause: error });
    if (error instanceof SatsError) throw new QueryError('QUERY_INVALID_LITERAL', error.message, { cause: error });
    throw error;
  }
}

/** Changes rows in a transaction; a broken constraint is the caller's to hear of. */
class TransactionWriter implements RowWriter {
  readonly #store: Store;
  readonly #transaction: Transaction;

  constructor(store: Store, transaction: Transaction) {
    this.#store = store;
    this.#transaction = transaction;
  }

  insert(tableId: number, bytes: Uint8Array, start: number, end: number): boolean {
    const table = this.#changeable(tableId);
    const before = table.rowCount;
    const row = this.#transaction.insert(table, bytes, start, end);
    if (row === UNIQUE_VIOLATION) {
      throw new QueryError('QUERY_CONSTRAINT_VIOLATED', `IndexError: ${this.#transaction.lastViolation.message()}`);
    }
    if (row === SEQUENCE_EXHAUSTED) {
      throw new QueryError(
        'QUERY_CONSTRAINT_VIOLATED',
        `an auto-increment column of table \`${table.definition.name}\` has no values left`,
      );
    }
    return table.rowCount > before;
  }

  delete(tableId: number, bytes: Uint8Array, start: number, end: number): void {
    this.#transaction.deleteByValue(this.#changeable(tableId), bytes, start, end);
  }

  /** Most system tables say what the database is; changing them would make them wrong. */
  #changeable(tableId: number): Table {
    const table = this.#store.table(tableId);
    if (tableId >= FIRST_USER_OBJECT_ID || tableId === SYSTEM_TABLE_IDS.variable) return table;
    const message = `the rows of system table \`${table.definition.name}\` cannot be changed with SQL; publish a module that says what they should`;
    throw new QueryError('QUERY_UNSUPPORTED', message);
  }
}
