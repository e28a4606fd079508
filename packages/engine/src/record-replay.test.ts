import { ByteWriter, types } from '@lightcone/sats';
import { Store, type Table, type Transaction } from '@lightcone/store';
import { expect, test } from 'vitest';
import { describeTable } from './describe-tables.ts';
import { RecordReplay } from './record-replay.ts';
import { insertBootstrapRows, recover } from './recovery.ts';
import { columnRow, constraintRow, indexRow, tableRow } from './schema-rows.ts';
import { deleteRows, insertRow } from './system-rows.ts';
import { SYSTEM_TABLE_IDS as ID } from './system-tables.ts';
import { writeTransactionRecord } from './transaction-record.ts';

const PERSON = 4096;
const INDEX = 4097;
const CONSTRAINT = 4098;

/** Transactions on one store whose records are replayed into another, each at once. */
class Twins {
  readonly original = new Store();
  readonly copy = new Store();
  readonly replay = this.copy.replay();
  readonly #records = new RecordReplay(this.copy, this.replay);
  #txOffset = 0;

  static async make(): Promise<Twins> {
    const twins = new Twins();
    await recover(twins.original, undefined);
    insertBootstrapRows(twins.copy, twins.replay);
    return twins;
  }

  transact(work: (transaction: Transaction) => void): void {
    const transaction = this.original.begin();
    work(transaction);
    const record = new ByteWriter();
    writeTransactionRecord(record, undefined, transaction.commit());
    this.#records.commit(this.#txOffset++, 1, record.bytes, 0, record.length);
  }

  get replayed(): Table {
    return this.copy.table(PERSON);
  }
}

test('after each record a table is what the system tables say of it, also of what is unique in it', async () => {
  const twins = await Twins.make();
  const { original, copy } = twins;
  const isConstraint = (row: Record<string, unknown>): boolean => row['constraint_id'] === CONSTRAINT;
  twins.transact((transaction) => {
    insertRow(original, transaction, ID.table, tableRow(PERSON, 'person', 'user', true, 0));
    insertRow(original, transaction, ID.column, columnRow(PERSON, 0, 'id', types.u32));
    insertRow(original, transaction, ID.index, indexRow(INDEX, PERSON, 'person_id', { kind: 'btree', columns: [0] }));
    insertRow(original, transaction, ID.constraint, constraintRow(CONSTRAINT, 'person_id', PERSON, [0]));
  });
  expect(twins.replayed.definition).toEqual(describeTable(copy, PERSON).definition);
  expect(twins.replayed.definition.indexes[0]!.isUnique).toBe(true);
  twins.transact((transaction) => deleteRows(original, transaction, ID.constraint, isConstraint));
  expect(twins.replayed.definition.indexes[0]!.isUnique).toBe(false);
  twins.transact((transaction) =>
    insertRow(original, transaction, ID.constraint, constraintRow(CONSTRAINT, 'person_id', PERSON, [0])),
  );
  expect(twins.replayed.definition.indexes[0]!.isUnique).toBe(true);
  twins.transact((transaction) => deleteRows(original, transaction, ID.index, (row) => row['index_id'] === INDEX));
  expect(twins.replayed.definition.indexes).toEqual([]);
});
