import { readFileSync } from 'node:fs';
import type { Session } from '../../src/embedded/session.ts';
import type { ProcedureMetrics } from '../../src/metrics.ts';
import type { OutgoingHttp } from '../../src/procedures/outgoing-http.ts';
import { type TestDatabase, openTestDatabase } from '../../src/testing/index.ts';

/** The program of `modules/procedures`. */
export const program: Uint8Array = readFileSync(
  new URL('../../../../modules/procedures/procedures.wasm', import.meta.url),
);

/** A database with that program, and a client of it. */
export interface OpenProcedures extends AsyncDisposable {
  readonly test: TestDatabase;
  readonly alice: Session;
}

export async function openProcedures(outgoingHttp?: OutgoingHttp): Promise<OpenProcedures> {
  const database = await openTestDatabase(program, {
    limits: { maxMemoryPages: 256, energyPerCall: 200_000_000 },
    ...(outgoingHttp && { outgoingHttp }),
  });
  const alice = await database.connect('alice');
  return { test: database, alice, [Symbol.asyncDispose]: () => database.database.close() };
}

/** What was written. */
export async function texts(session: Session): Promise<string[]> {
  return (await session.query('SELECT * FROM entry')).map((row) => row['text'] as string).toSorted();
}

export function errors({ logs }: TestDatabase): string[] {
  return logs.filter(({ level }) => level === 'Error').map(({ message }) => message);
}

export function procedureMetrics({ database }: TestDatabase): ProcedureMetrics {
  return database.database.metrics().procedures;
}
