import { Identity, bytesToHex } from '@lightcone/sats';
import type { Store } from '@lightcone/store';
import { keccak_256 } from '@noble/hashes/sha3.js';
import { inspectProgram } from '../inspection/inspect-program.ts';
import { readRows } from '../system-rows.ts';
import { SYSTEM_TABLE_IDS } from '../system-tables.ts';
import type { DatabaseFinding, ProgramProblem } from './database-finding.ts';

/** Which database it is, and what program it has, by its row of `st_module`. */
export interface StoredProgram {
  /** Identities and hashes are 64 hex digits. */
  readonly databaseIdentity: string;
  readonly owner: string;
  readonly hash: string;
  /** 0 WebAssembly, 1 JavaScript. */
  readonly kind: number;
  readonly bytes: Uint8Array;
}

const WASM = 0;

export function readStoredProgram(store: Store): StoredProgram | undefined {
  const [row] = readRows(store, SYSTEM_TABLE_IDS.module);
  if (row === undefined) return undefined;
  return {
    databaseIdentity: Identity.fromBigInt(row['database_identity'] as bigint).toHex(),
    owner: Identity.fromBigInt(row['owner_identity'] as bigint).toHex(),
    hash: bytesToHex(Identity.fromBigInt(row['program_hash'] as bigint).bytes), // a u256 holds the hash, too
    kind: row['program_kind'] as number,
    bytes: row['program_bytes'] as Uint8Array,
  };
}

/** Checks that there is one program, that it is the one its hash names, and that a server takes it. */
export async function checkProgram(store: Store): Promise<DatabaseFinding[]> {
  const rows = readRows(store, SYSTEM_TABLE_IDS.module).length;
  const program = readStoredProgram(store);
  if (program === undefined) {
    return [damage('PROGRAM_MISSING', 'it is empty: nothing says which database this is, and what program it has')];
  }
  const findings: DatabaseFinding[] = [];
  if (rows > 1) findings.push(damage('PROGRAM_AMBIGUOUS', `it has ${rows} rows, and should have one`));
  if (program.kind !== WASM) {
    const kind = program.kind === 1 ? 'JavaScript' : `of kind ${program.kind}`;
    const message = `the program is ${kind}, and WebAssembly alone is run here: publish another over it`;
    return [...findings, damage('PROGRAM_UNSUPPORTED', message)];
  }
  const found = bytesToHex(keccak_256(program.bytes));
  if (found !== program.hash) {
    const message = `the program's hash is ${found}, and its row says ${program.hash}`;
    findings.push({ ...damage('PROGRAM_WRONG_HASH', message), severity: 'warning' });
  }
  const { verdict } = await inspectProgram(program.bytes);
  if (!verdict.isAccepted) {
    findings.push(damage('PROGRAM_REFUSED', `the program would not start: ${verdict.code}: ${verdict.reason}`));
  }
  return findings;
}

function damage(code: ProgramProblem, message: string): DatabaseFinding {
  return { severity: 'damage', code, txOffset: undefined, table: 'st_module', message };
}
