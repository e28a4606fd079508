import { beforeEach, describe, expect, test } from 'vitest';
import type { CallOutcome } from '../src/call-outcome.ts';
import { Caller } from '../src/caller.ts';
import { CompiledModule } from '../src/compiled-module.ts';
import { DEFAULT_LIMITS } from '../src/module-limits.ts';
import { ModuleInstance } from '../src/module-instance.ts';
import { module } from './support/module-text.ts';
import type { RecordingEnvironment } from './support/recorder.ts';
import { recordingEnvironment } from './support/recorder.ts';

const NOBODY = new Caller(new Uint8Array(32), new Uint8Array(16));
const NO_ARGS = new Uint8Array(0);
const MEBIBYTE = 2 ** 20;

let environment: RecordingEnvironment;
beforeEach(() => {
  environment = recordingEnvironment();
});

/** A caller of reducers, which makes a new instance after a trap, as an engine does. */
function load(parts: Parameters<typeof module>[0], limits: Partial<typeof DEFAULT_LIMITS> = {}) {
  const compiled = CompiledModule.compile(module(parts), { ...DEFAULT_LIMITS, ...limits });
  let instance: ModuleInstance | undefined;
  let instances = 0;
  return {
    call: (id: number, args = NO_ARGS): CallOutcome => {
      if (instance === undefined) instances++;
      instance ??= ModuleInstance.create(compiled, environment);
      const outcome = instance.callReducer(id, NOBODY, 1234n, args, 0, args.length);
      if (instance.isDead) instance = undefined;
      return outcome;
    },
    instances: () => instances,
  };
}

const log = (level: number, length: number): string =>
  `(call $console_log (i32.const ${level}) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const -1) (i32.const 16) (i32.const ${length}))`;
const times = (count: number, body: string): string =>
  `(local.set $i (i32.const 0)) (loop $l ${body} (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const ${count}))))`;

describe('each failure leaves a next call that works', () => {
  test.each([
    {
      name: 'a stack that overflows',
      definitions: '(func $f (param i32) (result i32) (i32.add (call $f (local.get 0)) (i32.const 1)))',
      body: '(drop (call $f (i32.const 0)))',
      outcome: { kind: 'trapped', message: 'Maximum call stack size exceeded', cause: undefined },
    },
    {
      name: 'memory that grows without end',
      body: `(loop $l (br_if $l (i32.ne (memory.grow (i32.const 16)) (i32.const -1))))
        (i32.store (i32.mul (memory.size) (i32.const 65536)) (i32.const 1))`,
      outcome: { kind: 'trapped', message: 'memory access out of bounds', cause: undefined },
    },
    {
      name: 'ten thousand iterators left open',
      body: times(10_000, '(drop (call $datastore_table_scan_bsatn (i32.const 1) (i32.const 64)))'),
      outcome: { kind: 'trapped', message: 'more than 4096 row iterators are open', cause: undefined },
    },
    {
      name: 'two thousand timers left running',
      body: times(2000, '(drop (call $console_timer_start (i32.const 16) (i32.const 5)))'),
      outcome: { kind: 'trapped', message: 'more than 1024 console timers are running', cause: undefined },
    },
    {
      name: 'a million scheduled calls',
      body: times(
        1_000_000,
        '(call $volatile_nonatomic_schedule_immediate (i32.const 16) (i32.const 4) (i32.const 16) (i32.const 4))',
      ),
      outcome: {
        kind: 'trapped',
        message: 'one call has scheduled more calls than 64 MiB can hold',
        cause: undefined,
      },
    },
    {
      name: 'a loop without end',
      body: '(loop (br 0))',
      outcome: { kind: 'outOfEnergy' },
    },
  ])('$name', ({ definitions = '', body, outcome }) => {
    const { call, instances } = load(
      {
        imports: [
          'datastore_table_scan_bsatn',
          'console_timer_start',
          'volatile_nonatomic_schedule_immediate',
          'console_log',
        ],
        definitions: `(global $calls (mut i32) (i32.const 0)) ${definitions}`,
        reducer: `(local $i i32)
          (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
          (if (i32.eqz (local.get $id)) (then ${body}))
          (i32.add (global.get $calls) (i32.const 100))`,
      },
      { energyPerCall: 2_000_000_000, maxMemoryPages: 1000 },
    );
    for (let round = 1; round <= 3; round++) {
      expect(call(0)).toEqual(outcome);
      // What the failed call has changed in the guest's memory went with its instance.
      expect(call(1)).toMatchObject({ message: 'unknown return code 101' });
      expect(instances()).toBe(round + 1);
      // The next failure happens in a fresh instance again.
      expect(call(2)).toMatchObject({ message: 'unknown return code 102' });
    }
  });
});

test("a module's globals and memory live on after success and errors, and are gone after a trap", () => {
  const { call } = load({
    definitions: '(global $calls (mut i32) (i32.const 0))',
    reducer: `(global.set $calls (i32.add (global.get $calls) (i32.const 1)))
      (i32.store8 (i32.const 300) (i32.add (i32.load8_u (i32.const 300)) (i32.const 1)))
      (i32.store8 (i32.const 301) (global.get $calls))
      (call $write (local.get $sink) (i32.const 300) (i32.const 2))
      (if (i32.eq (local.get $id) (i32.const 9)) (then unreachable))
      (local.get $id)`,
  });
  const error = (count: number): object => ({ kind: 'error', message: String.fromCharCode(count, count) });
  expect(call(0)).toEqual({ kind: 'ok' });
  expect(call(1)).toEqual(error(2));
  expect(call(1)).toEqual(error(3));
  expect(call(5)).toMatchObject({ message: 'unknown return code 5' });
  expect(call(1)).toEqual(error(5));
  expect(call(9)).toMatchObject({ kind: 'trapped', message: 'unreachable' });
  expect(call(1)).toEqual(error(1));
});

test('arguments of 32 MiB are read in pieces', () => {
  const { call } = load({
    imports: ['bytes_source_read'],
    definitions: '(global $total (mut i32) (i32.const 0))',
    reducer: `(local $code i32)
      (loop $l
        (i32.store (i32.const 8) (i32.const 60000))
        (local.set $code (call $bytes_source_read (local.get $args) (i32.const 1000) (i32.const 8)))
        (global.set $total (i32.add (global.get $total) (i32.load (i32.const 8))))
        (br_if $l (i32.eqz (local.get $code))))
      (i32.shr_u (global.get $total) (i32.const 20))`,
  });
  expect(call(0, new Uint8Array(32 * MEBIBYTE))).toMatchObject({ message: 'unknown return code 32' });
});

describe('the log', () => {
  test('has messages of at most a mebibyte, and says what is cut off', () => {
    const { call } = load({
      imports: ['console_log'],
      reducer: `(drop (memory.grow (i32.const 32)))
        (memory.fill (i32.const 16) (i32.const 97) (i32.const 2000000)) ${log(2, 2_000_000)} (i32.const 0)`,
    });
    expect(call(0)).toEqual({ kind: 'ok' });
    expect(environment.records[0]!.message).toBe(`${'a'.repeat(MEBIBYTE)} [cut off: 2000000 bytes]`);
  });

  test('has names of at most a kibibyte', () => {
    const { call } = load({
      imports: ['console_log', 'console_timer_start', 'console_timer_end'],
      reducer: `(memory.fill (i32.const 1000) (i32.const 97) (i32.const 2000))
        (call $console_log (i32.const 2) (i32.const 1000) (i32.const 1025) (i32.const 1000) (i32.const 1024) (i32.const 1) (i32.const 16) (i32.const 3))
        (call $console_timer_end (call $console_timer_start (i32.const 1000) (i32.const 2000)))`,
    });
    expect(call(0)).toEqual({ kind: 'ok' });
    expect(environment.records[0]!.target).toBe(`${'a'.repeat(1024)} [cut off: 1025 bytes]`);
    expect(environment.records[0]!.fileName).toBe('a'.repeat(1024));
    expect(environment.records[1]!.message).toContain(`${'a'.repeat(1024)} [cut off: 2000 bytes]`);
  });

  test('takes 15 MiB of a call and then notes that it drops the rest, but for a panic', () => {
    const { call } = load({
      imports: ['console_log'],
      reducer: `(local $i i32) (drop (memory.grow (i32.const 20)))
        ${times(40, log(2, MEBIBYTE))} ${log(101, 3)} (i32.const 0)`,
    });
    for (let round = 0; round < 2; round++) {
      environment.records.length = 0;
      expect(call(0)).toEqual({ kind: 'ok' });
      expect(environment.records.map(({ level }) => level)).toEqual([
        ...Array<string>(14).fill('Info'),
        'Warn',
        'Panic',
      ]);
      expect(environment.records[14]!.message).toBe('this call has logged 15 MiB: what else it logs is dropped');
    }
  });

  test('takes no endless panics', () => {
    const { call } = load(
      { imports: ['console_log'], reducer: `(loop ${log(101, 0)} (br 0)) unreachable` },
      { energyPerCall: 100_000_000 },
    );
    expect(call(0)).toEqual({ kind: 'outOfEnergy' });
    expect(environment.records.length).toBeLessThan(500);
  });
});
