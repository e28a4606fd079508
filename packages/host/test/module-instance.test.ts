import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { Caller } from '../src/caller.ts';
import { CompiledModule } from '../src/compiled-module.ts';
import { DEFAULT_LIMITS } from '../src/module-limits.ts';
import type { CallOutcome } from '../src/call-outcome.ts';
import { ModuleInstance } from '../src/module-instance.ts';
import { module } from './support/module-text.ts';
import type { ModuleParts } from './support/module-text.ts';
import { recordingEnvironment } from './support/recorder.ts';
import type { RecordingEnvironment } from './support/recorder.ts';

const LIMITS = { ...DEFAULT_LIMITS, energyPerCall: 100_000_000 };
const NOBODY = new Caller(new Uint8Array(32), new Uint8Array(16));
const NO_ARGS = new Uint8Array(0);

interface Loaded {
  readonly environment: RecordingEnvironment;
  readonly instance: ModuleInstance;
  readonly call: (args?: Uint8Array, caller?: Caller) => CallOutcome;
}

function load(parts: ModuleParts): Loaded {
  const environment = recordingEnvironment();
  const instance = ModuleInstance.create(CompiledModule.compile(module(parts), LIMITS), environment);
  return {
    environment,
    instance,
    call: (args = NO_ARGS, caller = NOBODY) => instance.callReducer(3, caller, 1234n, args, 0, args.length),
  };
}

const log = (at: number, length: number, level = 2): string =>
  `(call $console_log (i32.const ${level}) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const -1) (i32.const ${at}) (i32.const ${length}))`;

const panic = (at: number, length: number): string => log(at, length, 101);

describe('making an instance', () => {
  test('initialises in order: _initialize, preinit by bytes of the name, setup, describe', () => {
    const step = (name: string, letter: string): string =>
      `(func (export "${name}") (i32.store8 (i32.const 100) (i32.const ${letter.charCodeAt(0)})) ${log(100, 1)})`;
    const { environment, instance } = load({
      imports: ['console_log'],
      definitions: [
        step('__preinit__20_b', 'd'),
        step('__preinit__\\f0\\9f\\98\\80', 'g'),
        step('__preinit__\\ef\\bd\\9e', 'f'),
        step('__preinit__20_a', 'c'),
        step('__preinit__00', 'b'),
        step('__preinit__20_a_', 'e'),
        step('_initialize', 'a'),
        `(func (export "__setup__") (param i32) (result i32) ${log(32, 5)} (i32.const 0))`,
      ].join('\n'),
    });
    // U+FF5E is before U+1F600 in UTF-8, and after it in JavaScript's own order.
    expect(environment.records.map(({ message }) => message)).toEqual(['a', 'b', 'c', 'e', 'd', 'f', 'g', 'oh no']);
    expect(Buffer.from(instance.description).toString()).toBe('definition');
  });

  test.each([
    {
      name: 'a trap in preinit',
      parts: { definitions: '(func (export "__preinit__x") unreachable)' },
      message: 'wasm trap while calling "__preinit__x": unreachable',
    },
    {
      name: 'a trap in describe',
      parts: { describe: 'unreachable' },
      message: 'wasm trap while calling "__describe_module__": unreachable',
    },
    {
      name: 'a panic in describe',
      parts: { imports: ['console_log'], describe: `${panic(32, 5)} unreachable` },
      message: 'wasm trap while calling "__describe_module__": unreachable; it logged: oh no',
    },
    {
      name: 'a long panic in describe',
      parts: { imports: ['console_log'], describe: `${panic(16, 60000)} unreachable` },
      message: expect.stringMatching(/; it logged: [^]{1000}$/) as string,
    },
    {
      name: 'an endless describe',
      parts: { describe: '(loop (br 0))' },
      message: 'wasm trap while calling "__describe_module__": the budget of energy is used up',
    },
    {
      name: 'an endless start function',
      parts: { definitions: '(func $start (loop (br 0))) (start $start)' },
      message: 'the module could not be instantiated: unreachable',
    },
    {
      name: 'an error of setup',
      parts: {
        definitions:
          '(func (export "__setup__") (param i32) (result i32) (call $write (local.get 0) (i32.const 32) (i32.const 5)) (i32.const 1))',
      },
      message: 'setup function returned an error: oh no',
    },
    {
      name: 'an unknown answer of setup',
      parts: { definitions: '(func (export "__setup__") (param i32) (result i32) (i32.const 7))' },
      message: 'setup function returned unknown code 7',
    },
    {
      name: 'data segments beyond the memory',
      parts: { definitions: '(data (i32.const 65535) "ab")' },
      message: expect.stringMatching(/could not be instantiated: .*out of bounds/) as string,
    },
  ])('$name fails it', ({ parts, message }) => {
    expect(() => load(parts)).toThrow(expect.objectContaining({ code: 'HOST_INITIALIZATION_FAILED', message }));
  });

  test('the probe of the ABI describes itself as recorded', () => {
    const vector = JSON.parse(readFileSync(new URL('../vectors/abi-probe.json', import.meta.url), 'utf8')) as {
      wasm_base64: string;
      describe_hex: string;
    };
    const compiled = CompiledModule.compile(new Uint8Array(Buffer.from(vector.wasm_base64, 'base64')));
    const instance = ModuleInstance.create(compiled, recordingEnvironment());
    expect(Buffer.from(instance.description).toString('hex')).toBe(vector.describe_hex);
  });

  test('a real module describes itself each time anew', () => {
    const path = new URL('../../../modules/quickstart-chat/quickstart-chat.wasm', import.meta.url);
    const compiled = CompiledModule.compile(readFileSync(path));
    const first = ModuleInstance.create(compiled, recordingEnvironment());
    const second = ModuleInstance.create(compiled, recordingEnvironment());
    expect(Buffer.from(first.description).includes('send_message')).toBe(true);
    expect(second.description).toEqual(first.description);
  });
});

describe('a call', () => {
  test('gets id, sender, connection, time and arguments', () => {
    const store = [1, 2, 3, 4, 5, 6, 7]
      .map((local, i) => `(i64.store (i32.const ${200 + i * 8}) (local.get ${local}))`)
      .join(' ');
    const { call } = load({
      imports: ['bytes_source_read'],
      reducer: `(i32.store (i32.const 196) (local.get $id)) ${store}
        (i32.store (i32.const 8) (i32.const 100))
        (drop (call $bytes_source_read (local.get $args) (i32.const 256) (i32.const 8)))
        (call $write (local.get $sink) (i32.const 196) (i32.const 64)) (i32.const 1)`,
    });
    const identity = Uint8Array.from({ length: 32 }, (_, i) => 0x61 + (i % 26));
    const connection = Uint8Array.from({ length: 16 }, (_, i) => 0x41 + i);
    const outcome = call(Buffer.from('args'), new Caller(identity, connection));
    const text = Buffer.concat([
      Uint8Array.of(3, 0, 0, 0),
      identity,
      connection,
      Uint8Array.of(0xd2, 4, 0, 0, 0, 0, 0, 0),
      Buffer.from('args'),
    ]).toString();
    expect(outcome).toEqual({ kind: 'error', message: text });
  });

  test('without arguments gets the source 0', () => {
    const { call } = load({ reducer: '(local.get $args)' });
    expect(call()).toEqual({ kind: 'ok' });
    expect(call(Uint8Array.of(1))).toEqual({ kind: 'error', message: '' });
  });

  test('numbers its sources and sinks from 1 each time', () => {
    const { call } = load({
      reducer: '(i32.sub (i32.add (local.get $args) (local.get $sink)) (i32.const 2))',
    });
    for (let i = 0; i < 3; i++) expect(call(Uint8Array.of(1))).toEqual({ kind: 'ok' });
  });

  test('that returns 1 is an error with the text of its sink, and the instance lives on', () => {
    const { call, instance } = load({
      reducer: '(call $write (local.get $sink) (i32.const 32) (i32.const 5)) (i32.const 1)',
    });
    expect(call()).toEqual({ kind: 'error', message: 'oh no' });
    expect(instance.isDead).toBe(false);
    expect(call()).toEqual({ kind: 'error', message: 'oh no' });
  });

  test('that returns another code fails, and the instance lives on', () => {
    const { call, instance } = load({ reducer: '(i32.const 42)' });
    expect(call()).toEqual({ kind: 'trapped', message: 'unknown return code 42', cause: undefined });
    expect(instance.isDead).toBe(false);
  });

  test.each([
    { name: 'unreachable', reducer: 'unreachable', message: 'unreachable' },
    { name: 'an access out of bounds', reducer: '(i32.load (i32.const -1))', message: 'memory access out of bounds' },
    { name: 'a division by zero', reducer: '(i32.div_u (i32.const 1) (i32.const 0))', message: 'divide by zero' },
    {
      name: 'a null pointer to an import',
      reducer: '(call $identity (i32.const 0)) (i32.const 0)',
      message: 'null pointer passed to a spacetime function',
    },
  ])('that traps by $name ends the instance', ({ reducer, message }) => {
    const { call, instance } = load({ imports: ['identity'], reducer });
    expect(call()).toEqual({ kind: 'trapped', message, cause: undefined });
    expect(instance.isDead).toBe(true);
    expect(call).toThrow(expect.objectContaining({ code: 'HOST_INSTANCE_DEAD' }));
  });

  test('in which the engine fails carries the reason', () => {
    const { call, environment } = load({
      imports: ['datastore_clear'],
      reducer: '(call $datastore_clear (i32.const 1) (i32.const 64))',
    });
    environment.calls.failure = new TypeError('a bug');
    expect(call()).toEqual({ kind: 'trapped', message: 'a bug', cause: environment.calls.failure });
  });

  test('cannot begin while another runs', () => {
    const { call, environment } = load({
      imports: ['datastore_clear'],
      reducer: '(call $datastore_clear (i32.const 1) (i32.const 64))',
    });
    let nested: unknown;
    environment.calls.clear = () => {
      try {
        call();
      } catch (error) {
        nested = error;
      }
      return 0;
    };
    expect(call()).toEqual({ kind: 'ok' });
    expect(nested).toMatchObject({ code: 'HOST_INSTANCE_DEAD' });
  });

  test('reports the energy it used, which is as much each time', () => {
    const { call, instance } = load({
      reducer: `(local $i i32) (loop (br_if 0 (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 1000)))) (i32.const 0)`,
    });
    call();
    const { energyUsed } = instance;
    expect(energyUsed).toBeGreaterThanOrEqual(10_000);
    expect(energyUsed).toBeLessThan(10_100);
    call();
    expect(instance.energyUsed).toBe(energyUsed);
  });
});

describe('whatever would go on for ever is stopped', () => {
  const text = '(global $n (mut i32) (i32.const 0))';
  test.each([
    { name: 'an empty loop', reducer: '(loop (br 0)) unreachable' },
    { name: 'a loop in a called function', definitions: '(func $f (loop (br 0)))', reducer: '(call $f) (i32.const 0)' },
    {
      name: 'a loop that calls a small function',
      definitions: '(func $f (global.set $n (i32.const 1)))',
      reducer: '(loop (call $f) (br 0)) unreachable',
    },
    {
      name: 'a loop by br_table',
      reducer: '(block (loop (br_table 0 0 1 (i32.const 1)))) (i32.const 0)',
      definitions: '',
    },
    {
      name: 'loops that end, in a loop that does not',
      reducer:
        '(local $i i32) (loop (local.set $i (i32.const 5)) (loop (br_if 0 (local.tee $i (i32.sub (local.get $i) (i32.const 1))))) (br 0)) unreachable',
    },
    {
      name: 'a tree of calls without loops',
      definitions:
        '(func $f (param i32) (if (local.get 0) (then (call $f (i32.sub (local.get 0) (i32.const 1))) (call $f (i32.sub (local.get 0) (i32.const 1))))))',
      reducer: '(call $f (i32.const 100)) (i32.const 0)',
    },
    {
      name: 'a tree of calls in a function whose loop never runs',
      definitions:
        '(func $f (param i32) (if (local.get 0) (then (call $f (i32.sub (local.get 0) (i32.const 1))) (call $f (i32.sub (local.get 0) (i32.const 1))))) (if (global.get $n) (then (loop (br 0)))))',
      reducer: '(call $f (i32.const 100)) (i32.const 0)',
    },
    {
      name: 'tail calls to and fro',
      definitions: '(func $f (return_call $g)) (func $g (return_call $f))',
      reducer: '(call $f) (i32.const 0)',
    },
    {
      name: 'a long function in tail calls',
      definitions: `(func $f ${'(global.set $n (i32.const 1))'.repeat(50)} (return_call $f))`,
      reducer: '(call $f) (i32.const 0)',
    },
    {
      name: 'exceptions thrown and caught',
      definitions: '(tag $t) (func $f (throw $t))',
      reducer: '(loop (try (do (call $f)) (catch $t)) (br 0)) unreachable',
    },
    {
      name: 'exceptions that pass through functions with debt',
      definitions: `(tag $t) (func $g (throw $t))
        (func $f (local $i i32) (loop (br_if 0 (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 1000)))) (call $g))`,
      reducer: '(loop (try (do (call $f)) (catch_all)) (br 0)) unreachable',
    },
    {
      name: 'filling memory',
      reducer: '(loop (memory.fill (i32.const 0) (i32.const 1) (i32.const 65536)) (br 0)) unreachable',
    },
    { name: 'growing memory by nothing', reducer: '(loop (drop (memory.grow (i32.const 0))) (br 0)) unreachable' },
    {
      name: 'logging',
      imports: ['console_log'],
      reducer: `(loop ${log(32, 5)} (br 0)) unreachable`,
    },
    {
      name: 'scanning',
      imports: ['datastore_table_scan_bsatn', 'row_iter_bsatn_close'],
      reducer:
        '(loop (drop (call $datastore_table_scan_bsatn (i32.const 1) (i32.const 64))) (drop (call $row_iter_bsatn_close (i32.load (i32.const 64)))) (br 0)) unreachable',
    },
    {
      name: 'catching the end of the energy',
      imports: ['console_log'],
      definitions: '(tag $t)',
      reducer: `(loop (try (do (loop ${log(32, 5)} (br 0))) (catch_all)) (br 0)) unreachable`,
    },
  ])('$name', ({ definitions = '', reducer, imports = [] }) => {
    const { call, instance } = load({ definitions: text + definitions, reducer, imports });
    expect(call()).toEqual({ kind: 'outOfEnergy' });
    expect(instance.isDead).toBe(true);
    expect(instance.energyUsed).toBe(LIMITS.energyPerCall);
  });

  test('scans that are never closed', () => {
    const { call, environment } = load({
      imports: ['datastore_table_scan_bsatn'],
      reducer: '(loop (drop (call $datastore_table_scan_bsatn (i32.const 1) (i32.const 64))) (br 0)) unreachable',
    });
    environment.calls.rows = [new Uint8Array(100)];
    expect(call()).toMatchObject({ kind: 'trapped', message: 'more than 4096 row iterators are open' });
  });
});

describe('running out of stack', () => {
  test('is a trap', () => {
    const { call } = load({
      definitions: '(func $f (param i32) (result i32) (i32.add (call $f (local.get 0)) (i32.const 1)))',
      reducer: '(call $f (i32.const 0))',
    });
    expect(call()).toEqual({ kind: 'trapped', message: 'Maximum call stack size exceeded', cause: undefined });
  });

  test('never happens within a change to the data', () => {
    const { call, environment } = load({
      imports: ['datastore_insert_bsatn'],
      definitions: `(func $f (param i32) (result i32)
        (i32.store (i32.const 64) (i32.const 4))
        (drop (call $datastore_insert_bsatn (i32.const 1) (i32.const 16) (i32.const 64)))
        (i32.add (call $f (local.get 0)) (i32.const 1)))`,
      reducer: '(call $f (i32.const 0))',
    });
    let begun = 0;
    let done = 0;
    // Needs some kilobytes of stack itself, as a store may.
    const useStack = (depth: number): number => (depth === 0 ? 0 : useStack(depth - 1) + 1);
    environment.calls.insert = () => {
      begun++;
      done += useStack(50) === 50 ? 1 : 0;
      return 0;
    };
    expect(call()).toEqual({ kind: 'trapped', message: 'Maximum call stack size exceeded', cause: undefined });
    expect(begun).toBeGreaterThan(1000);
    expect(done).toBe(begun);
  });
});

test('a trap that the guest catches is a trap all the same, and no import works after it', () => {
  const { call, environment, instance } = load({
    imports: ['identity', 'datastore_clear'],
    definitions: '(tag $t)',
    reducer: `(try (do (call $identity (i32.const 0))) (catch_all))
      (try (do (drop (call $datastore_clear (i32.const 1) (i32.const 64)))) (catch_all)) (i32.const 0)`,
  });
  expect(call()).toEqual({ kind: 'trapped', message: 'null pointer passed to a spacetime function', cause: undefined });
  expect(environment.calls.log).toEqual([]);
  expect(instance.isDead).toBe(true);
});

test('an exception that nobody catches is a trap', () => {
  const { call } = load({ definitions: '(tag $t)', reducer: '(throw $t)' });
  expect(call()).toEqual({ kind: 'trapped', message: 'uncaught WebAssembly exception', cause: undefined });
});

test('a panic is logged with the functions that were running, innermost first', () => {
  const panic = log(32, 5).replace('(i32.const 2)', '(i32.const 101)');
  const { call, environment } = load({
    imports: ['console_log'],
    definitions: `(func $core::panicking::panic_fmt::h0123456789abcdef ${panic})
      (func $my::reducer (call $core::panicking::panic_fmt::h0123456789abcdef))`,
    reducer: '(call $my::reducer) unreachable',
  });
  expect(call()).toMatchObject({ kind: 'trapped', message: 'unreachable' });
  expect(environment.records[0]).toMatchObject({ level: 'Panic', message: 'oh no' });
  expect(environment.records[0]!.trace!.map(({ functionName }) => functionName)).toEqual([
    'core::panicking::panic_fmt',
    'my::reducer',
    '__call_reducer__',
  ]);
});
