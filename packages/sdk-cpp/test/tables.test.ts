// Operations on tables with a host that answers as the test says. Errnos: the faults of data are values where a value
// was asked for; all else ends the call, with a line in the log.
import { expect, test } from 'vitest';
import { testModule } from './support/modules.ts';
import { RawHost } from './support/raw-host.ts';

const id = (value: number): Uint8Array => Uint8Array.of(value, 0, 0, 0);
const entry = (name: string): number[] => [7, 0, 0, 0, 1, 0, 0, 0, name.charCodeAt(0), 1, 0, 0, 0, 3];

function open(): RawHost {
  return RawHost.ofFile(testModule('tables'));
}

const ERRNOS = [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 99];
const CALLS = [
  ['insert', 'datastore_insert_bsatn'],
  ['update', 'datastore_update_bsatn'],
  ['find', 'datastore_index_scan_point_bsatn'],
  ['filter', 'datastore_index_scan_range_bsatn'],
  ['scan', 'datastore_table_scan_bsatn'],
  ['count', 'datastore_table_row_count'],
  ['clear', 'datastore_clear'],
  ['remove_row', 'datastore_delete_all_by_eq_bsatn'],
  ['remove_by_key', 'datastore_delete_by_index_scan_point_bsatn'],
  ['remove_range', 'datastore_delete_by_index_scan_range_bsatn'],
  ['count', 'table_id_from_name'],
  ['find', 'index_id_from_name'],
] as const;

test.each(CALLS)('%s ends its call for every errno of %s, and names the table or index', (reducer, call) => {
  for (const code of ERRNOS) {
    const host = open();
    host.will(call, { code });
    expect(() => host.reducer(reducer, id(1)), `errno ${code}`).toThrow(WebAssembly.RuntimeError);
    expect(host.log).toEqual([expect.stringMatching(/^101 .*entry.*: .+/)]);
  }
});

test.each([
  { reducer: 'try_insert', call: 'datastore_insert_bsatn', code: 12, says: /same value in a unique column/ },
  { reducer: 'try_insert', call: 'datastore_insert_bsatn', code: 13, says: /too far ahead/ },
  { reducer: 'try_insert', call: 'datastore_insert_bsatn', code: 16, says: /used up/ },
  { reducer: 'try_update', call: 'datastore_update_bsatn', code: 12, says: /same value in a unique column/ },
  { reducer: 'try_update', call: 'datastore_update_bsatn', code: 15, says: /no row with this key/ },
])('errno $code of $call is a value for $reducer', ({ reducer, call, code, says }) => {
  const host = open();
  host.will(call, { code });
  const { result, sink } = host.reducer(reducer, id(1));
  expect(result).toBe(1);
  expect(Buffer.from(sink).toString()).toMatch(says);
  expect(host.log).toEqual([]);
});

test.each([
  { reducer: 'try_insert', call: 'datastore_insert_bsatn' },
  { reducer: 'try_update', call: 'datastore_update_bsatn' },
])("$reducer ends the call for errors that are not the data's", ({ reducer, call }) => {
  for (const code of ERRNOS.filter((errno) => ![12, 13, 15, 16].includes(errno))) {
    const host = open();
    host.will(call, { code });
    expect(() => host.reducer(reducer, id(1)), `errno ${code}`).toThrow(WebAssembly.RuntimeError);
  }
});

test('an insert takes over generated columns in their order, and only where the row had zero', () => {
  const host = open();
  host.will('datastore_insert_bsatn', { code: 0, out: [5, 0, 0, 0, 200] }, { code: 0, out: [201] });
  expect(Buffer.from(host.reducer('try_insert', id(0)).sink).toString()).toBe('5 a 1 200');
  expect(Buffer.from(host.reducer('try_insert', id(8)).sink).toString()).toBe('8 a 1 201');
});

test('insert_or_update inserts only when there was no row to update', () => {
  const host = open();
  host.will('datastore_update_bsatn', { code: 15 }, { code: 0 });
  host.reducer('insert_or_update', id(1));
  host.reducer('insert_or_update', id(1));
  const writes = host.calls.filter((name) => name.startsWith('datastore'));
  expect(writes).toEqual(['datastore_update_bsatn', 'datastore_insert_bsatn', 'datastore_update_bsatn']);
});

test('ids of tables and indexes are asked for once', () => {
  const host = open();
  for (let i = 0; i < 3; i++) host.reducer('update', id(1));
  expect(host.calls.filter((name) => name.endsWith('_from_name')).toSorted()).toEqual([
    'index_id_from_name',
    'table_id_from_name',
  ]);
});

test('rows arrive in chunks, one of which may be larger than the buffer', () => {
  const host = open();
  host.will('datastore_table_scan_bsatn', { code: 0, out: [4, 0, 0, 0] });
  host.will(
    'row_iter_bsatn_advance',
    { code: 0, out: [...entry('a'), ...entry('b')] },
    { code: 11, out: [2] },
    { code: 0, out: entry('c') },
    { code: 0, out: [] },
    { code: -1, out: entry('d') },
  );
  expect(Buffer.from(host.reducer('scan', id(100)).sink).toString()).toBe('abcd');
  expect(host.calls).not.toContain('row_iter_bsatn_close');
});

test('a scan that is left early is closed', () => {
  const host = open();
  host.will('datastore_table_scan_bsatn', { code: 0, out: [4, 0, 0, 0] });
  host.will('row_iter_bsatn_advance', { code: 0, out: [...entry('a'), ...entry('b')] });
  expect(Buffer.from(host.reducer('scan', id(1)).sink).toString()).toBe('a');
  expect(host.calls.at(-1)).toBe('row_iter_bsatn_close');
});

test.each([
  { use: 'range-for', says: 'ab 0 0 false', closes: 0 },
  { use: 'collect', says: 'ab 0 0 false', closes: 0 },
  { use: 'count', says: '2 0 0 false', closes: 0 },
  { use: 'first', says: 'a 0 0 false', closes: 1 },
])('rows are used up by $use: there are none for whatever comes after it', ({ use, says, closes }) => {
  const host = open();
  host.will('datastore_table_scan_bsatn', { code: 0, out: [4, 0, 0, 0] });
  host.will('row_iter_bsatn_advance', { code: 0, out: [...entry('a'), ...entry('b')] }, { code: -1, out: [] });
  const { sink } = host.reducer('use_again', Uint8Array.of(use.length, 0, 0, 0, ...Buffer.from(use)));
  expect(Buffer.from(sink).toString()).toBe(says);
  expect(host.calls.filter((name) => name === 'row_iter_bsatn_close')).toHaveLength(closes);
});

test('a failing row iterator ends the call', () => {
  const host = open();
  host.will('datastore_table_scan_bsatn', { code: 0, out: [4, 0, 0, 0] });
  host.will('row_iter_bsatn_advance', { code: 6 });
  expect(() => host.reducer('scan', id(1))).toThrow(WebAssembly.RuntimeError);
  expect(host.log).toEqual(['101 reading rows: there is no such row iterator']);
});

test('the value of a failed outcome ends the call that asks for it', () => {
  const host = open();
  expect(() => host.reducer('use_failed_outcome', id(0))).toThrow(WebAssembly.RuntimeError);
  expect(host.log).toEqual([expect.stringMatching(/^101 the value of a failed outcome was used/)]);
});

// What would silently find another row is told.
const MISFITS = ['find_huge', 'find_negative', 'find_negative_128', 'find_negative_256', 'find_huge_256'];
test.each(MISFITS)('%s ends the call: the key would become another one', (reducer) => {
  const host = open();
  expect(() => host.reducer(reducer, id(1))).toThrow(WebAssembly.RuntimeError);
  expect(host.log).toEqual(['101 a number does not fit the type of its column']);
  expect(Buffer.from(host.reducer(reducer, id(0)).sink).toString()).toBe('none');
});
