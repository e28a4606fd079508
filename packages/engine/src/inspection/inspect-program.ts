import {
  CompiledModule,
  DEFAULT_LIMITS,
  HostError,
  type ModuleFacts,
  ModuleInstance,
  type ModuleLimits,
  programKind,
  programSections,
  readModuleFacts,
  readProducers,
} from '@lightcone/host';
import { Identity, bytesToHex } from '@lightcone/sats';
import { SchemaError, decodeRawModuleDef, validateModuleDef } from '@lightcone/schema';
import { keccak_256 } from '@noble/hashes/sha3.js';
import { Core } from '../core.ts';
import { EngineError } from '../errors.ts';
import { LoadedModule } from '../loaded-module.ts';
import { recoverStore } from '../snapshots/recover-store.ts';
import { readComponent } from './component-facts.ts';
import { type DefinitionSummary, summarizeDefinition } from './definition-summary.ts';
import type { ModuleReport, Verdict } from './module-report.ts';

/**
 * Says what a program is, whatever its bytes are, and whether a server would take it. A module is started in the same
 * cage as on a server, with no database to reach, and asked for its definition; no reducer of it runs.
 *
 * @param limits what the server grants a module
 */
export async function inspectProgram(
  program: Uint8Array,
  limits: ModuleLimits = DEFAULT_LIMITS,
): Promise<ModuleReport> {
  const kind = programKind(program);
  const sections = programSections(program);
  const log: string[] = [];
  const core = await coreWithoutRows(limits, log);
  const definition = kind.tag === 'module' ? describeItself(program, core, limits) : undefined;
  return {
    format: kind.tag,
    bytes: program.length,
    hash: bytesToHex(keccak_256(program)),
    // Last, so that what the module logged is there once.
    verdict: judge(() => LoadedModule.load(program, { ...core.moduleEnvironment, log: () => {} })),
    producers: readProducers(program, sections),
    sections,
    module: kind.tag === 'module' ? readFacts(program) : undefined,
    limits,
    component: kind.tag === 'component' ? await readComponent(program) : undefined,
    definition,
    log,
  };
}

/** What the server does with a program, with what it would answer. */
function judge(load: () => LoadedModule): Verdict {
  try {
    load();
    return { isAccepted: true };
  } catch (error) {
    if (!isRefusal(error)) throw error;
    return { isAccepted: false, code: error.code, reason: error.message };
  }
}

/** A program that is refused may have a definition all the same: the reason may be in what it asks for. */
function describeItself(program: Uint8Array, core: Core, limits: ModuleLimits): DefinitionSummary | undefined {
  const { calls, databaseIdentity, log, clock } = core.moduleEnvironment;
  try {
    const instance = ModuleInstance.create(CompiledModule.compile(program, limits), {
      calls,
      databaseIdentity: databaseIdentity.bytes,
      log: (record) => log({ ...record, functionName: undefined }),
      nowMicros: () => Number(clock.nowMicros()),
    });
    const raw = decodeRawModuleDef(instance.description);
    return summarizeDefinition(validateModuleDef(raw), raw.version);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    return undefined;
  }
}

function readFacts(program: Uint8Array): ModuleFacts | undefined {
  try {
    return readModuleFacts(program);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    return undefined;
  }
}

/** Errors that are about the program. */
function isRefusal(error: unknown): error is HostError | SchemaError | EngineError {
  return error instanceof HostError || error instanceof SchemaError || error instanceof EngineError;
}

/** A module may log without end until its energy is used up. */
const MAX_LOG_LINES = 100;
const NOBODY = Identity.fromClaims('lightcone', 'inspected module');

/** An empty database in memory, whose time stands still. */
async function coreWithoutRows(limits: ModuleLimits, log: string[]): Promise<Core> {
  const recovered = await recoverStore(NOBODY, undefined);
  return new Core(
    {
      identity: NOBODY,
      log: undefined,
      clock: { nowMicros: () => 0n, monotonicNanos: () => 0n, monotonicMs: () => 0 },
      timers: { wakeAt: () => ({ cancel: () => {} }) },
      limits,
      moduleLog({ message }) {
        if (log.length < MAX_LOG_LINES) log.push(message);
      },
      deliver: () => {},
      defer: () => {},
      onFailure: () => {},
    },
    recovered,
  );
}
