import { newConnection } from '../../auth/caller.ts';
import type { Caller } from '../../auth/caller.ts';
import type { DatabaseRecord } from '../../control/control-database.ts';
import { jsonText, text } from '../answer.ts';
import type { Answer } from '../answer.ts';
import { HttpError, tryLater } from '../http-error.ts';
import type { RouteContext } from './context.ts';

/** The status of a call whose reducer failed: outside the registered ones, on purpose. */
export const REDUCER_FAILED = 530;

/** The statuses of procedures that gave no result. */
const PROCEDURE_FAILURE_STATUS = { failed: 500, outOfEnergy: 402, busy: 503 } as const;

/** The statuses of callers whom the module's `client_connected` did not let in. */
const CONNECT_REFUSAL_STATUS = { rejected: 403, outOfEnergy: 503, diskFull: 503 } as const;

/** The schema document of a database, as JSON. @throws HttpError */
export async function readSchema(
  { databases }: RouteContext,
  caller: Caller,
  record: DatabaseRecord,
  version: 9 | 10,
): Promise<string> {
  const database = await databases.open(record);
  const result = await database.thread.ask(caller.asker, 'schema', version, 0);
  if (typeof result !== 'string') throw tryLater(result);
  return result;
}

/** Calls a reducer or procedure in a caller's name. @param args JSON. @throws HttpError */
export async function callFunction(
  { databases }: RouteContext,
  caller: Caller,
  record: DatabaseRecord,
  functionName: string,
  args: string,
): Promise<Answer> {
  const database = await databases.open(record);
  const input = { caller: newConnection(caller), functionName, args };
  const result = await database.thread.ask(caller.asker, 'call', input, Buffer.byteLength(args));
  switch (result.kind) {
    case 'committed':
      return text(200, '', costHeaders(result.cost));
    case 'failed':
      return text(REDUCER_FAILED, result.message, costHeaders(result.cost));
    case 'outOfEnergy':
      return text(402, 'Module energy budget exhausted.', costHeaders(result.cost));
    case 'returned':
      database.counts.httpBytes += Buffer.byteLength(result.json);
      return jsonText(result.json, durationHeader(result.durationMicros));
    case 'procedureFailed':
      throw new HttpError(PROCEDURE_FAILURE_STATUS[result.failure.kind], result.failure.message);
    case 'badArguments':
    case 'lifecycle':
      throw new HttpError(400, result.message);
    case 'rateLimited':
    case 'overloaded':
      throw tryLater(result);
    case 'noSuchFunction':
      throw new HttpError(404, 'No such procedure');
    case 'connectRejected':
      throw new HttpError(CONNECT_REFUSAL_STATUS[result.cause], result.message);
  }
}

/** Runs a statement in a caller's name. @param isConfirmed whether to wait until it is durable. @throws HttpError */
export async function runSql(
  { databases }: RouteContext,
  caller: Caller,
  record: DatabaseRecord,
  statement: string,
  isConfirmed: boolean,
): Promise<Answer> {
  const database = await databases.open(record);
  const input = { caller: newConnection(caller), text: statement, isConfirmed };
  const result = await database.thread.ask(caller.asker, 'sql', input, Buffer.byteLength(statement));
  switch (result.kind) {
    case 'ok':
      database.counts.httpBytes += Buffer.byteLength(result.json);
      return jsonText(result.json, durationHeader(result.durationMicros));
    case 'error':
      throw new HttpError(400, result.message);
    case 'rateLimited':
    case 'overloaded':
      throw tryLater(result);
    case 'connectRejected':
      throw new HttpError(CONNECT_REFUSAL_STATUS[result.cause], result.message);
  }
}

function costHeaders(cost: { readonly durationMicros: number; readonly energyUsed: number }): Record<string, string> {
  return {
    'spacetime-energy-used': String(cost.energyUsed),
    ...durationHeader(cost.durationMicros),
  };
}

function durationHeader(durationMicros: number): Record<string, string> {
  return { 'spacetime-execution-duration-micros': String(Math.round(durationMicros)) };
}
