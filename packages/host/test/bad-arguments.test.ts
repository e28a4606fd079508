import { ByteWriter } from '@lightcone/sats';
import { describe, expect, test } from 'vitest';
import { HOST_IMPORTS } from '../src/abi/host-imports.ts';
import { Caller } from '../src/caller.ts';
import { CompiledModule } from '../src/compiled-module.ts';
import { ERRNO } from '../src/errno.ts';
import { writeHttpRequest } from '../src/http/http-message-codec.ts';
import { ModuleInstance } from '../src/module-instance.ts';
import { ProcedureInstance } from '../src/procedure-instance.ts';
import { UNREAD_BYTES, lastProbeResult, probeModule, probeProgram } from './support/probe-module.ts';
import type { ProbeCall } from './support/probe-module.ts';
import { recordingProcedureEnvironment } from './support/procedure-recorder.ts';
import type { RecordingProcedureEnvironment } from './support/procedure-recorder.ts';

// Every import of the ABI, called by a guest, with each of its arguments bad in each way there is.

const MEMORY_END = 65_536;
const NULL = 'null pointer passed to a spacetime function';
const OUT_OF_BOUNDS = 'out of bounds pointer passed to a spacetime function';

const httpRequest = new ByteWriter();
writeHttpRequest(httpRequest, {
  method: 'GET',
  headers: [],
  timeoutMicros: undefined,
  uri: 'http://a/',
  version: 'HTTP/1.1',
});

// What stands in the guest's memory.
const TEXT_AT = 16; // "abc"
const LOWER_AT = 32; // Included, four bytes
const UPPER_AT = 40; // Unbounded
const OUT_AT = 64;
const LENGTH_AT = 128; // 6
const ROW_AT = 136; // six bytes
const BAD_TEXT_AT = 152; // no UTF-8
const REQUEST_AT = 160;
const DATA = new Uint8Array(200);
const put = (at: number, bytes: Iterable<number>): void => DATA.set([...bytes], at - 16);
put(TEXT_AT, Buffer.from('abc'));
put(LOWER_AT, [0, 1, 2, 3, 4]);
put(UPPER_AT, [2, 0, 0, 0, 0]);
put(LENGTH_AT, [6, 0, 0, 0]);
put(BAD_TEXT_AT, [0x61, 0xff]);
put(REQUEST_AT, httpRequest.written());

const MODULE = CompiledModule.compile(probeModule([...DATA]));
const NOBODY = new Caller(new Uint8Array(32), new Uint8Array(16));

/** What an argument is. Sizes are in bytes. */
type Argument =
  | { readonly kind: 'input'; readonly good: number; readonly size: number }
  | { readonly kind: 'inputLength'; readonly good: number; readonly at: number }
  | { readonly kind: 'output'; readonly good: number; readonly size: number }
  | { readonly kind: 'id' | 'handle' | 'other'; readonly good: number | bigint };

const input = (at: number, size: number): Argument[] => [
  { kind: 'input', good: at, size },
  { kind: 'inputLength', good: size, at },
];
/** Memory that is read, of a size that stands elsewhere or is fixed. */
const read = (at: number, size: number): Argument => ({ kind: 'input', good: at, size });
const output = (size: number): Argument => ({ kind: 'output', good: OUT_AT, size });
const id: Argument = { kind: 'id', good: 7 };
const handle: Argument = { kind: 'handle', good: 1 };
const other = (good: number | bigint): Argument => ({ kind: 'other', good });

interface Import {
  readonly name: string;
  readonly args: readonly Argument[];
  readonly needsTransaction?: true;
  /** Opens the handle that the call needs. */
  readonly before?: ProbeCall;
  readonly badHandle?: number;
  /** The result with good arguments; 0 if absent. */
  readonly good?: number;
}

const scan: ProbeCall = { name: 'datastore_table_scan_bsatn', args: [7, 200] };
const range = [id, ...input(TEXT_AT, 3), other(1), ...input(LOWER_AT, 5), ...input(UPPER_AT, 5), output(4)];
const IMPORTS: readonly Import[] = [
  { name: 'table_id_from_name', args: [...input(TEXT_AT, 3), output(4)], needsTransaction: true },
  { name: 'index_id_from_name', args: [...input(TEXT_AT, 3), output(4)], needsTransaction: true },
  { name: 'datastore_table_row_count', args: [id, output(8)], needsTransaction: true },
  { name: 'datastore_table_scan_bsatn', args: [id, output(4)], needsTransaction: true },
  { name: 'datastore_index_scan_range_bsatn', args: range, needsTransaction: true },
  { name: 'datastore_btree_scan_bsatn', args: range, needsTransaction: true },
  { name: 'datastore_delete_by_index_scan_range_bsatn', args: range, needsTransaction: true },
  { name: 'datastore_delete_by_btree_scan_bsatn', args: range, needsTransaction: true },
  { name: 'datastore_delete_all_by_eq_bsatn', args: [id, ...input(TEXT_AT, 3), output(4)], needsTransaction: true },
  {
    name: 'row_iter_bsatn_advance',
    args: [handle, read(ROW_AT, 6), read(LENGTH_AT, 4)],
    before: scan,
    badHandle: ERRNO.noSuchIterator,
    good: -1,
  },
  { name: 'row_iter_bsatn_close', args: [handle], before: scan, badHandle: ERRNO.noSuchIterator },
  { name: 'datastore_insert_bsatn', args: [id, read(ROW_AT, 6), read(LENGTH_AT, 4)], needsTransaction: true },
  { name: 'datastore_update_bsatn', args: [id, id, read(ROW_AT, 6), read(LENGTH_AT, 4)], needsTransaction: true },
  { name: 'bytes_sink_write', args: [handle, read(ROW_AT, 6), read(LENGTH_AT, 4)], badHandle: ERRNO.noSuchBytes },
  {
    name: 'bytes_source_read',
    args: [handle, read(ROW_AT, 6), read(LENGTH_AT, 4)],
    badHandle: ERRNO.noSuchBytes,
    good: -1,
  },
  {
    name: 'console_log',
    args: [other(2), ...input(TEXT_AT, 3), ...input(TEXT_AT, 3), other(1), ...input(TEXT_AT, 3)],
  },
  { name: 'console_timer_start', args: input(TEXT_AT, 3), good: 1 },
  {
    name: 'console_timer_end',
    args: [handle],
    before: { name: 'console_timer_start', args: [TEXT_AT, 3] },
    badHandle: ERRNO.noSuchConsoleTimer,
  },
  { name: 'identity', args: [output(32)] },
  { name: 'volatile_nonatomic_schedule_immediate', args: [...input(TEXT_AT, 3), ...input(LOWER_AT, 5)] },
  { name: 'bytes_source_remaining_length', args: [handle, output(4)], badHandle: ERRNO.noSuchBytes },
  { name: 'get_jwt', args: [read(TEXT_AT, 16), output(4)], needsTransaction: true },
  { name: 'datastore_index_scan_point_bsatn', args: [id, ...input(TEXT_AT, 3), output(4)], needsTransaction: true },
  {
    name: 'datastore_delete_by_index_scan_point_bsatn',
    args: [id, ...input(TEXT_AT, 3), output(4)],
    needsTransaction: true,
  },
  { name: 'datastore_clear', args: [id, output(8)], needsTransaction: true },
];

/** Tested in a table of their own. */
const OF_PROCEDURES = new Set([
  'procedure_sleep_until',
  'procedure_start_mut_tx',
  'procedure_commit_mut_tx',
  'procedure_abort_mut_tx',
  'procedure_http_request',
]);

test('no import is left out', () => {
  const names = Object.values(HOST_IMPORTS).flatMap((functions) => Object.keys(functions));
  expect([...IMPORTS.map(({ name }) => name), ...OF_PROCEDURES].sort()).toEqual(names.sort());
});

interface Place {
  readonly place: string;
  readonly isProcedure: boolean;
  readonly isInTransaction: boolean;
}
const PLACES: readonly Place[] = [
  { place: 'a reducer', isProcedure: false, isInTransaction: true },
  { place: 'a reducer without transaction', isProcedure: false, isInTransaction: false },
  { place: 'a transaction of a procedure', isProcedure: true, isInTransaction: true },
  { place: 'a procedure', isProcedure: true, isInTransaction: false },
];

/** Runs the calls in a new instance; answers the last one's result, or the message of the trap. */
async function run(
  { isProcedure, isInTransaction }: Place,
  calls: readonly ProbeCall[],
  prepare?: (environment: RecordingProcedureEnvironment) => void,
): Promise<number | string> {
  const environment = recordingProcedureEnvironment();
  environment.calls.rows = [Uint8Array.of(1, 2, 3)];
  prepare?.(environment);
  const args = probeProgram(calls);
  if (!isProcedure) {
    environment.calls.inTransaction = isInTransaction;
    const instance = ModuleInstance.create(MODULE, environment);
    const outcome = instance.callReducer(0, NOBODY, 1n, args, 0, args.length);
    if (outcome.kind === 'error') return lastProbeResult(outcome.message);
    if (outcome.kind !== 'trapped') throw new Error(outcome.kind);
    expect([instance.isDead, outcome.cause]).toEqual([true, undefined]);
    return outcome.message;
  }
  const instance = ProcedureInstance.create(MODULE, environment);
  environment.calls.inTransaction = isInTransaction;
  const ended = instance.callProcedure({ id: 0, name: 'probe' }, NOBODY, 1n, args, 0, args.length);
  environment.procedures.requests[0]?.resolve({ error: 'no answer' });
  const outcome = await ended;
  if (outcome.kind === 'ok') return lastProbeResult(Buffer.from(outcome.value).toString());
  if (outcome.kind !== 'trapped') throw new Error(outcome.kind);
  expect([instance.isDead, outcome.cause]).toEqual([true, undefined]);
  return outcome.message;
}

interface BadArgument {
  readonly what: string;
  readonly value: number | bigint;
  /** Of the trap. */
  readonly message?: string;
  readonly errno?: number;
}

/** Every way in which an argument can be bad, and what must come of it in a transaction. */
function badValues(argument: Argument, badHandle: number | undefined): BadArgument[] {
  switch (argument.kind) {
    case 'input':
    case 'output':
      return [
        { what: 'null', value: 0, message: NULL },
        { what: 'one byte too near to the end', value: MEMORY_END - argument.size + 1, message: OUT_OF_BOUNDS },
        { what: 'the last byte', value: MEMORY_END - 1, message: OUT_OF_BOUNDS },
        { what: 'the end', value: MEMORY_END, message: OUT_OF_BOUNDS },
        { what: 'beyond the end', value: 0x7fff_ffff, message: OUT_OF_BOUNDS },
        { what: 'so high that the sum wraps around', value: -1, message: OUT_OF_BOUNDS },
      ];
    case 'inputLength':
      return [
        { what: 'one byte too long', value: MEMORY_END - argument.at + 1, message: OUT_OF_BOUNDS },
        { what: 'so long that the sum wraps around', value: -1, message: OUT_OF_BOUNDS },
        { what: 'negative', value: -argument.at, message: OUT_OF_BOUNDS },
      ];
    case 'handle':
      return [
        { what: 'never given out', value: 99, errno: badHandle! },
        { what: '0', value: 0, errno: badHandle! },
        { what: 'the highest number', value: -1, errno: badHandle! },
        { what: 'that of a negative index', value: -0x8000_0000, errno: badHandle! },
      ];
    default:
      return []; // what ids and bounds mean, the data says
  }
}

const isAlwaysChecked = (argument: Argument): boolean =>
  argument.kind === 'input' || argument.kind === 'inputLength' || argument.kind === 'handle';

describe.each(PLACES)('in $place', (place) => {
  describe.each(IMPORTS)('$name', ({ name, args, needsTransaction, before, badHandle, good = 0 }) => {
    const goodArgs = args.map((argument) => argument.good);
    const calls = (changed: readonly (number | bigint)[]): ProbeCall[] => [
      ...(before === undefined ? [] : [before]),
      { name, args: changed },
    ];
    const isHere = needsTransaction !== true || place.isInTransaction;
    const hasHandle = before?.name !== scan.name || place.isInTransaction;

    test('with good arguments', async () => {
      const expected = !isHere ? ERRNO.notInTransaction : hasHandle ? good : badHandle;
      expect(await run(place, calls(goodArgs))).toBe(expected);
    });

    const bad = args.flatMap((argument, position) =>
      badValues(argument, badHandle).map((value) => ({ ...value, argument, position })),
    );
    if (name === 'console_log' || bad.length === 0) return;
    test.each(bad)('with argument $position $what', async ({ argument, position, value, message, errno }) => {
      const result = await run(place, calls(goodArgs.with(position, value)));
      if (!hasHandle) expect(result).toBe(badHandle);
      else if (!isHere && !isAlwaysChecked(argument)) expect(result).toBe(ERRNO.notInTransaction);
      else expect(result).toBe(message ?? errno);
    });
  });

  const pointers = IMPORTS.flatMap(({ name, args, before, needsTransaction, good = 0 }) =>
    args.flatMap((argument, position) =>
      argument.kind !== 'input' && argument.kind !== 'output'
        ? []
        : [{ name, args, before, needsTransaction, good, position, last: MEMORY_END - argument.size }],
    ),
  );
  test.each(pointers)('$name takes argument $position right at the end of the memory', async (entry) => {
    if (!place.isInTransaction) return;
    const { name, args, before, position, last, good } = entry;
    const changed = args.map((argument) => argument.good).with(position, last);
    const result = await run(place, [...(before === undefined ? [] : [before]), { name, args: changed }]);
    // The memory there is 0: a buffer of no bytes, for those that read a length.
    const isEmptyBuffer = args[position]!.good === LENGTH_AT;
    if (isEmptyBuffer && name === 'row_iter_bsatn_advance') expect(result).toBe(ERRNO.bufferTooSmall);
    else if (isEmptyBuffer && name === 'bytes_source_read') expect(result).toBe(0);
    else expect(result).toBe(good);
  });

  test('console_log never fails, and drops what has a bad pointer', async () => {
    const args = [2, TEXT_AT, 3, TEXT_AT, 3, 1, TEXT_AT, 3];
    for (const [position, isDroppedWhenNull] of [
      [1, false],
      [3, false],
      [6, true],
    ] as const) {
      for (const value of [0, MEMORY_END - 2, MEMORY_END, 0x7fff_ffff, -1]) {
        let environment!: RecordingProcedureEnvironment;
        const changed = [{ name: 'console_log', args: args.with(position, value) }];
        expect(await run(place, changed, (own) => (environment = own))).toBe(0);
        expect(environment.records.length).toBe(value === 0 && !isDroppedWhenNull ? 1 : 0);
      }
    }
    for (const position of [2, 4, 7]) {
      for (const value of [MEMORY_END, -1]) {
        let environment!: RecordingProcedureEnvironment;
        const changed = [{ name: 'console_log', args: args.with(position, value) }];
        expect(await run(place, changed, (own) => (environment = own))).toBe(0);
        expect(environment.records).toEqual([]);
      }
    }
  });

  test.each(['table_id_from_name', 'index_id_from_name', 'volatile_nonatomic_schedule_immediate'])(
    '%s traps on a name that is no UTF-8, whatever else is wrong',
    async (name) => {
      // In a transaction that is not there, too: memory comes first.
      expect(await run(place, [{ name, args: [BAD_TEXT_AT, 2, 0, 0] }])).toBe(
        'invalid utf8 passed to a spacetime function',
      );
    },
  );

  test.each([
    { name: 'datastore_index_scan_range_bsatn' },
    { name: 'datastore_delete_by_index_scan_range_bsatn' },
    { name: 'datastore_btree_scan_bsatn' },
    { name: 'datastore_delete_by_btree_scan_bsatn' },
  ])('$name: prefix_elems, bounds and an unused prefix', async ({ name }) => {
    const call = (changes: Readonly<Record<number, number>>): Promise<number | string> => {
      const args = [7, TEXT_AT, 3, 1, LOWER_AT, 5, UPPER_AT, 5, OUT_AT];
      for (const [position, value] of Object.entries(changes)) args[Number(position)] = value;
      return run(place, [{ name, args }]);
    };
    const inTransaction = (result: number): number => (place.isInTransaction ? result : ERRNO.notInTransaction);
    expect(await call({ 3: 65_536 })).toBe('invalid prefix_elems 65536: it must fit a u16');
    expect(await call({ 3: -1 })).toBe('invalid prefix_elems 4294967295: it must fit a u16');
    expect(await call({ 3: 65_535 })).toBe(inTransaction(0));
    expect(await call({ 1: 0, 2: -1, 3: 0 })).toBe(inTransaction(0));
    expect(await call({ 5: 0 })).toBe(inTransaction(ERRNO.bsatnDecodeError));
    expect(await call({ 7: 0 })).toBe(inTransaction(ERRNO.bsatnDecodeError));
    expect(await call({ 4: TEXT_AT })).toBe(inTransaction(ERRNO.bsatnDecodeError)); // "a" is no tag
    expect(await call({ 6: TEXT_AT })).toBe(inTransaction(ERRNO.bsatnDecodeError));
    expect(await call({ 6: LOWER_AT })).toBe(inTransaction(0)); // both bounds may be the same bytes
  });
});

describe.each(PLACES.filter(({ isInTransaction }) => isInTransaction))('ids and answers in $place', (place) => {
  const withId = IMPORTS.filter(({ args }) => args.includes(id));
  test.each(withId)('$name hands on the highest id as it is, and any errno', async ({ name, args }) => {
    for (const errno of [ERRNO.noSuchTable, ERRNO.noSuchIndex, ERRNO.bsatnDecodeError, ERRNO.transactionIsReadOnly]) {
      let environment!: RecordingProcedureEnvironment;
      const changed = args.map((argument) => (argument === id ? -1 : argument.good));
      // A bad out pointer is not looked at when there is nothing to write.
      const last = args.at(-1)!;
      if (last.kind === 'output') changed[changed.length - 1] = 0;
      const result = await run(place, [{ name, args: changed }], (own) => {
        environment = own;
        own.calls.answer = -errno;
      });
      expect(result).toBe(errno);
      expect(environment.calls.log[0]).toMatch(/^\w+ 4294967295/);
    }
  });

  test('a used up handle is as good as none', async () => {
    const close: ProbeCall = { name: 'row_iter_bsatn_close', args: [1] };
    expect(await run(place, [scan, close, close])).toBe(ERRNO.noSuchIterator);
    const advance: ProbeCall = { name: 'row_iter_bsatn_advance', args: [1, ROW_AT, LENGTH_AT] };
    expect(await run(place, [scan, advance, advance])).toBe(ERRNO.noSuchIterator);
    expect(await run(place, [scan, advance, close])).toBe(ERRNO.noSuchIterator);
    const readAll: ProbeCall = { name: 'bytes_source_read', args: [1, ROW_AT, LENGTH_AT] };
    expect(UNREAD_BYTES).toBeLessThanOrEqual(6);
    expect(await run(place, [readAll, readAll])).toBe(ERRNO.noSuchBytes);
    expect(await run(place, [readAll, { name: 'bytes_source_remaining_length', args: [1, 0] }])).toBe(
      ERRNO.noSuchBytes,
    );
    const end: ProbeCall = { name: 'console_timer_end', args: [1] };
    expect(await run(place, [{ name: 'console_timer_start', args: [TEXT_AT, 3] }, end, end])).toBe(
      ERRNO.noSuchConsoleTimer,
    );
  });
});

const only = (name: string): string => `${name} is only available in async instances`;
const [REDUCER, OUTSIDE, TRANSACTION, PROCEDURE] = PLACES as [Place, Place, Place, Place];
const http = [REQUEST_AT, httpRequest.length, TEXT_AT, 3, OUT_AT];
const SLEEPS = 'procedure_sleep_until was called with a transaction open: commit or abort it first';
test.each([
  { place: REDUCER, name: 'procedure_sleep_until', args: [0n], result: only('procedure_sleep_until') },
  { place: OUTSIDE, name: 'procedure_sleep_until', args: [0n], result: only('procedure_sleep_until') },
  { place: TRANSACTION, name: 'procedure_sleep_until', args: [0n], result: SLEEPS },
  { place: PROCEDURE, name: 'procedure_sleep_until', args: [0n], result: 1_001_500 },
  { place: PROCEDURE, name: 'procedure_sleep_until', args: [-(2n ** 63n)], result: 1_001_500 },

  { place: REDUCER, name: 'procedure_start_mut_tx', args: [0], result: ERRNO.wouldBlockTransaction },
  { place: OUTSIDE, name: 'procedure_start_mut_tx', args: [OUT_AT], result: only('procedure_start_mut_tx') },
  { place: TRANSACTION, name: 'procedure_start_mut_tx', args: [0], result: ERRNO.wouldBlockTransaction },
  { place: PROCEDURE, name: 'procedure_start_mut_tx', args: [OUT_AT], result: 0 },
  { place: PROCEDURE, name: 'procedure_start_mut_tx', args: [MEMORY_END - 8], result: 0 },
  { place: PROCEDURE, name: 'procedure_start_mut_tx', args: [0], result: NULL },
  { place: PROCEDURE, name: 'procedure_start_mut_tx', args: [MEMORY_END - 7], result: OUT_OF_BOUNDS },
  { place: PROCEDURE, name: 'procedure_start_mut_tx', args: [-1], result: OUT_OF_BOUNDS },

  ...['procedure_commit_mut_tx', 'procedure_abort_mut_tx'].flatMap((name) => [
    { place: REDUCER, name, args: [], result: ERRNO.transactionNotAnonymous },
    { place: OUTSIDE, name, args: [], result: ERRNO.transactionNotAnonymous },
    { place: TRANSACTION, name, args: [], result: 0 },
    { place: PROCEDURE, name, args: [], result: ERRNO.transactionNotAnonymous },
  ]),

  ...[REDUCER, OUTSIDE].map((place) => ({
    place,
    name: 'procedure_http_request',
    args: http.with(0, 0),
    result: only('procedure_http_request'),
  })),
  { place: TRANSACTION, name: 'procedure_http_request', args: http, result: ERRNO.wouldBlockTransaction },
  { place: PROCEDURE, name: 'procedure_http_request', args: http, result: ERRNO.httpError },
  ...[TRANSACTION, PROCEDURE].flatMap((place) =>
    [
      { args: http.with(0, 0), result: NULL },
      { args: http.with(0, MEMORY_END - httpRequest.length + 1), result: OUT_OF_BOUNDS },
      { args: http.with(0, -1), result: OUT_OF_BOUNDS },
      { args: http.with(1, -1), result: OUT_OF_BOUNDS },
      { args: http.with(1, httpRequest.length - 1), result: ERRNO.bsatnDecodeError },
      { args: http.with(1, 0), result: ERRNO.bsatnDecodeError },
      { args: http.with(1, 0).with(2, 0), result: ERRNO.bsatnDecodeError },
      { args: http.with(2, 0), result: NULL },
      { args: http.with(2, 0).with(3, 0), result: NULL },
      { args: http.with(2, MEMORY_END - 2), result: OUT_OF_BOUNDS },
      { args: http.with(3, -1), result: OUT_OF_BOUNDS },
    ].map((entry) => ({ ...entry, place, name: 'procedure_http_request' })),
  ),
  { place: PROCEDURE, name: 'procedure_http_request', args: http.with(4, 0), result: NULL },
  { place: PROCEDURE, name: 'procedure_http_request', args: http.with(4, MEMORY_END - 3), result: OUT_OF_BOUNDS },
  { place: PROCEDURE, name: 'procedure_http_request', args: http.with(4, MEMORY_END - 4), result: ERRNO.httpError },
  {
    place: PROCEDURE,
    name: 'procedure_http_request',
    args: http.with(2, MEMORY_END).with(3, 0),
    result: ERRNO.httpError,
  },
])('$name($args) in $place.place gives $result', async ({ place, name, args, result }) => {
  expect(await run(place, [{ name, args }])).toBe(result);
});
