import type { Overload } from '@lightcone/engine';
import { newConnection } from '../../auth/caller.ts';
import { jsonText, text } from '../answer.ts';
import type { Answer } from '../answer.ts';
import { HttpError } from '../http-error.ts';
import type { GatewayRequest, Route } from '../route.ts';
import { bodyText, callerOf, mustDatabase } from './context.ts';
import type { RouteContext } from './context.ts';

/** The status of a call whose reducer failed: outside the registered ones, on purpose. */
const REDUCER_FAILED = 530;

/** The statuses of procedures that gave no result. */
const PROCEDURE_FAILURE_STATUS = { failed: 500, outOfEnergy: 402, busy: 503 } as const;

/** Calling functions and running SQL, each over a connection that lives as long as the request. */
export function functionRoutes(context: RouteContext): Route[] {
  return [
    {
      path: '/v1/database/:database/call/:function',
      auth: 'mint',
      methods: { POST: (request) => call(context, request) },
    },
    {
      path: '/v1/database/:database/sql',
      auth: 'mint',
      methods: { POST: (request) => sql(context, request) },
    },
  ];
}

async function call(context: RouteContext, request: GatewayRequest): Promise<Answer> {
  const record = mustDatabase(context, request.parameters['database'] ?? '');
  if (request.contentType === undefined) throw new HttpError(400, 'Header of type `content-type` was missing');
  if (request.contentType.toLowerCase() !== 'application/json') {
    throw new HttpError(415, 'Expected request with `Content-Type: application/json`');
  }
  const functionName = request.parameters['function'] ?? '';
  const input = { caller: newConnection(callerOf(request)), functionName, args: bodyText(request) };
  const database = await context.databases.open(record);
  const result = await database.thread.request('call', input);
  switch (result.kind) {
    case 'committed':
      return text(200, '', costHeaders(result.cost));
    case 'failed':
      return text(REDUCER_FAILED, result.message, costHeaders(result.cost));
    case 'outOfEnergy':
      return text(402, 'Module energy budget exhausted.', costHeaders(result.cost));
    case 'returned':
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
      throw new HttpError(403, result.message);
  }
}

async function sql(context: RouteContext, request: GatewayRequest): Promise<Answer> {
  const record = mustDatabase(context, request.parameters['database'] ?? '');
  const isConfirmed = request.query.boolean('confirmed') ?? true;
  const input = { caller: newConnection(callerOf(request)), text: bodyText(request), isConfirmed };
  const database = await context.databases.open(record);
  const result = await database.thread.request('sql', input);
  switch (result.kind) {
    case 'ok':
      return jsonText(result.json, durationHeader(result.durationMicros));
    case 'error':
      throw new HttpError(400, result.message);
    case 'rateLimited':
    case 'overloaded':
      throw tryLater(result);
    case 'connectRejected':
      throw new HttpError(403, result.message);
  }
}

function tryLater({ kind, message, retryAfterSeconds }: Overload): HttpError {
  const status = kind === 'rateLimited' ? 429 : 503;
  return new HttpError(status, message, undefined, { 'retry-after': String(retryAfterSeconds) });
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
