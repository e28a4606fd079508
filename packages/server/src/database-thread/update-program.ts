import type { Database } from '@lightcone/engine';
import { bytesToHex } from '@lightcone/sats';
import { keccak_256 } from '@noble/hashes/sha3.js';
import type { PlanInput, UpdateAnswer, UpdateAssessment, UpdateInput } from './messages.ts';

/** What publishing a program would do, with the token that says that its publisher has seen it. */
export function assessUpdate(database: Database, { program, hasColours }: PlanInput): UpdateAssessment {
  return { ...database.planUpdate(program, hasColours), token: migrationToken(database, program) };
}

/** Publishes a program, durably; one that breaks clients with the token of its assessment only. */
export async function updateProgram(
  database: Database,
  { program, mayBreakClients, token }: UpdateInput,
): Promise<UpdateAnswer> {
  const hash = bytesToHex(keccak_256(program));
  if (hash === bytesToHex(database.programHash)) return { tag: 'unchanged' };
  if (mayBreakClients && token !== migrationToken(database, program)) {
    const message = 'Token provided is invalid or does not match expected hash';
    return { tag: 'rejected', message: `Failed to create or update the database: ${message}` };
  }
  try {
    await database.whenDurable(database.update(program, mayBreakClients));
    return { tag: 'updated' };
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'ENGINE_UPDATE_REJECTED') throw error;
    return { tag: 'rejected', message: (error as Error).message };
  }
}

/** Of a database, the program that runs in it, and the one that is to follow. */
function migrationToken({ identity, programHash }: Database, program: Uint8Array): string {
  const hashes = bytesToHex(programHash) + bytesToHex(keccak_256(program));
  return bytesToHex(keccak_256(new TextEncoder().encode(identity.toHex() + hashes)));
}
