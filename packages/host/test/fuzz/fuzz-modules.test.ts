import { fc, test as property } from '@fast-check/vitest';
import { readFileSync, readdirSync } from 'node:fs';
import { afterAll, expect, test } from 'vitest';
import type { HttpHandlerOutcome, ProcedureOutcome } from '../../src/call-outcome.ts';
import { Caller } from '../../src/caller.ts';
import { CompiledModule } from '../../src/compiled-module.ts';
import { HostError } from '../../src/errors.ts';
import { ModuleInstance } from '../../src/module-instance.ts';
import { ProcedureInstance } from '../../src/procedure-instance.ts';
import { module } from '../support/module-text.ts';
import { Random } from '../support/random-program.ts';
import { recordingProcedureEnvironment } from '../support/procedure-recorder.ts';
import type { ProcedureRecorder, RecordingProcedureEnvironment } from '../support/procedure-recorder.ts';
import { mutateModule, sample } from './mutate-module.ts';
import type { Sample } from './mutate-module.ts';

/** `LIGHTCONE_FUZZ_RUNS=100000` for a night. */
const numRuns = Number(process.env['LIGHTCONE_FUZZ_RUNS'] ?? 1200);
const LIMITS = { maxMemoryPages: 64, energyPerCall: 300_000 };
/** No case may take longer, on the slowest machine that tests run on. */
const MAX_CASE_MS = 5000;
const TIMEOUT_MS = numRuns * MAX_CASE_MS;
const CALLS = 3;

const probe = JSON.parse(readFileSync(new URL('../../vectors/abi-probe.json', import.meta.url), 'utf8')) as {
  wasm_base64: string;
};
const folder = new URL('../../../../modules/', import.meta.url);
const realModules = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.wasm') && !path.includes('node_modules'))
  .toSorted()
  .map((path) => sample(path, new Uint8Array(readFileSync(new URL(path, folder)))));

/** A module with everything that the host looks at: imports, start function, setup, iterators, exceptions, a table. */
const EVERYTHING = module({
  imports: [
    'datastore_table_scan_bsatn',
    'row_iter_bsatn_advance',
    'datastore_insert_bsatn',
    'console_log',
    'identity',
  ],
  definitions: `
    (table 3 funcref) (elem (i32.const 0) $leaf $leaf $start) (tag $oops (param i32)) (start $start)
    (global $g (mut i32) (i32.const 3))
    (func $leaf (param i32) (result i32) (i32.add (local.get 0) (global.get $g)))
    (func $start (global.set $g (i32.const 4)))
    (func (export "_initialize") (memory.fill (i32.const 256) (i32.const 7) (i32.const 64)))
    (func (export "__preinit__10_x") (drop (memory.grow (i32.const 1))))
    (func (export "__setup__") (param i32) (result i32) (i32.const 0))`,
  reducer: `(local $n i32)
    (i32.store (i32.const 64) (i32.const 16)) (i32.store (i32.const 72) (i32.const 200))
    (drop (call $datastore_insert_bsatn (i32.const 5) (i32.const 128) (i32.const 64)))
    (drop (call $datastore_table_scan_bsatn (i32.const 5) (i32.const 68)))
    (drop (call $row_iter_bsatn_advance (i32.load (i32.const 68)) (i32.const 512) (i32.const 72)))
    (call $identity (i32.const 1024))
    (call $console_log (i32.const 2) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 7) (i32.const 16) (i32.const 10))
    (block $done (loop $next
      (br_if $done (i32.ge_u (local.get $n) (i32.const 20)))
      try (drop (call_indirect (param i32) (result i32) (local.get $n) (i32.and (local.get $n) (i32.const 1))))
        (throw $oops (local.get $n))
      catch $oops (local.set $n (i32.add (i32.const 1)))
      catch_all end
      (br $next)))
    (i32.const 0)`,
});

/** A module whose procedure waits, asks, and opens transactions, and whose HTTP handler answers what it was asked. */
const PROCEDURES = module({
  imports: [
    'procedure_sleep_until',
    'procedure_start_mut_tx',
    'procedure_commit_mut_tx',
    'procedure_abort_mut_tx',
    'procedure_http_request',
    'datastore_insert_bsatn',
    'bytes_source_read',
    'bytes_source_remaining_length',
  ],
  definitions: `
    ;; GET http://a/ over HTTP/1.1, and the answer 200 over HTTP/1.1, without headers.
    (data (i32.const 400) "\\00\\00\\00\\00\\00\\01\\09\\00\\00\\00http://a/\\02")
    (data (i32.const 440) "\\00\\00\\00\\00\\02\\c8\\00")
    (func (export "__call_procedure__")
      (param $id i32) (param i64 i64 i64 i64 i64 i64) (param $time i64) (param $args i32) (param $sink i32) (result i32)
      (local $n i32)
      (loop $next
        (drop (call $procedure_sleep_until (i64.add (local.get $time) (i64.const 1000))))
        (drop (call $procedure_start_mut_tx (i32.const 64)))
        (drop (call $datastore_insert_bsatn (i32.const 5) (i32.const 128) (i32.const 8)))
        (if (i32.and (local.get $n) (i32.const 1))
          (then (drop (call $procedure_commit_mut_tx)))
          (else (drop (call $procedure_abort_mut_tx))))
        (drop (call $procedure_http_request
          (i32.const 400) (i32.const 20) (i32.const 16) (i32.const 10) (i32.const 80)))
        (drop (call $bytes_source_remaining_length (i32.load (i32.const 80)) (i32.const 96)))
        (local.set $n (i32.add (local.get $n) (i32.const 1)))
        (br_if $next (i32.lt_u (local.get $n) (i32.const 3))))
      (call $write (local.get $sink) (i32.const 16) (i32.const 4))
      (i32.const 0))
    (func (export "__call_http_handler__")
      (param $id i32) (param $time i64) (param $request i32) (param $body i32) (param $head i32) (param $out i32) (result i32)
      (i32.store (i32.const 64) (i32.const 300))
      (drop (call $bytes_source_read (local.get $body) (i32.const 512) (i32.const 64)))
      (call $write (local.get $head) (i32.const 440) (i32.const 7))
      (call $write (local.get $out) (i32.const 512) (i32.load (i32.const 64)))
      (i32.const 0))`,
});

const SMALL: readonly Sample[] = [
  sample('procedures', PROCEDURES),
  sample('everything', EVERYTHING),
  sample('abi-probe', new Uint8Array(Buffer.from(probe.wasm_base64, 'base64'))),
];

const counts = { refused: 0, failedToStart: 0, started: 0, calls: 0, procedures: 0, ms: 0 };

/** Does with a program what a database does; every way in which it may fail has its error. */
async function run(bytes: Uint8Array, seed: number): Promise<void> {
  const started = performance.now();
  const random = new Random(seed);
  const environment = recordingProcedureEnvironment();
  environment.calls.rows = [Uint8Array.from({ length: 40 }, () => random.below(256)), new Uint8Array(5)];
  environment.calls.generated = new Uint8Array(random.below(3) * 4);
  environment.calls.answer = random.below(3) === 0 ? -random.below(20) : random.below(5);
  environment.calls.inTransaction = false;
  try {
    const compiled = CompiledModule.compile(bytes, LIMITS);
    counts.failedToStart++;
    const instance = ModuleInstance.create(compiled, environment);
    counts.failedToStart--;
    counts.started++;
    expect(instance.description.length).toBeLessThan(2 ** 28);
    environment.calls.inTransaction = true;
    call(instance, random);
    environment.calls.inTransaction = false;
    await callProcedures(compiled, environment, random);
  } catch (error) {
    if (!(error instanceof HostError)) throw error;
    expect(error.code).toMatch(/^HOST_/);
    if (error.code !== 'HOST_INITIALIZATION_FAILED') counts.refused++;
  }
  const duration = performance.now() - started;
  counts.ms += duration;
  if (duration > MAX_CASE_MS) throw new Error(`this took ${Math.round(duration)} ms`);
}

function call(instance: ModuleInstance, random: Random): void {
  const caller = new Caller(new Uint8Array(32).fill(3), new Uint8Array(16).fill(4));
  for (let i = 0; i < CALLS && !instance.isDead; i++) {
    const args = Uint8Array.from({ length: random.below(60) }, () => random.below(256));
    const outcome =
      random.below(4) === 0
        ? instance.callView(
            { id: random.below(3), name: 'view' },
            random.pick([caller, undefined]),
            args,
            0,
            args.length,
          )
        : instance.callReducer(random.below(8), caller, 1n, args, 0, args.length);
    counts.calls++;
    expect(['ok', 'rows', 'sql', 'error', 'trapped', 'outOfEnergy']).toContain(outcome.kind);
    // Nothing that the host or its caller throws may look like the module's fault, and here neither has a reason to.
    if (outcome.kind === 'trapped') expect(outcome.cause).toBeUndefined();
    expect(instance.energyUsed).toBeLessThanOrEqual(LIMITS.energyPerCall);
  }
}

async function callProcedures(
  compiled: CompiledModule,
  environment: RecordingProcedureEnvironment,
  random: Random,
): Promise<void> {
  const instance = ProcedureInstance.create(compiled, environment);
  const caller = new Caller(new Uint8Array(32).fill(3), new Uint8Array(16).fill(4));
  for (let i = 0; i < CALLS && !instance.isDead; i++) {
    const args = Uint8Array.from({ length: random.below(60) }, () => random.below(256));
    const called = { id: random.below(3), name: 'called' };
    const running: Promise<ProcedureOutcome | HttpHandlerOutcome> =
      random.below(2) === 0
        ? instance.callProcedure(called, caller, 1n, args, 0, args.length)
        : instance.callHttpHandler(called, 1n, GET, args);
    const outcome = await answeringAll(running, environment.procedures);
    counts.procedures++;
    expect(['ok', 'trapped', 'outOfEnergy']).toContain(outcome.kind);
    if (outcome.kind === 'trapped') expect(outcome.cause).toBeUndefined();
    expect(environment.calls.inTransaction, 'a transaction outlives its procedure').toBe(false);
  }
}

const GET = { method: 'GET', headers: [], timeoutMicros: undefined, uri: 'http://a/', version: 'HTTP/1.1' } as const;

/** Waits for a call, and brings about what it waits for itself. */
async function answeringAll<T>(running: Promise<T>, procedures: ProcedureRecorder): Promise<T> {
  let isRunning = true;
  const ended = running.finally(() => (isRunning = false));
  while (isRunning) {
    await new Promise((resolve) => setImmediate(resolve));
    for (const { wakeAt, resolve } of procedures.sleeps.splice(0)) resolve(wakeAt);
    for (const { resolve } of procedures.requests.splice(0)) resolve({ error: 'nobody is there' });
  }
  return ended;
}

test('what is mutated here runs when it is not', async () => {
  const caller = new Caller(new Uint8Array(32), new Uint8Array(16));
  const nothing = new Uint8Array(0);
  const environment = recordingProcedureEnvironment();
  environment.calls.inTransaction = true;
  const everything = ModuleInstance.create(CompiledModule.compile(EVERYTHING, LIMITS), environment);
  expect(everything.callReducer(0, caller, 1n, nothing, 0, 0)).toEqual({ kind: 'ok' });

  environment.calls.inTransaction = false;
  const instance = ProcedureInstance.create(CompiledModule.compile(PROCEDURES, LIMITS), environment);
  const called = { id: 0, name: 'called' };
  const procedure = instance.callProcedure(called, caller, 1n, nothing, 0, 0);
  expect(await answeringAll(procedure, environment.procedures)).toEqual({
    kind: 'ok',
    value: new TextEncoder().encode('defi'),
  });
  expect(environment.procedures.log.filter((line) => line === 'begin')).toHaveLength(3);
  const handler = instance.callHttpHandler(called, 1n, GET, Uint8Array.of(7, 8, 9));
  expect(await answeringAll(handler, environment.procedures)).toMatchObject({
    kind: 'ok',
    response: { status: 200 },
    body: Uint8Array.of(7, 8, 9),
  });
});

property.prop([fc.constantFrom(...SMALL), fc.integer()], { numRuns })(
  'a mutated small module is refused, or runs within its limits',
  (from, seed) => run(mutateModule(from, new Random(seed)), seed),
  TIMEOUT_MS,
);

property.prop([fc.constantFrom(...realModules), fc.integer()], { numRuns: Math.ceil(numRuns / 8) })(
  'a mutated module of the official crate is refused, or runs within its limits',
  (from, seed) => run(mutateModule(from, new Random(seed)), seed),
  TIMEOUT_MS,
);

property.prop([fc.uint8Array({ maxLength: 200, size: 'max' }), fc.boolean()], { numRuns })(
  'random bytes are refused',
  (content, hasHeader) => run(hasHeader ? Uint8Array.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, ...content]) : content, 1),
);

afterAll(() => {
  // oxlint-disable-next-line no-console -- how much of it got how far is what the run is for
  console.log(JSON.stringify(counts));
});
