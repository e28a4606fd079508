import { ByteWriter } from '@lightcone/sats';
import { describe, expect, test } from 'vitest';
import type { HttpHandlerOutcome, ProcedureOutcome } from '../src/call-outcome.ts';
import { Caller } from '../src/caller.ts';
import { CompiledModule } from '../src/compiled-module.ts';
import { DEFAULT_LIMITS } from '../src/module-limits.ts';
import { writeHttpRequest, writeHttpResponse } from '../src/http/http-message-codec.ts';
import type { HttpRequest, HttpResponse } from '../src/http/http-message.ts';
import { ModuleInstance } from '../src/module-instance.ts';
import { ProcedureInstance } from '../src/procedure-instance.ts';
import { module } from './support/module-text.ts';
import type { ModuleParts } from './support/module-text.ts';
import { recordingProcedureEnvironment } from './support/procedure-recorder.ts';
import type { RecordingProcedureEnvironment } from './support/procedure-recorder.ts';
import type { Recorder } from './support/recorder.ts';

const LIMITS = { ...DEFAULT_LIMITS, energyPerCall: 100_000_000 };
const NOBODY = new Caller(new Uint8Array(32), new Uint8Array(16));
const NO_ARGS = new Uint8Array(0);
const PROCEDURE = { id: 3, name: 'my_procedure' };
const HANDLER = { id: 4, name: 'my_handler' };
const FAR = 4_000_000_000_000_000n;

interface Loaded {
  readonly environment: RecordingProcedureEnvironment;
  readonly compiled: CompiledModule;
  readonly instance: ProcedureInstance;
  readonly call: (args?: Uint8Array) => Promise<ProcedureOutcome>;
  readonly handle: (request?: HttpRequest, body?: Uint8Array) => Promise<HttpHandlerOutcome>;
}

type ProcedureParts = ModuleParts & { readonly procedure?: string; readonly handler?: string };

const ALL_PROCEDURE_IMPORTS = [
  'procedure_sleep_until',
  'procedure_start_mut_tx',
  'procedure_commit_mut_tx',
  'procedure_abort_mut_tx',
  'procedure_http_request',
];

function load(
  { procedure, handler, definitions = '', imports = [], ...rest }: ProcedureParts,
  data?: Recorder,
): Loaded {
  const words = '(param $s0 i64) (param $s1 i64) (param $s2 i64) (param $s3 i64) (param $c0 i64) (param $c1 i64)';
  const functions = [
    procedure === undefined
      ? ''
      : `(func $call (export "__call_procedure__") (param $id i32) ${words} (param $time i64)
          (param $args i32) (param $sink i32) (result i32) ${procedure})`,
    handler === undefined
      ? ''
      : `(func (export "__call_http_handler__") (param $id i32) (param $time i64) (param $request i32) (param $body i32)
          (param $sink i32) (param $bodySink i32) (result i32) ${handler})`,
  ];
  const bytes = module({
    ...rest,
    imports: [...imports, ...ALL_PROCEDURE_IMPORTS],
    definitions: definitions + functions.join('\n'),
  });
  const environment = recordingProcedureEnvironment(data);
  const compiled = CompiledModule.compile(bytes, LIMITS);
  const instance = ProcedureInstance.create(compiled, environment);
  return {
    environment,
    compiled,
    instance,
    call: (args = NO_ARGS) => instance.callProcedure(PROCEDURE, NOBODY, 1234n, args, 0, args.length),
    handle: (request = REQUEST, body = NO_ARGS) => instance.callHttpHandler(HANDLER, 1234n, request, body),
  };
}

const REQUEST: HttpRequest = {
  method: 'GET',
  headers: [{ name: 'x', value: Uint8Array.of(1) }],
  timeoutMicros: undefined,
  uri: '/path?a=b',
  version: 'HTTP/1.1',
};

function encoded(write: (writer: ByteWriter) => void): Uint8Array {
  const writer = new ByteWriter();
  write(writer);
  return writer.finish();
}
const data = (at: number, bytes: Uint8Array): string =>
  `(data (i32.const ${at}) "${[...bytes].map((byte) => `\\${byte.toString(16).padStart(2, '0')}`).join('')}")`;

const start = '(call $procedure_start_mut_tx (i32.const 64))';
const commit = '(call $procedure_commit_mut_tx)';
const abort = '(call $procedure_abort_mut_tx)';
const sleep = (until: bigint = FAR): string => `(call $procedure_sleep_until (i64.const ${until}))`;
/** Stores the results of these calls, a byte each, and returns them. */
const results = (...calls: string[]): string =>
  `${calls.map((call, i) => `(i32.store8 (i32.const ${300 + i}) ${call})`).join('\n')}
   (call $write (local.get $sink) (i32.const 300) (i32.const ${calls.length})) (i32.const 0)`;
const ok = (...bytes: number[]): object => ({ kind: 'ok', value: Uint8Array.from(bytes) });
const trapped = (message: unknown): object => ({ kind: 'trapped', message, cause: undefined });
const turnOfOthers = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('a procedure', () => {
  test('gets what a reducer gets, and its result is what it leaves in the sink', async () => {
    const store = [1, 2, 3, 4, 5, 6, 7].map(
      (local, i) => `(i64.store (i32.const ${200 + i * 8}) (local.get ${local}))`,
    );
    const { instance } = load({
      imports: ['bytes_source_read'],
      procedure: `(i32.store (i32.const 196) (local.get $id)) ${store.join(' ')}
        (i32.store (i32.const 8) (i32.const 100))
        (drop (call $bytes_source_read (local.get $args) (i32.const 256) (i32.const 8)))
        (call $write (local.get $sink) (i32.const 196) (i32.const 64)) (i32.const 0)`,
    });
    const identity = Uint8Array.from({ length: 32 }, (_, i) => i + 1);
    const connection = Uint8Array.from({ length: 16 }, (_, i) => i + 50);
    const caller = new Caller(identity, connection);
    const args = Uint8Array.of(0, 9, 8, 7, 6, 0);
    const outcome = await instance.callProcedure(PROCEDURE, caller, 1234n, args, 1, 5);
    expect(outcome).toEqual(
      ok(3, 0, 0, 0, ...identity, ...connection, 0xd2, 4, 0, 0, 0, 0, 0, 0, ...args.subarray(1, 5)),
    );
  });

  test('without arguments gets the source 0, and may return nothing', async () => {
    const { call } = load({ procedure: '(local.get $args)' });
    expect(await call()).toEqual(ok());
  });

  test('that returns another code than 0 fails, and the instance lives on', async () => {
    const { call, instance } = load({ procedure: '(i32.const 1)' });
    const message = '__call_procedure__ returned unexpected code 1. Procedures should return code 0 or trap.';
    expect(await call()).toEqual(trapped(message));
    expect(instance.isDead).toBe(false);
  });

  test('that is not exported fails and says which it is', async () => {
    const { call, handle } = load({});
    expect(await call()).toEqual(
      trapped('Module defines procedure my_procedure but does not export `__call_procedure__`'),
    );
    expect(await handle()).toEqual(
      trapped('Module defines http handler my_handler but does not export `__call_http_handler__`'),
    );
  });

  test('that traps ends the instance', async () => {
    const { call, instance } = load({ procedure: 'unreachable' });
    expect(await call()).toEqual(trapped('unreachable'));
    expect(instance.isDead).toBe(true);
    await expect(call()).rejects.toMatchObject({ code: 'HOST_INSTANCE_DEAD' });
  });

  test('cannot begin while another of its instance waits', async () => {
    const { call, environment } = load({ procedure: `(drop ${sleep()}) (i32.const 0)` });
    const first = call();
    await expect(call()).rejects.toMatchObject({ code: 'HOST_INSTANCE_DEAD' });
    environment.procedures.sleeps[0]!.resolve(FAR);
    expect(await first).toEqual(ok());
  });

  test('in a module that catches everything traps all the same, before and after a suspension', async () => {
    for (const before of ['', `(drop ${sleep()})`]) {
      const { call, environment } = load({
        imports: ['identity', 'datastore_clear'],
        definitions: '(tag $t)',
        procedure: `${before} (try (do (call $identity (i32.const 0))) (catch_all))
          (try (do (drop ${start})) (catch_all)) (i32.const 0)`,
      });
      const outcome = call();
      environment.procedures.sleeps[0]?.resolve(FAR);
      expect(await outcome).toEqual(trapped('null pointer passed to a spacetime function'));
      expect(environment.procedures.log.filter((line) => line === 'begin')).toEqual([]);
    }
  });

  test('catching what its wait was rejected with does not help', async () => {
    const { call, environment } = load({
      definitions: '(tag $t)',
      procedure: `(try (do (drop ${sleep()})) (catch_all)) (i32.const 0)`,
    });
    const outcome = call();
    const cause = new Error('the database is closing');
    environment.procedures.sleeps[0]!.reject(cause);
    expect(await outcome).toEqual({ kind: 'trapped', message: cause.message, cause });
  });
});

describe('initialisation', () => {
  test.each([
    { name: 'procedure_start_mut_tx', call: `(drop ${start})` },
    { name: 'procedure_sleep_until', call: `(drop ${sleep()})` },
  ])('cannot use $name', ({ call }) => {
    expect(() => load({ procedure: '(i32.const 0)', describe: call })).toThrow(
      expect.objectContaining({
        code: 'HOST_INITIALIZATION_FAILED',
        message: expect.stringMatching(
          /wasm trap while calling "__describe_module__": .* is only available in async instances/,
        ),
      }),
    );
  });

  test('describes like an instance for reducers', () => {
    const { compiled, instance, environment } = load({ procedure: '(i32.const 0)' });
    expect(instance.description).toEqual(ModuleInstance.create(compiled, environment).description);
    expect(Buffer.from(instance.description).toString()).toBe('definition');
  });
});

describe('sleeping', () => {
  test('suspends until then, and answers what time it is then', async () => {
    const { call, environment } = load({
      procedure: `(i64.store (i32.const 300) ${sleep()})
        (call $write (local.get $sink) (i32.const 300) (i32.const 8)) (i32.const 0)`,
    });
    let isDone = false;
    const outcome = call().finally(() => (isDone = true));
    expect(environment.procedures.log).toEqual([`sleep ${FAR}`]);
    await turnOfOthers();
    expect(isDone).toBe(false);
    environment.procedures.sleeps[0]!.resolve(0x0102_0304_0506_0708n);
    expect(await outcome).toEqual(ok(8, 7, 6, 5, 4, 3, 2, 1));
  });

  test.each([0n, -1n, -(2n ** 63n), 1_000_000n])('until %d, which is past, returns at once', async (until) => {
    const { call, environment } = load({
      procedure: `(i64.store (i32.const 300) ${sleep(until)})
        (call $write (local.get $sink) (i32.const 300) (i32.const 8)) (i32.const 0)`,
    });
    const now = new DataView(new ArrayBuffer(8));
    now.setBigInt64(0, 1_001_500n, true); // the first reading of the clock
    expect(await call()).toEqual(ok(...new Uint8Array(now.buffer)));
    expect(environment.procedures.log).toEqual([]);
  });

  test('with a transaction open traps, and the transaction is gone', async () => {
    const { call, environment, instance } = load({ procedure: `(drop ${start}) (drop ${sleep()}) (i32.const 0)` });
    expect(await call()).toEqual(
      trapped('procedure_sleep_until was called with a transaction open: commit or abort it first'),
    );
    expect(environment.procedures.log).toEqual(['begin', 'abort dangling']);
    expect(instance.isDead).toBe(true);
  });

  test('keeps sources, sinks and memory', async () => {
    const { call, environment } = load({
      imports: ['bytes_source_read'],
      procedure: `(call $write (local.get $sink) (i32.const 32) (i32.const 2))
        (drop ${sleep()})
        (drop (memory.grow (i32.const 1)))
        (i32.store (i32.const 8) (i32.const 100))
        (drop (call $bytes_source_read (local.get $args) (i32.const 70000) (i32.const 8)))
        (drop ${sleep()})
        (call $write (local.get $sink) (i32.const 70000) (i32.const 2)) (i32.const 0)`,
    });
    const outcome = call(Uint8Array.of(1, 2));
    environment.procedures.sleeps[0]!.resolve(FAR);
    await turnOfOthers();
    environment.procedures.sleeps[1]!.resolve(FAR);
    expect(await outcome).toEqual(ok(0x6f, 0x68, 1, 2));
  });

  test('pays for what comes after it from the same budget', async () => {
    const loop = `(loop (br_if 0 (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 1000))))`;
    const { call, instance, environment } = load({
      procedure: `(local $i i32) ${loop} (drop ${sleep()}) (local.set $i (i32.const 0)) ${loop} (i32.const 0)`,
    });
    const outcome = call();
    const before = instance.energyUsed;
    environment.procedures.sleeps[0]!.resolve(FAR);
    await outcome;
    expect(before).toBeGreaterThan(10_000);
    expect(instance.energyUsed).toBeGreaterThan(before + 9_000);
    expect(instance.energyUsed).toBeLessThan(before + 11_000);
  });

  test.each([
    { name: 'its own instructions', loop: '(loop (br 0)) unreachable', imports: [] },
    {
      name: 'the work of the host',
      loop: `(loop (drop (call $datastore_table_scan_bsatn (i32.const 1) (i32.const 64)))
        (drop (call $row_iter_bsatn_close (i32.load (i32.const 64)))) (br 0)) unreachable`,
      imports: ['datastore_table_scan_bsatn', 'row_iter_bsatn_close'],
    },
  ])('runs out of energy after it by $name', async ({ loop, imports }) => {
    const { call, instance, environment } = load({ imports, procedure: `(drop ${sleep()}) ${loop}` });
    environment.calls.rows = [new Uint8Array(30_000)];
    const outcome = call();
    environment.calls.inTransaction = true;
    environment.procedures.sleeps[0]!.resolve(FAR);
    expect(await outcome).toEqual({ kind: 'outOfEnergy' });
    expect(instance.isDead).toBe(true);
  });

  test('that fails ends the call with the reason', async () => {
    const { call, environment, instance } = load({ procedure: `(drop ${sleep()}) (i32.const 0)` });
    const outcome = call();
    const cause = new Error('the timer is gone');
    environment.procedures.sleeps[0]!.reject(cause);
    expect(await outcome).toEqual({ kind: 'trapped', message: cause.message, cause });
    expect(instance.isDead).toBe(true);
  });

  test('again and again for nothing is out of energy', async () => {
    const { call } = load({ procedure: `(loop (drop ${sleep(0n)}) (br 0)) unreachable` });
    expect(await call()).toEqual({ kind: 'outOfEnergy' });
  });
});

describe('transactions', () => {
  test('begin with the time, and end by commit or abort', async () => {
    const { call, environment } = load({
      procedure: `(drop ${start}) (drop ${commit}) (drop ${start}) (drop ${abort})
        (call $write (local.get $sink) (i32.const 64) (i32.const 8)) (i32.const 0)`,
    });
    expect(await call()).toEqual(ok(0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11));
    expect(environment.procedures.log).toEqual(['begin', 'commit', 'begin', 'abort']);
  });

  test.each([
    { name: 'commit and abort without one', calls: [commit, abort], codes: [18, 18], log: [] },
    { name: 'two at once', calls: [start, start, commit], codes: [0, 17, 0], log: ['begin', 'commit'] },
    {
      name: 'an end after the end',
      calls: [start, abort, commit, abort],
      codes: [0, 0, 18, 18],
      log: ['begin', 'abort'],
    },
  ])('$name get an errno', async ({ calls, codes, log }) => {
    const { call, environment } = load({ procedure: results(...calls) });
    expect(await call()).toEqual(ok(...codes));
    expect(environment.procedures.log).toEqual(log);
  });

  test('are what data calls need', async () => {
    const count = '(call $datastore_table_row_count (i32.const 1) (i32.const 72))';
    const { call } = load({
      imports: ['datastore_table_row_count'],
      procedure: results(count, start, count, commit, count),
    });
    expect(await call()).toEqual(ok(2, 0, 0, 0, 2));
  });

  test('left open at the end are aborted, and the result counts', async () => {
    const { call, environment } = load({ procedure: results(start) });
    expect(await call()).toEqual(ok(0));
    expect(environment.procedures.log).toEqual(['begin', 'abort dangling']);
  });

  test('left open by a trap are aborted', async () => {
    const { call, environment } = load({ procedure: `(drop ${start}) unreachable` });
    expect(await call()).toEqual(trapped('unreachable'));
    expect(environment.procedures.log).toEqual(['begin', 'abort dangling']);
  });

  test('whose out pointer is bad are aborted', async () => {
    const { call, environment } = load({ procedure: '(call $procedure_start_mut_tx (i32.const 0))' });
    expect(await call()).toEqual(trapped('null pointer passed to a spacetime function'));
    expect(environment.procedures.log).toEqual(['begin', 'abort dangling']);
  });

  test("that cannot be committed trap with the reason, which is the module's", async () => {
    const { call, environment } = load({ procedure: `(drop ${start}) (drop ${commit}) (i32.const 0)` });
    environment.procedures.refusal = 'the view my_view failed';
    expect(await call()).toEqual(trapped('the view my_view failed'));
  });

  test.each([
    { name: 'begin', procedure: `(drop ${start}) (i32.const 0)`, failsAt: 'begin' },
    { name: 'commit', procedure: `(drop ${start}) (drop ${commit}) (i32.const 0)`, failsAt: 'commit' },
    { name: 'abort', procedure: `(drop ${start}) (drop ${abort}) (i32.const 0)`, failsAt: 'abort' },
    { name: 'the abort of a dangling one', procedure: `(drop ${start}) (i32.const 0)`, failsAt: 'abort dangling' },
  ])('in which $name fails carry the reason', async ({ procedure, failsAt }) => {
    const { call, environment } = load({ procedure });
    const { procedures } = environment;
    const cause = new Error('a bug');
    const push = procedures.log.push.bind(procedures.log);
    procedures.log.push = (line: string) => {
      if (line === failsAt) procedures.failure = cause;
      return push(line);
    };
    expect(await call()).toEqual({ kind: 'trapped', message: 'a bug', cause });
  });
});

describe('several instances', () => {
  const procedure = `(drop ${sleep()}) (drop ${start})
    (if (i32.eq (local.get $args) (i32.const 0)) (then unreachable))
    (drop (call $datastore_clear (i32.const 1) (i32.const 72))) (drop ${commit}) (i32.const 0)`;

  test('a dangling transaction is gone before anybody else runs, however their jobs are mixed', async () => {
    const first = load({ imports: ['datastore_clear'], procedure });
    const data = first.environment.calls;
    const second = load({ imports: ['datastore_clear'], procedure }, data);
    const outcomes = [first.call(), second.call(Uint8Array.of(1))];
    const seenOpen: boolean[] = [];
    first.environment.procedures.sleeps[0]!.resolve(FAR); // will trap with its transaction open
    for (let i = 0; i < 5; i++) queueMicrotask(() => seenOpen.push(data.inTransaction));
    second.environment.procedures.sleeps[0]!.resolve(FAR);
    for (let i = 0; i < 5; i++) queueMicrotask(() => queueMicrotask(() => seenOpen.push(data.inTransaction)));
    expect(await Promise.all(outcomes)).toEqual([trapped('unreachable'), ok()]);
    expect(first.environment.procedures.log).toEqual([`sleep ${FAR}`, 'begin', 'abort dangling']);
    expect(second.environment.procedures.log).toEqual([`sleep ${FAR}`, 'begin', 'commit']);
    expect(seenOpen).toEqual(Array(10).fill(false));
  });

  test('two hundred sleep at once, and reducers run between', async () => {
    const one = load({ procedure: `(drop ${sleep()}) (i32.const 0)` });
    const reducers = ModuleInstance.create(one.compiled, one.environment);
    const instances = Array.from({ length: 200 }, () => ProcedureInstance.create(one.compiled, one.environment));
    const outcomes = instances.map((instance) => instance.callProcedure(PROCEDURE, NOBODY, 1n, NO_ARGS, 0, 0));
    expect(one.environment.procedures.sleeps.length).toBe(200);
    one.environment.calls.inTransaction = true;
    for (let i = 0; i < 100; i++) expect(reducers.callReducer(0, NOBODY, 1n, NO_ARGS, 0, 0)).toEqual({ kind: 'ok' });
    one.environment.calls.inTransaction = false;
    for (const { resolve } of one.environment.procedures.sleeps) resolve(FAR);
    expect(await Promise.all(outcomes)).toEqual(Array(200).fill(ok()));
  });
});

describe('running out of stack', () => {
  const recursion = `(func $f (param i32) (result i32)
    (drop (call $procedure_start_mut_tx (i32.const 64)))
    (i32.store (i32.const 64) (i32.const 4))
    (drop (call $datastore_insert_bsatn (i32.const 1) (i32.const 16) (i32.const 64)))
    (i32.add (call $f (local.get 0)) (i32.const 1)))`;

  test.each([
    { name: 'at once', before: '' },
    { name: 'after a suspension', before: `(drop ${sleep()})` },
  ])('is a trap that never happens within a change to the data, $name', async ({ before }) => {
    const { call, environment } = load({
      imports: ['datastore_insert_bsatn'],
      definitions: recursion,
      procedure: `${before} (call $f (i32.const 0))`,
    });
    let begun = 0;
    let done = 0;
    const useStack = (depth: number): number => (depth === 0 ? 0 : useStack(depth - 1) + 1);
    environment.calls.insert = () => {
      begun++;
      done += useStack(50) === 50 ? 1 : 0;
      return 0;
    };
    const outcome = call();
    environment.procedures.sleeps[0]?.resolve(FAR);
    expect(await outcome).toEqual(trapped('Maximum call stack size exceeded'));
    expect(begun).toBeGreaterThan(1000);
    expect(done).toBe(begun);
    expect(environment.procedures.log.at(-1)).toBe('abort dangling');
  });
});

describe('an HTTP request', () => {
  const REQUEST_AT = 1000;
  const RESPONSE: HttpResponse = { headers: [{ name: 'a', value: Uint8Array.of(1) }], version: 'HTTP/2', status: 503 };
  const requestBytes = encoded((writer) => writeHttpRequest(writer, { ...REQUEST, uri: 'http://host/' }));
  const definitions = data(REQUEST_AT, requestBytes);
  const request = (
    at: number = REQUEST_AT,
    length: number = requestBytes.length,
    body: number = 16,
    bodyLength: number = 3,
    out: number = 80,
  ): string =>
    `(call $procedure_http_request (i32.const ${at}) (i32.const ${length}) (i32.const ${body}) (i32.const ${bodyLength}) (i32.const ${out}))`;
  /** Returns the errno (a byte), both handles (four bytes each), and what the sources hold. */
  const answer = `
    (i32.store8 (i32.const 300) ${request()})
    (i64.store (i32.const 301) (i64.load (i32.const 80)))
    (i32.store (i32.const 8) (i32.const 100))
    (drop (call $bytes_source_read (i32.load (i32.const 80)) (i32.const 309) (i32.const 8)))
    (local.set $end (i32.add (i32.const 309) (i32.load (i32.const 8))))
    (i32.store (i32.const 8) (i32.const 100))
    (if (i32.load (i32.const 84)) (then
      (drop (call $bytes_source_read (i32.load (i32.const 84)) (local.get $end) (i32.const 8)))
      (local.set $end (i32.add (local.get $end) (i32.load (i32.const 8))))))
    (call $write (local.get $sink) (i32.const 300) (i32.sub (local.get $end) (i32.const 300))) (i32.const 0)`;
  const procedure = `(local $end i32) ${answer}`;
  const imports = ['bytes_source_read'];

  test('suspends, and any response is a success with head and body as sources', async () => {
    const { call, environment } = load({ imports, definitions, procedure });
    const outcome = call();
    const { log, requests } = environment.procedures;
    expect(log).toEqual(['GET http://host/ 646566']);
    expect(requests[0]!.request).toEqual({ ...REQUEST, uri: 'http://host/' });
    await turnOfOthers();
    requests[0]!.resolve({ response: RESPONSE, body: Uint8Array.of(7, 7) });
    const head = encoded((writer) => writeHttpResponse(writer, RESPONSE));
    expect(await outcome).toEqual(ok(0, 1, 0, 0, 0, 2, 0, 0, 0, ...head, 7, 7));
  });

  test('whose response has no body gets the handle 0 for it', async () => {
    const { call, environment } = load({ imports, definitions, procedure });
    const outcome = call();
    environment.procedures.requests[0]!.resolve({ response: RESPONSE, body: NO_ARGS });
    const head = encoded((writer) => writeHttpResponse(writer, RESPONSE));
    expect(await outcome).toEqual(ok(0, 1, 0, 0, 0, 0, 0, 0, 0, ...head));
  });

  test('whose response is not read counts for the memory of the instance until the call ends', async () => {
    const { call, environment, instance } = load({
      imports,
      definitions,
      procedure: `(drop ${request()}) (drop ${request()}) (i32.const 0)`,
    });
    const before = instance.memoryBytes;
    const outcome = call();
    const { requests } = environment.procedures;
    requests[0]!.resolve({ response: RESPONSE, body: new Uint8Array(100_000) });
    await expect.poll(() => requests.length).toBe(2);
    expect(instance.memoryBytes - before).toBeGreaterThan(100_000);
    requests[1]!.resolve({ response: RESPONSE, body: NO_ARGS });
    await outcome;
    expect(instance.memoryBytes).toBe(before);
  });

  const errorText = (text: string): Uint8Array => encoded((writer) => writer.string(text));

  test('that fails is errno 21 with the text in the first source, and the second is untouched', async () => {
    const { call, environment } = load({
      imports,
      definitions,
      procedure: `(local $end i32) (i32.store (i32.const 84) (i32.const 0)) ${answer}`,
    });
    const outcome = call();
    environment.procedures.requests[0]!.resolve({ error: 'no such host' });
    expect(await outcome).toEqual(ok(21, 1, 0, 0, 0, 0, 0, 0, 0, ...errorText('no such host')));
  });

  test('is refused when the configuration says so, also in a transaction', async () => {
    const { call, environment } = load({
      imports,
      definitions,
      procedure: `(local $end i32) (drop ${start}) ${answer}`,
    });
    environment.procedures.isHttpEnabled = false;
    const text = errorText('module outbound HTTP requests are disabled');
    expect(await call()).toEqual(ok(21, 1, 0, 0, 0, 0, 0, 0, 0, ...text));
    expect(environment.procedures.requests).toEqual([]);
  });

  test('with a transaction open is errno 17', async () => {
    const { call, environment } = load({ definitions, procedure: results(start, request(), commit) });
    expect(await call()).toEqual(ok(0, 17, 0));
    expect(environment.procedures.requests).toEqual([]);
  });

  test.each([
    { name: 'of no bytes', call: request(REQUEST_AT, 0) },
    { name: 'cut short', call: request(REQUEST_AT, requestBytes.length - 1) },
    { name: 'of other bytes', call: request(16, 10) },
  ])('$name does not decode, errno 3, before anything else is looked at', async ({ call: broken }) => {
    const { call, environment } = load({ definitions, procedure: results(start, broken) });
    environment.procedures.isHttpEnabled = false;
    expect(await call()).toEqual(ok(0, 3));
  });

  test('with bytes after it is read all the same', async () => {
    const { call, environment } = load({
      definitions,
      procedure: results(request(REQUEST_AT, requestBytes.length + 9)),
    });
    const outcome = call();
    environment.procedures.requests[0]!.resolve({ response: RESPONSE, body: NO_ARGS });
    expect(await outcome).toEqual(ok(0));
  });

  test('whose head is longer than a mebibyte is refused with errno 21', async () => {
    const { call } = load({
      definitions,
      procedure: `(drop (memory.grow (i32.const 20))) ${results(request(REQUEST_AT, 2 ** 20 + 1))}`,
    });
    expect(await call()).toEqual(ok(21));
  });

  const NULL = 'null pointer passed to a spacetime function';
  const OUT = 'out of bounds pointer passed to a spacetime function';
  test.each([
    { name: 'a null request', call: request(0, 0), message: NULL },
    { name: 'a request beyond the memory', call: request(65_530, 10), message: OUT },
    { name: 'a request that wraps around', call: request(-1, 2), message: OUT },
    { name: 'a null body of no bytes', call: request(undefined, undefined, 0, 0), message: NULL },
    { name: 'a body beyond the memory', call: request(undefined, undefined, 65_535, 2), message: OUT },
  ])('with $name traps', async ({ call: broken, message }) => {
    const { call, environment } = load({ definitions, procedure: results(broken) });
    expect(await call()).toEqual(trapped(message));
    expect(environment.procedures.requests).toEqual([]);
  });

  test.each([
    { name: 'null', out: 0, message: NULL },
    { name: 'whose second half is beyond the memory', out: 65_532, message: OUT },
  ])('with an out pointer $name traps once the response is there', async ({ out, message }) => {
    const { call, environment, instance } = load({
      definitions,
      procedure: results(request(undefined, undefined, undefined, undefined, out)),
    });
    const outcome = call();
    expect(environment.procedures.requests.length).toBe(1);
    environment.procedures.requests[0]!.resolve({ response: RESPONSE, body: NO_ARGS });
    expect(await outcome).toEqual(trapped(message));
    expect(instance.isDead).toBe(true);
  });

  test('owns its body, which the guest cannot change any more', async () => {
    const { call, environment } = load({ definitions, procedure: `(drop ${request()}) (i32.const 0)` });
    const outcome = call();
    const { body, resolve } = environment.procedures.requests[0]!;
    expect(Buffer.from(body).toString()).toBe('def');
    expect(body.buffer.byteLength).toBe(3);
    resolve({ response: RESPONSE, body: NO_ARGS });
    await outcome;
  });
});

describe('an HTTP handler', () => {
  const RESPONSE: HttpResponse = {
    headers: [{ name: 'a', value: Uint8Array.of(1) }],
    version: 'HTTP/1.1',
    status: 201,
  };
  const responseBytes = encoded((writer) => writeHttpResponse(writer, RESPONSE));
  const definitions = data(1000, responseBytes);
  const respond = `(call $write (local.get $sink) (i32.const 1000) (i32.const ${responseBytes.length}))`;

  test('gets the request, its body and the time, and answers a response with a body', async () => {
    const { handle } = load({
      imports: ['bytes_source_read'],
      definitions,
      handler: `(i32.store (i32.const 300) (local.get $id)) (i64.store (i32.const 304) (local.get $time))
        (i32.store (i32.const 8) (i32.const 100))
        (drop (call $bytes_source_read (local.get $request) (i32.const 312) (i32.const 8)))
        (call $write (local.get $bodySink) (i32.const 300) (i32.add (i32.const 12) (i32.load (i32.const 8))))
        (i32.store (i32.const 8) (i32.const 100))
        (drop (call $bytes_source_read (local.get $body) (i32.const 312) (i32.const 8)))
        (call $write (local.get $bodySink) (i32.const 312) (i32.load (i32.const 8)))
        ${respond} (i32.const 0)`,
    });
    const outcome = await handle(REQUEST, Uint8Array.of(5, 6));
    const request = encoded((writer) => writeHttpRequest(writer, REQUEST));
    expect(outcome).toEqual({
      kind: 'ok',
      response: RESPONSE,
      body: Uint8Array.of(4, 0, 0, 0, 0xd2, 4, 0, 0, 0, 0, 0, 0, ...request, 5, 6),
    });
  });

  test('without a body gets the source 0', async () => {
    const { handle } = load({ definitions, handler: `${respond} (local.get $body)` });
    expect(await handle()).toEqual({ kind: 'ok', response: RESPONSE, body: NO_ARGS });
  });

  test('may wait and use transactions', async () => {
    const { handle, environment } = load({
      definitions,
      handler: `(drop ${sleep()}) (drop ${start}) ${respond} (i32.const 0)`,
    });
    const outcome = handle();
    environment.procedures.sleeps[0]!.resolve(FAR);
    expect(await outcome).toEqual({ kind: 'ok', response: RESPONSE, body: NO_ARGS });
    expect(environment.procedures.log).toEqual([`sleep ${FAR}`, 'begin', 'abort dangling']);
  });

  test.each([
    {
      name: 'another code than 0',
      handler: '(i32.const 1)',
      message: '__call_http_handler__ returned unexpected code 1. HTTP handlers should return code 0 or trap.',
    },
    { name: 'no response', handler: '(i32.const 0)', message: expect.stringMatching(/the response does not decode/) },
    {
      name: 'a response that is none',
      handler: '(call $write (local.get $sink) (i32.const 16) (i32.const 10)) (i32.const 0)',
      message: expect.stringMatching(/the response does not decode/),
    },
    {
      name: 'a head of more than a mebibyte',
      handler:
        '(drop (memory.grow (i32.const 20))) (call $write (local.get $sink) (i32.const 16) (i32.const 1048577)) (i32.const 0)',
      message: 'the response without its body has 1048577 bytes; the most is 1048576',
    },
  ])('that answers $name fails, and the instance lives on', async ({ handler, message }) => {
    const { handle, instance } = load({ handler });
    expect(await handle()).toEqual(trapped(message));
    expect(instance.isDead).toBe(false);
  });

  test('that traps ends the instance', async () => {
    const { handle, instance } = load({ handler: 'unreachable' });
    expect(await handle()).toEqual(trapped('unreachable'));
    expect(instance.isDead).toBe(true);
  });
});
