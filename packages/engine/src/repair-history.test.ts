import { CommitLog } from '@lightcone/commitlog';
import { SimulatedDisk, seededRandom } from '@lightcone/commitlog/testing';
import { type AlgebraicValue, ByteWriter } from '@lightcone/sats';
import { Store } from '@lightcone/store';
import { expect, test } from 'vitest';
import { insertBootstrapRows, recover } from './recovery.ts';
import { repairHistory } from './repair-history.ts';
import { DEFAULT_SEQUENCE_MAX, sequenceRow, tableRow } from './schema-rows.ts';
import { insertRow, readRows, systemRowType } from './system-rows.ts';
import { SYSTEM_TABLE_IDS as ID } from './system-tables.ts';
import { writeTransactionRecord } from './transaction-record.ts';

/** Repairs a store that a log filled with these rows. */
function repaired(rows: readonly (readonly [tableId: number, row: AlgebraicValue])[]): Store {
  const store = new Store();
  const replay = store.replay();
  insertBootstrapRows(store, replay);
  for (const [tableId, row] of rows) {
    const writer = new ByteWriter();
    systemRowType(tableId).encode(writer, row);
    replay.insert(store.table(tableId), writer.bytes, 0, writer.length);
  }
  repairHistory(store, replay);
  replay.finish();
  return store;
}

/** A row of a sequence as it was when that had given numbers up to `allocated`. */
function allocated(sequenceId: number, upTo: bigint): readonly [number, AlgebraicValue] {
  const numbers = { increment: 1n, start: 1n, min: 1n, max: DEFAULT_SEQUENCE_MAX, allocated: upTo };
  return [ID.sequence, sequenceRow(sequenceId, `sequence ${sequenceId}`, 4096, 0, numbers)];
}

test('of several rows of one sequence the one that has allocated most stays, whichever came last', () => {
  const before = readRows(repaired([]), ID.sequence);
  // As numbers, not as text: 9 is less than 10.
  const rows = [allocated(4096, 9n), allocated(4096, 4097n), allocated(4096, 10n), allocated(4097, 8n), allocated(4097, 12n), allocated(4098, 0n)]; // prettier-ignore
  const found = readRows(repaired(rows), ID.sequence).map((row) => [row['sequence_id'], row['allocated']]);
  expect(found.slice(0, before.length)).toEqual(before.map((row) => [row['sequence_id'], row['allocated']]));
  expect(found.slice(before.length)).toEqual([
    [4096, 4097n],
    [4097, 12n],
    [4098, 0n],
  ]);
});

test('event tables that are no tables go, and the others stay', () => {
  const event = (id: number): readonly [number, AlgebraicValue] => [ID.eventTable, { table_id: id }];
  const store = repaired([[ID.table, tableRow(4096, 'event', 'user', true, undefined)], event(4096), event(4097)]);
  expect(readRows(store, ID.eventTable)).toEqual([{ table_id: 4096 }]);
});

test('a database that starts is repaired', async () => {
  const original = new Store();
  await recover(original, undefined);
  const transaction = original.begin();
  insertRow(original, transaction, ID.eventTable, { table_id: 4097 });
  const record = new ByteWriter();
  writeTransactionRecord(record, undefined, transaction.commit());
  await using log = await CommitLog.open(new SimulatedDisk(seededRandom(1)), 'db');
  log.append(record.bytes, 0, record.length);
  await log.sync();
  const store = new Store();
  await recover(store, log);
  expect(readRows(store, ID.eventTable)).toEqual([]);
});
