import { fc, test as property } from '@fast-check/vitest';
import { readFileSync, readdirSync } from 'node:fs';
import { afterAll, expect } from 'vitest';
import { Caller } from '../../src/caller.ts';
import { CompiledModule } from '../../src/compiled-module.ts';
import { HostError } from '../../src/errors.ts';
import { ModuleInstance } from '../../src/module-instance.ts';
import { module } from '../support/module-text.ts';
import { Random } from '../support/random-program.ts';
import { recordingEnvironment } from '../support/recorder.ts';
import { mutateModule, sample } from './mutate-module.ts';
import type { Sample } from './mutate-module.ts';

/** `LIGHTCONE_FUZZ_RUNS=100000` for a night. */
const numRuns = Number(process.env['LIGHTCONE_FUZZ_RUNS'] ?? 1200);
const LIMITS = { maxMemoryPages: 64, energyPerCall: 300_000 };
/** No case may take longer, on the slowest machine that tests run on. */
const MAX_CASE_MS = 5000;
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

const SMALL: readonly Sample[] = [
  sample('everything', EVERYTHING),
  sample('abi-probe', new Uint8Array(Buffer.from(probe.wasm_base64, 'base64'))),
];

const counts = { refused: 0, failedToStart: 0, started: 0, calls: 0, ms: 0 };

/** Does with a program what a database does; every way in which it may fail has its error. */
function run(bytes: Uint8Array, seed: number): void {
  const started = performance.now();
  const random = new Random(seed);
  const environment = recordingEnvironment();
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

property.prop([fc.constantFrom(...SMALL), fc.integer()], { numRuns })(
  'a mutated small module is refused, or runs within its limits',
  (from, seed) => run(mutateModule(from, new Random(seed)), seed),
  600_000,
);

property.prop([fc.constantFrom(...realModules), fc.integer()], { numRuns: Math.ceil(numRuns / 8) })(
  'a mutated module of the official crate is refused, or runs within its limits',
  (from, seed) => run(mutateModule(from, new Random(seed)), seed),
  600_000,
);

property.prop([fc.uint8Array({ maxLength: 200 }), fc.boolean()], { numRuns })(
  'random bytes are refused',
  (content, hasHeader) => run(hasHeader ? Uint8Array.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, ...content]) : content, 1),
);

afterAll(() => {
  // oxlint-disable-next-line no-console -- how much of it got how far is what the run is for
  console.log(JSON.stringify(counts));
});
