import { empty, json } from '../answer.ts';
import type { Answer } from '../answer.ts';
import { HttpError } from '../http-error.ts';
import type { GatewayRequest } from '../route.ts';
import { callerOf, checkOwner, mustDatabase, mustIdentity } from './context.ts';
import type { RouteContext } from './context.ts';
import { hashText } from './hash-text.ts';

/** Describes a database in the tagged form that tools read. */
export function describeDatabase(context: RouteContext, request: GatewayRequest): Answer {
  const record = mustDatabase(context, request.parameters['database'] ?? '');
  return json({
    database_identity: { __identity__: `0x${record.identity}` },
    owner_identity: { __identity__: `0x${record.owner}` },
    host_type: { Wasm: [] },
    initial_program: hashText(record.initialProgram),
  });
}

export async function deleteDatabase(context: RouteContext, request: GatewayRequest): Promise<Answer> {
  const identity = mustIdentity(context, request.parameters['database'] ?? '');
  const record = context.control.findDatabase(identity);
  if (record === undefined) return empty(200);
  checkOwner(callerOf(request), record, 'delete database');
  if (record.isLocked) {
    throw new HttpError(403, 'Database is locked and cannot be deleted. Run `spacetime unlock` first.');
  }
  await context.databases.delete(identity);
  return empty(200);
}
