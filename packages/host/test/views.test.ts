import { describe, expect, test } from 'vitest';
import { Caller } from '../src/caller.ts';
import type { ViewOutcome } from '../src/call-outcome.ts';
import { CompiledModule } from '../src/compiled-module.ts';
import { DEFAULT_LIMITS } from '../src/module-limits.ts';
import { ModuleInstance } from '../src/module-instance.ts';
import { module } from './support/module-text.ts';
import type { ModuleParts } from './support/module-text.ts';
import { recordingEnvironment } from './support/recorder.ts';
import type { RecordingEnvironment } from './support/recorder.ts';

const LIMITS = { ...DEFAULT_LIMITS, energyPerCall: 10_000_000 };
const SENDER = new Caller(
  Uint8Array.from({ length: 32 }, (_, i) => 0x61 + (i % 26)),
  new Uint8Array(16),
);
const NO_ARGS = new Uint8Array(0);
const VIEW = { id: 7, name: 'my_view' };

interface Loaded {
  readonly environment: RecordingEnvironment;
  readonly instance: ModuleInstance;
  readonly view: (args?: Uint8Array) => ViewOutcome;
  readonly anonymousView: (args?: Uint8Array) => ViewOutcome;
}

function load(parts: ModuleParts & { readonly view?: string; readonly anonymousView?: string }): Loaded {
  const { view, anonymousView, definitions = '', ...rest } = parts;
  const sender = '(param $s0 i64) (param $s1 i64) (param $s2 i64) (param $s3 i64)';
  const tail = '(param $args i32) (param $sink i32) (result i32)';
  const views = [
    view === undefined ? '' : `(func (export "__call_view__") (param $id i32) ${sender} ${tail} ${view})`,
    anonymousView === undefined ? '' : `(func (export "__call_view_anon__") (param $id i32) ${tail} ${anonymousView})`,
  ];
  const environment = recordingEnvironment();
  const bytes = module({ ...rest, definitions: definitions + views.join('\n') });
  const instance = ModuleInstance.create(CompiledModule.compile(bytes, LIMITS), environment);
  return {
    environment,
    instance,
    view: (args = NO_ARGS) => instance.callView(VIEW, SENDER, args, 0, args.length),
    anonymousView: (args = NO_ARGS) => instance.callView(VIEW, undefined, args, 0, args.length),
  };
}

/** The view writes these bytes and returns this code. */
function answering(bytes: readonly number[], code: number): string {
  const stores = bytes.map((byte, i) => `(i32.store8 (i32.const ${300 + i}) (i32.const ${byte}))`).join(' ');
  return `${stores} (call $write (local.get $sink) (i32.const 300) (i32.const ${bytes.length})) (i32.const ${code})`;
}

const text = (value: string): number[] => [value.length, 0, 0, 0, ...Buffer.from(value)];
const rows = (...bytes: number[]): object => ({ kind: 'rows', array: Uint8Array.from(bytes) });

describe.each(['view', 'anonymousView'] as const)('a result of %s', (kind) => {
  test.each([
    { name: 'code 0 is the array of rows', code: 0, bytes: [2, 0, 0, 0, 5, 6], outcome: rows(2, 0, 0, 0, 5, 6) },
    { name: 'code 0 without bytes is for the engine to refuse', code: 0, bytes: [], outcome: rows() },
    { name: 'no rows after a header', code: 2, bytes: [0, 0, 0, 0, 0], outcome: rows(0, 0, 0, 0) },
    { name: 'rows after a header', code: 2, bytes: [0, 1, 0, 0, 0, 9], outcome: rows(1, 0, 0, 0, 9) },
    {
      name: 'a query',
      code: 2,
      bytes: [1, ...text('select * from t')],
      outcome: { kind: 'sql', sql: 'select * from t' },
    },
    { name: 'an empty query', code: 2, bytes: [1, ...text('')], outcome: { kind: 'sql', sql: '' } },
    { name: 'an error', code: 1, bytes: [...Buffer.from('oh no')], outcome: { kind: 'error', message: 'oh no' } },
    {
      name: 'no header',
      code: 2,
      bytes: [],
      outcome: { kind: 'trapped', message: expect.stringMatching(/result does not decode/), cause: undefined },
    },
    {
      name: 'an unknown header',
      code: 2,
      bytes: [2, 0, 0, 0, 0],
      outcome: { kind: 'trapped', message: "the view's result begins with the unknown tag 2", cause: undefined },
    },
    {
      name: 'a query cut short',
      code: 2,
      bytes: [1, 5, 0, 0, 0, 0x61],
      outcome: { kind: 'trapped', message: expect.stringMatching(/result does not decode/), cause: undefined },
    },
    {
      name: 'a query that is no UTF-8',
      code: 2,
      bytes: [1, 1, 0, 0, 0, 0xff],
      outcome: { kind: 'trapped', message: expect.stringMatching(/invalid utf8/), cause: undefined },
    },
    {
      name: 'an unknown code',
      code: 3,
      bytes: [],
      outcome: { kind: 'trapped', message: 'unknown return code 3', cause: undefined },
    },
  ])('$name', ({ code, bytes, outcome }) => {
    const loaded = load({ [kind]: answering(bytes, code) });
    expect(loaded[kind]()).toEqual(outcome);
    expect(loaded.instance.isDead).toBe(false);
    expect(loaded[kind]()).toEqual(outcome);
  });

  test('belongs to the caller, also after the next call', () => {
    const loaded = load({
      imports: ['bytes_source_read'],
      [kind]: `(i32.store (i32.const 200) (i32.const 100))
        (drop (call $bytes_source_read (local.get $args) (i32.const 300) (i32.const 200)))
        (call $write (local.get $sink) (i32.const 300) (i32.load (i32.const 200))) (i32.const 0)`,
    });
    const first = loaded[kind](Uint8Array.of(1, 2));
    const second = loaded[kind](Uint8Array.of(3, 4));
    expect([first, second]).toEqual([rows(1, 2), rows(3, 4)]);
  });

  test('that never comes is out of energy', () => {
    const { instance, ...loaded } = load({ [kind]: '(loop (br 0)) unreachable' });
    expect(loaded[kind]()).toEqual({ kind: 'outOfEnergy' });
    expect(instance.isDead).toBe(true);
  });

  test('that traps ends the instance', () => {
    const { instance, ...loaded } = load({ [kind]: 'unreachable' });
    expect(loaded[kind]()).toEqual({ kind: 'trapped', message: 'unreachable', cause: undefined });
    expect(instance.isDead).toBe(true);
    expect(loaded[kind]).toThrow(expect.objectContaining({ code: 'HOST_INSTANCE_DEAD' }));
  });

  test('in which the engine fails carries the reason', () => {
    const { environment, ...loaded } = load({
      imports: ['datastore_clear'],
      [kind]: '(call $datastore_clear (i32.const 1) (i32.const 64))',
    });
    environment.calls.failure = new TypeError('a bug');
    expect(loaded[kind]()).toEqual({ kind: 'trapped', message: 'a bug', cause: environment.calls.failure });
  });
});

test('a view of a sender gets its id and the sender', () => {
  const words = [0, 1, 2, 3].map((i) => `(i64.store (i32.const ${204 + i * 8}) (local.get $s${i}))`).join(' ');
  const { view } = load({
    view: `(i32.store (i32.const 200) (local.get $id)) ${words}
      (call $write (local.get $sink) (i32.const 200) (i32.const 36)) (i32.const 1)`,
  });
  expect(view()).toEqual({ kind: 'error', message: '\u0007\0\0\0abcdefghijklmnopqrstuvwxyzabcdef' });
});

test('a view without its export fails and says which it is', () => {
  const { view, anonymousView, instance } = load({});
  expect(view()).toEqual({
    kind: 'trapped',
    message: 'Module defines view my_view but does not export `__call_view__`',
    cause: undefined,
  });
  expect(anonymousView()).toEqual({
    kind: 'trapped',
    message: 'Module defines anonymous view my_view but does not export `__call_view_anon__`',
    cause: undefined,
  });
  expect(instance.isDead).toBe(false);
});

test.each([
  { call: '(drop (call $procedure_sleep_until (i64.const 0)))', trap: 'procedure_sleep_until' },
  {
    call: '(drop (call $procedure_http_request (i32.const 16) (i32.const 1) (i32.const 16) (i32.const 0) (i32.const 64)))',
    trap: 'procedure_http_request',
  },
])('$trap is not for views', ({ call, trap }) => {
  const { view } = load({ imports: [trap], view: `${call} (i32.const 0)` });
  expect(view()).toEqual({
    kind: 'trapped',
    message: `${trap} is only available in async instances`,
    cause: undefined,
  });
});

test('a view cannot begin or end a transaction of its own', () => {
  const { view, environment } = load({
    imports: ['procedure_start_mut_tx', 'procedure_commit_mut_tx', 'procedure_abort_mut_tx'],
    view: `(i32.store8 (i32.const 300) (call $procedure_start_mut_tx (i32.const 64)))
      (i32.store8 (i32.const 301) (call $procedure_commit_mut_tx))
      (i32.store8 (i32.const 302) (call $procedure_abort_mut_tx))
      (call $write (local.get $sink) (i32.const 300) (i32.const 3)) (i32.const 0)`,
  });
  expect(view()).toEqual(rows(17, 18, 18));
  expect(environment.calls.log).toEqual([]);
});
