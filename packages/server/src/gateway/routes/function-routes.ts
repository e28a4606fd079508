import type { Answer } from '../answer.ts';
import { HttpError } from '../http-error.ts';
import { answersJson, answersText, FLAG, JSON_TYPE, parameter, STRING, TEXT } from '../openapi/operation.ts';
import { ref } from '../openapi/schemas.ts';
import type { GatewayRequest, Route } from '../route.ts';
import { bodyText, callerOf, mustDatabase } from './context.ts';
import type { RouteContext } from './context.ts';
import { callFunction, REDUCER_FAILED, runSql } from './ask-database.ts';

const DURATION = { 'spacetime-execution-duration-micros': 'How long it took, in microseconds.' };
const COSTS = { ...DURATION, 'spacetime-energy-used': 'Of reducers. About one for each instruction.' };
const RETRY = { 'retry-after': 'Seconds.' };

/** Calling functions and running SQL, each over a connection that lives as long as the request. */
export function functionRoutes(context: RouteContext): Route[] {
  return [
    {
      path: '/v1/database/:database/call/:function',
      auth: 'mint',
      methods: {
        POST: {
          id: 'callFunction',
          summary: 'Calls a reducer or a procedure',
          description: 'The answer to a call of a reducer comes when what it did is durable.',
          body: {
            [JSON_TYPE]: {
              type: ['array', 'object'],
              description: 'The arguments: a list in their order, or an object by their names.',
            },
          },
          answers: {
            200: {
              description: 'What the procedure returned, or nothing: the reducer has committed.',
              content: { [JSON_TYPE]: {}, [TEXT]: STRING },
              headers: COSTS,
            },
            400: answersText('The arguments do not fit, the content type is missing, or nobody may call this one.'),
            402: answersText('It ran out of energy.', COSTS),
            403: answersText('The module does not let the caller connect.'),
            404: answersText('There is no such database, or no such function that the caller may call.'),
            415: answersText('The content type is not application/json.'),
            429: answersText('The caller asks too often.', RETRY),
            500: answersText('The procedure failed, or something in the server.'),
            503: answersText('The database is overloaded or stopping.', RETRY),
            [REDUCER_FAILED]: answersText('The reducer returned this error, or it failed; nothing is changed.', COSTS),
          },
          handle: (request) => call(context, request),
        },
      },
    },
    {
      path: '/v1/database/:database/sql',
      auth: 'mint',
      methods: {
        POST: {
          id: 'runSql',
          summary: 'Runs one SQL statement',
          query: { confirmed: parameter('Whether the answer waits until it is durable; true by default.', FLAG) },
          body: { [TEXT]: STRING },
          answers: {
            200: answersJson('Rows, or how many were changed.', ref('SqlResults'), DURATION),
            400: answersText('The statement is wrong, or not allowed.'),
            403: answersText('The module does not let the caller connect.'),
            429: answersText('The caller asks too often.', RETRY),
            503: answersText('The database is overloaded or stopping.', RETRY),
          },
          handle: (request) => sql(context, request),
        },
      },
    },
  ];
}

function call(context: RouteContext, request: GatewayRequest): Promise<Answer> {
  const record = mustDatabase(context, request.parameters['database'] ?? '');
  if (request.contentType === undefined) throw new HttpError(400, 'Header of type `content-type` was missing');
  if (request.contentType.toLowerCase() !== JSON_TYPE) {
    throw new HttpError(415, 'Expected request with `Content-Type: application/json`');
  }
  const functionName = request.parameters['function'] ?? '';
  return callFunction(context, callerOf(request), record, functionName, bodyText(request));
}

function sql(context: RouteContext, request: GatewayRequest): Promise<Answer> {
  const record = mustDatabase(context, request.parameters['database'] ?? '');
  const isConfirmed = request.query.boolean('confirmed') ?? true;
  return runSql(context, callerOf(request), record, bodyText(request), isConfirmed);
}
