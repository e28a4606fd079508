import { beforeEach, describe, expect, test } from 'vitest';
import { HOST_IMPORTS } from '../src/abi/host-imports.ts';
import { ERRNO } from '../src/errno.ts';
import { Guest } from '../src/guest/guest.ts';
import { bytesImports } from '../src/imports/bytes-imports.ts';
import { consoleImports } from '../src/imports/console-imports.ts';
import { dataImports } from '../src/imports/data-imports.ts';
import { procedureImports } from '../src/imports/procedure-imports.ts';
import { recordingEnvironment } from './support/recorder.ts';
import type { Recorder, RecordingEnvironment } from './support/recorder.ts';

const NULL_POINTER = 'null pointer passed to a spacetime function';
const OUT_OF_BOUNDS = 'out of bounds pointer passed to a spacetime function';
const PAGE = 65_536;
const END = PAGE;

type AnyImport = (...args: (number | bigint)[]) => number | bigint | undefined;

let environment: RecordingEnvironment;
let calls: Recorder;
let guest: Guest;
let memory: WebAssembly.Memory;
let imports: Record<string, AnyImport>;

beforeEach(() => {
  environment = recordingEnvironment();
  calls = environment.calls;
  guest = new Guest(environment, Infinity);
  memory = new WebAssembly.Memory({ initial: 1, maximum: 4 });
  guest.memory.attach(memory);
  imports = {
    ...dataImports(guest),
    ...bytesImports(guest),
    ...consoleImports(guest),
    ...procedureImports(guest, undefined),
  } as unknown as Record<string, AnyImport>;
});

function call(name: string, ...args: (number | bigint)[]): number | bigint | undefined {
  return imports[name]!(...args);
}
function put(at: number, ...bytes: number[]): void {
  new Uint8Array(memory.buffer).set(bytes, at);
}
function putU32(at: number, value: number): void {
  new DataView(memory.buffer).setUint32(at, value, true);
}
function putText(at: number, text: string): number {
  const bytes = new TextEncoder().encode(text);
  put(at, ...bytes);
  return bytes.length;
}
function u32(at: number): number {
  return new DataView(memory.buffer).getUint32(at, true);
}
function u64(at: number): bigint {
  return new DataView(memory.buffer).getBigUint64(at, true);
}
function bytesAt(at: number, length: number): number[] {
  return [...new Uint8Array(memory.buffer, at, length)];
}

test('every import of the ABI has a function with as many parameters, and there is no other', () => {
  const signatures = Object.values(HOST_IMPORTS).flatMap((functions) => Object.entries(functions));
  expect(Object.keys(imports).sort()).toEqual(signatures.map(([name]) => name).sort());
  for (const [name, signature] of signatures) {
    const parameters = signature.slice(1, signature.indexOf(')'));
    const count = parameters === '' ? 0 : parameters.split(', ').length;
    expect(imports[name]!.length, name).toBe(count);
  }
});

/** Good arguments for each import that takes pointers, and which of them are pointers to how many bytes. */
const CALLS: { name: string; args: number[]; pointers: number[]; needsTransaction: boolean }[] = [
  { name: 'table_id_from_name', args: [16, 3, 64], pointers: [0, 2], needsTransaction: true },
  { name: 'index_id_from_name', args: [16, 3, 64], pointers: [0, 2], needsTransaction: true },
  { name: 'datastore_table_row_count', args: [7, 64], pointers: [1], needsTransaction: true },
  { name: 'datastore_table_scan_bsatn', args: [7, 64], pointers: [1], needsTransaction: true },
  { name: 'datastore_index_scan_point_bsatn', args: [7, 16, 4, 64], pointers: [1, 3], needsTransaction: true },
  ...['datastore_index_scan_range_bsatn', 'datastore_btree_scan_bsatn'].map((name) => ({
    name,
    args: [7, 16, 4, 1, 32, 5, 40, 5, 64],
    pointers: [1, 4, 6, 8],
    needsTransaction: true,
  })),
  ...['datastore_delete_by_index_scan_range_bsatn', 'datastore_delete_by_btree_scan_bsatn'].map((name) => ({
    name,
    args: [7, 16, 4, 1, 32, 5, 40, 5, 64],
    pointers: [1, 4, 6, 8],
    needsTransaction: true,
  })),
  {
    name: 'datastore_delete_by_index_scan_point_bsatn',
    args: [7, 16, 4, 64],
    pointers: [1, 3],
    needsTransaction: true,
  },
  { name: 'datastore_delete_all_by_eq_bsatn', args: [7, 16, 4, 64], pointers: [1, 3], needsTransaction: true },
  { name: 'datastore_clear', args: [7, 64], pointers: [1], needsTransaction: true },
  { name: 'datastore_insert_bsatn', args: [7, 16, 128], pointers: [1, 2], needsTransaction: true },
  { name: 'datastore_update_bsatn', args: [7, 8, 16, 128], pointers: [2, 3], needsTransaction: true },
  { name: 'get_jwt', args: [16, 64], pointers: [0, 1], needsTransaction: true },
  { name: 'identity', args: [64], pointers: [0], needsTransaction: false },
  { name: 'console_timer_start', args: [16, 3], pointers: [0], needsTransaction: false },
  { name: 'volatile_nonatomic_schedule_immediate', args: [16, 3, 32, 4], pointers: [0, 2], needsTransaction: false },
];

describe.each(CALLS)('$name', ({ name, args, pointers }) => {
  beforeEach(() => {
    putText(16, 'abc');
    put(32, 1, 9, 9, 9, 9);
    put(40, 2);
    putU32(128, 6);
  });

  test('works with good arguments', () => {
    expect(call(name, ...args)).toSatisfy((result) => result === 0 || result === undefined || result === 1);
  });

  test.each(pointers)('traps on null as argument %i', (position) => {
    const broken = args.with(position, 0);
    expect(() => call(name, ...broken)).toThrow(NULL_POINTER);
  });

  test.each(pointers)('traps on argument %i beyond the memory, also when the sum wraps around', (position) => {
    for (const pointer of [END - 1, END, 0x7fff_ffff, -1]) {
      expect(() => call(name, ...args.with(position, pointer)), String(pointer)).toThrow(OUT_OF_BOUNDS);
    }
  });
});

test.each(CALLS.filter(({ needsTransaction }) => needsTransaction))(
  '$name answers NOT_IN_TRANSACTION outside of one',
  ({ name, args }) => {
    putText(16, 'abc');
    put(32, 1, 9, 9, 9, 9);
    put(40, 2);
    calls.inTransaction = false;
    expect(call(name, ...args)).toBe(ERRNO.notInTransaction);
    expect(calls.log).toEqual([]);
  },
);

describe('names', () => {
  test('are UTF-8, go to the engine, and give ids', () => {
    const length = putText(16, 'größe');
    calls.answer = 4097;
    expect(call('table_id_from_name', 16, length, 64)).toBe(0);
    expect(u32(64)).toBe(4097);
    calls.answer = -ERRNO.noSuchIndex;
    expect(call('index_id_from_name', 16, length, 68)).toBe(ERRNO.noSuchIndex);
    expect(u32(68)).toBe(0);
    expect(calls.log).toEqual(['tableId größe', 'indexId größe']);
  });

  test('that are no UTF-8 trap', () => {
    put(16, 0xff);
    expect(() => call('table_id_from_name', 16, 1, 64)).toThrow('invalid utf8 passed to a spacetime function');
  });
});

describe('scans and iterators', () => {
  const row = (size: number, fill: number): Uint8Array => new Uint8Array(size).fill(fill);
  function scan(...rows: Uint8Array[]): number {
    calls.rows = rows;
    expect(call('datastore_table_scan_bsatn', 7, 64)).toBe(0);
    return u32(64);
  }
  function advance(iterator: number, capacity: number): { code: number; length: number } {
    putU32(128, capacity);
    const code = Number(call('row_iter_bsatn_advance', iterator, 256, 128));
    return { code, length: u32(128) };
  }

  test('the last rows come with -1, and then the iterator is gone', () => {
    const iterator = scan(row(3, 1), row(2, 2));
    expect(advance(iterator, 100)).toEqual({ code: -1, length: 5 });
    expect(bytesAt(256, 6)).toEqual([1, 1, 1, 2, 2, 0]);
    expect(advance(iterator, 100).code).toBe(ERRNO.noSuchIterator);
    expect(call('row_iter_bsatn_close', iterator)).toBe(ERRNO.noSuchIterator);
  });

  test('an empty scan ends at once with length 0', () => {
    expect(advance(scan(), 100)).toEqual({ code: -1, length: 0 });
  });

  test('whole chunks only; a buffer too small for one gets errno 11 and the size', () => {
    const iterator = scan(row(20_000, 1), row(20_000, 2), row(100, 3), row(30, 4));
    expect(advance(iterator, 39_999)).toEqual({ code: ERRNO.bufferTooSmall, length: 40_000 });
    expect(advance(iterator, 40_129)).toEqual({ code: 0, length: 40_000 });
    expect(advance(iterator, 129)).toEqual({ code: ERRNO.bufferTooSmall, length: 130 });
    expect(advance(iterator, 130)).toEqual({ code: -1, length: 130 });
  });

  test('several chunks go in one advance when they fit', () => {
    expect(advance(scan(row(32_769, 1), row(1, 2)), 40_000)).toEqual({ code: -1, length: 32_770 });
  });

  test('an unknown iterator is found out before the memory is looked at', () => {
    expect(call('row_iter_bsatn_advance', 0, 0, 0)).toBe(ERRNO.noSuchIterator);
    expect(call('row_iter_bsatn_advance', -1, 0, 0)).toBe(ERRNO.noSuchIterator);
    expect(call('row_iter_bsatn_close', 1)).toBe(ERRNO.noSuchIterator);
  });

  test('a null buffer traps though its capacity is 0', () => {
    const iterator = scan(row(1, 1));
    putU32(128, 0);
    expect(() => call('row_iter_bsatn_advance', iterator, 0, 128)).toThrow(NULL_POINTER);
  });

  test('handles start at 1 and closed ones are given out again', () => {
    expect([scan(), scan(), scan()]).toEqual([1, 2, 3]);
    expect(call('row_iter_bsatn_close', 2)).toBe(0);
    expect([scan(row(1, 5)), scan()]).toEqual([2, 4]);
    expect(advance(2, 10)).toEqual({ code: -1, length: 1 });
  });

  test('a scan that fails opens no iterator', () => {
    calls.answer = -ERRNO.noSuchTable;
    calls.rows = [row(10, 1)];
    expect(call('datastore_table_scan_bsatn', 7, 64)).toBe(ERRNO.noSuchTable);
    calls.answer = 0;
    expect(advance(scan(), 10)).toEqual({ code: -1, length: 0 });
  });

  test('the end of the call drops every handle', () => {
    const iterator = scan(row(1, 1));
    const source = guest.sources.add(Uint8Array.of(1), 0, 1);
    const sink = guest.sinks.open();
    putText(16, 'abc');
    const timer = Number(call('console_timer_start', 16, 3));
    guest.end();
    expect(call('row_iter_bsatn_close', iterator)).toBe(ERRNO.noSuchIterator);
    expect(call('bytes_source_read', source, 256, 128)).toBe(ERRNO.noSuchBytes);
    expect(call('bytes_sink_write', sink, 256, 128)).toBe(ERRNO.noSuchBytes);
    expect(call('console_timer_end', timer)).toBe(ERRNO.noSuchConsoleTimer);
  });

  test('an out pointer is looked at only after the work is done', () => {
    expect(() => call('datastore_clear', 7, 0)).toThrow(NULL_POINTER);
    expect(calls.log).toEqual(['clear 7']);
  });
});

describe('ranges', () => {
  function scanRange(prefix: number[], columns: number, lower: number[], upper: number[]): number {
    put(16, ...prefix);
    put(32, ...lower);
    put(48, ...upper);
    return Number(
      call('datastore_index_scan_range_bsatn', 7, 16, prefix.length, columns, 32, lower.length, 48, upper.length, 64),
    );
  }

  test('travel as offsets without the tags of their bounds', () => {
    expect(scanRange([1, 2], 1, [0, 5], [1, 6, 7])).toBe(0);
    expect(scanRange([], 0, [2], [2])).toBe(0);
    expect(calls.log).toEqual([
      'scanIndexRange 7 prefix 1:0102 from 0:05 to 1:0607',
      'scanIndexRange 7 prefix 0: from 2: to 2:',
    ]);
  });

  test('without prefix columns the prefix is not looked at', () => {
    put(32, 2);
    expect(call('datastore_index_scan_range_bsatn', 7, 0, 99, 0, 32, 1, 32, 1, 64)).toBe(0);
    expect(calls.log).toEqual(['scanIndexRange 7 prefix 0: from 2: to 2:']);
  });

  test.each([{ lower: [] }, { lower: [3] }, { lower: [255, 1] }])('a bound $lower is no bound', ({ lower }) => {
    expect(scanRange([], 0, lower, [2])).toBe(ERRNO.bsatnDecodeError);
    expect(scanRange([], 0, [2], lower)).toBe(ERRNO.bsatnDecodeError);
  });

  test('a number of prefix columns that is no u16 traps', () => {
    expect(() => scanRange([], 65_536, [2], [2])).toThrow(/prefix_elems 65536/);
  });

  test('deletes answer a count of four bytes', () => {
    calls.answer = 3;
    put(32, 2);
    putU32(68, 0xffff_ffff);
    expect(call('datastore_delete_by_index_scan_range_bsatn', 7, 0, 0, 0, 32, 1, 32, 1, 64)).toBe(0);
    expect([u32(64), u32(68)]).toEqual([3, 0xffff_ffff]);
  });
});

describe('rows', () => {
  test('insert hands over the row in place and writes generated columns back', () => {
    put(16, 1, 2, 3, 4);
    putU32(128, 4);
    calls.generated = Uint8Array.of(9, 8);
    expect(call('datastore_insert_bsatn', 7, 16, 128)).toBe(0);
    expect(calls.log).toEqual(['insert 7 01020304']);
    expect([bytesAt(16, 4), u32(128)]).toEqual([[9, 8, 3, 4], 2]);
  });

  test('nothing generated gives length 0', () => {
    putU32(128, 4);
    expect(call('datastore_update_bsatn', 7, 8, 16, 128)).toBe(0);
    expect([calls.log, u32(128)]).toEqual([['update 7 8 00000000'], 0]);
  });

  test('an errno leaves row and length as they were', () => {
    put(16, 1, 2);
    putU32(128, 2);
    calls.generated = Uint8Array.of(9);
    calls.answer = -ERRNO.uniqueAlreadyExists;
    expect(call('datastore_insert_bsatn', 7, 16, 128)).toBe(ERRNO.uniqueAlreadyExists);
    expect([bytesAt(16, 2), u32(128)]).toEqual([[1, 2], 2]);
  });

  test('counts of tables have eight bytes', () => {
    calls.answer = 2 ** 33 + 1;
    expect(call('datastore_table_row_count', 7, 64)).toBe(0);
    expect(u64(64)).toBe(2n ** 33n + 1n);
    expect(call('datastore_clear', 7, 72)).toBe(0);
    expect(u64(72)).toBe(2n ** 33n + 1n);
  });

  test('memory that has grown since is seen', () => {
    memory.grow(1);
    put(PAGE + 8, 5);
    putU32(PAGE + 16, 1);
    expect(call('datastore_insert_bsatn', 7, PAGE + 8, PAGE + 16)).toBe(0);
    expect(calls.log).toEqual(['insert 7 05']);
  });
});

describe('bytes', () => {
  test('a source is read in pieces, -1 coming with the last', () => {
    const source = guest.sources.add(Uint8Array.of(0, 1, 2, 3, 4, 0), 1, 5);
    expect(call('bytes_source_remaining_length', source, 64)).toBe(0);
    expect(u32(64)).toBe(4);
    putU32(128, 3);
    expect(call('bytes_source_read', source, 256, 128)).toBe(0);
    expect([u32(128), bytesAt(256, 4)]).toEqual([3, [1, 2, 3, 0]]);
    expect(call('bytes_source_read', source, 256, 128)).toBe(-1);
    expect([u32(128), bytesAt(256, 1)]).toEqual([1, [4]]);
    expect(call('bytes_source_read', source, 256, 128)).toBe(ERRNO.noSuchBytes);
    expect(call('bytes_source_remaining_length', source, 64)).toBe(ERRNO.noSuchBytes);
  });

  test('an unknown handle is found out before the memory is looked at', () => {
    expect(call('bytes_source_read', 0, 0, 0)).toBe(ERRNO.noSuchBytes);
    expect(call('bytes_sink_write', 1, 0, 0)).toBe(ERRNO.noSuchBytes);
  });

  test('a sink takes everything and leaves the length', () => {
    const sink = guest.sinks.open();
    putText(16, 'abc');
    putU32(128, 3);
    expect(call('bytes_sink_write', sink, 16, 128)).toBe(0);
    expect(call('bytes_sink_write', sink, 16, 128)).toBe(0);
    expect([u32(128), Buffer.from(guest.sinks.find(sink)!.written()).toString()]).toEqual([3, 'abcabc']);
  });

  test('a sink of 256 MiB is full', () => {
    memory.grow(3);
    const sink = guest.sinks.open();
    putU32(128, 3 * PAGE);
    let errno: unknown = 0;
    let written = 0;
    for (; errno === 0; written += 3 * PAGE) errno = call('bytes_sink_write', sink, 256, 128);
    expect(errno).toBe(ERRNO.noSpace);
    expect(written - 3 * PAGE).toBeGreaterThan(255 * 2 ** 20);
  });

  test('claims come as a source, or as 0', () => {
    expect(call('get_jwt', 16, 64)).toBe(0);
    expect(u32(64)).toBe(0);
    calls.jwt = '{"sub":"é"}';
    expect(call('get_jwt', 16, 64)).toBe(0);
    putU32(128, 100);
    expect(call('bytes_source_read', u32(64), 256, 128)).toBe(-1);
    expect(Buffer.from(bytesAt(256, u32(128))).toString()).toBe('{"sub":"é"}');
    expect(calls.log[0]).toBe(`jwtPayload ${'00'.repeat(16)}`);
  });

  test('the identity of the database works outside of transactions', () => {
    calls.inTransaction = false;
    call('identity', 64);
    expect(bytesAt(64, 32)).toEqual([...environment.databaseIdentity]);
  });

  test('a scheduled call has its own copy of the arguments', () => {
    putText(16, 'tick');
    put(32, 1, 2);
    call('volatile_nonatomic_schedule_immediate', 16, 4, 32, 2);
    expect(calls.log).toEqual(['scheduleImmediate tick 0102']);
  });
});

describe('the console', () => {
  test.each([
    { number: 0, level: 'Error' },
    { number: 1, level: 'Warn' },
    { number: 2, level: 'Info' },
    { number: 3, level: 'Debug' },
    { number: 4, level: 'Trace' },
    { number: 77, level: 'Debug' },
    { number: 256 + 1, level: 'Warn' },
    { number: 101, level: 'Panic' },
  ])('level $number is $level', ({ number, level }) => {
    putText(16, 'abc');
    call('console_log', number, 0, 0, 0, 0, -1, 16, 3);
    expect(environment.records).toEqual([
      {
        level,
        timestampMicros: 1_001_500,
        target: undefined,
        fileName: undefined,
        lineNumber: undefined,
        message: 'abc',
        trace: level === 'Panic' ? [] : undefined,
      },
    ]);
  });

  test('target, file and line are optional, bad UTF-8 is mended', () => {
    putText(16, 'target');
    putText(32, 'file');
    put(48, 0x61, 0xff);
    call('console_log', 2, 16, 6, 32, 4, 12, 48, 2);
    expect(environment.records[0]).toMatchObject({
      target: 'target',
      fileName: 'file',
      lineNumber: 12,
      message: 'a\ufffd',
    });
  });

  test('bad pointers drop the record and nothing else', () => {
    for (const args of [
      [2, 0, 0, 0, 0, -1, 0, 3],
      [2, 0, 0, 0, 0, -1, END - 1, 2],
      [2, END, 1, 0, 0, -1, 16, 3],
      [2, 0, 0, -4, 8, -1, 16, 3],
    ]) {
      expect(call('console_log', ...args)).toBe(undefined);
    }
    expect(environment.records).toEqual([]);
  });

  test('a timer logs its name and duration as Rust shows them', () => {
    const length = putText(16, 'my "span"\n');
    const timer = Number(call('console_timer_start', 16, length));
    expect(timer).toBe(1);
    expect(call('console_timer_end', timer)).toBe(0);
    expect(environment.records[0]).toMatchObject({
      level: 'Info',
      message: 'Timing span "my \\"span\\"\\n": 1.5ms',
      target: undefined,
    });
    expect(call('console_timer_end', timer)).toBe(ERRNO.noSuchConsoleTimer);
    expect(call('console_timer_end', 0)).toBe(ERRNO.noSuchConsoleTimer);
  });
});

describe('what belongs to procedures', () => {
  test('in a transaction that is not theirs', () => {
    expect(call('procedure_start_mut_tx', 64)).toBe(ERRNO.wouldBlockTransaction);
    expect(call('procedure_commit_mut_tx')).toBe(ERRNO.transactionNotAnonymous);
    expect(call('procedure_abort_mut_tx')).toBe(ERRNO.transactionNotAnonymous);
    expect(() => call('procedure_sleep_until', 0n)).toThrow(
      'procedure_sleep_until is only available in async instances',
    );
    expect(() => call('procedure_http_request', 16, 1, 16, 1, 64)).toThrow(
      'procedure_http_request is only available in async instances',
    );
  });
});

test('work of the host counts, and ends the call when it is too much', () => {
  guest.begin(100_000);
  putText(16, 'abc');
  const logForever = (): void => {
    for (;;) call('console_log', 2, 0, 0, 0, 0, -1, 16, 3);
  };
  expect(logForever).toThrow(expect.objectContaining({ name: 'OutOfEnergy' }));
  expect(environment.records.length).toBeLessThan(100);
});
