import { databaseNameProblem } from '../../control/database-name.ts';
import { json, jsonText, text } from '../answer.ts';
import type { Answer } from '../answer.ts';
import { HttpError } from '../http-error.ts';
import { answersJson, answersText, JSON_TYPE, listOf, object, STRING, TEXT } from '../openapi/operation.ts';
import { ref } from '../openapi/schemas.ts';
import type { GatewayRequest, Route } from '../route.ts';
import { bodyText, callerOf, checkOwner, mustDatabase, mustIdentity } from './context.ts';
import type { RouteContext } from './context.ts';

const PERMISSION_DENIED = object({ PermissionDenied: object({ domain: ref('DatabaseName') }) });

/** The names of databases. */
export function nameRoutes(context: RouteContext): Route[] {
  const { control } = context;
  return [
    {
      path: '/v1/database/:database/names',
      auth: 'mint',
      methods: {
        GET: {
          id: 'listNames',
          summary: 'The names of a database',
          answers: { 200: answersJson('All of them.', object({ names: listOf(ref('DatabaseName')) })) },
          handle: ({ parameters }) => {
            const { identity } = mustDatabase(context, parameters['database'] ?? '');
            return json({ names: control.namesOf(identity) });
          },
        },
        POST: {
          id: 'addName',
          summary: 'Gives a database another name',
          body: { [TEXT]: ref('DatabaseName') },
          answers: {
            200: answersJson(
              'It has the name.',
              object({ Success: object({ domain: ref('DatabaseName'), database_identity: ref('Identity') }) }),
            ),
            400: answersText('It is no name.'),
            401: {
              description: 'The name is registered to somebody else, or the token is refused.',
              content: { [JSON_TYPE]: PERMISSION_DENIED, [TEXT]: STRING },
            },
            403: answersText('The database is somebody else’s.'),
            500: answersText('The name is taken.'),
          },
          handle: (request) => addName(context, request),
        },
        PUT: {
          id: 'setNames',
          summary: 'Gives a database other names',
          body: { [JSON_TYPE]: listOf(ref('DatabaseName')) },
          answers: {
            200: answersJson('It has them, and no others.', { const: 'Success' }),
            400: {
              description: 'One of them is no name (a text), or is taken.',
              content: { [TEXT]: STRING, [JSON_TYPE]: object({ OtherError: STRING }) },
            },
            401: {
              description: 'The database or one of the names is somebody else’s, or the token is refused.',
              content: {
                [JSON_TYPE]: {
                  oneOf: [object({ NotYourDatabase: object({ database: ref('Identity') }) }), PERMISSION_DENIED],
                },
                [TEXT]: STRING,
              },
            },
            415: answersText('The content type is not application/json.'),
            422: answersText('The body is no list of texts.'),
          },
          handle: (request) => setNames(context, request),
        },
      },
    },
    {
      path: '/v1/database/:database/identity',
      auth: 'mint',
      methods: {
        GET: {
          id: 'getDatabaseIdentity',
          summary: 'The identity of a database',
          answers: {
            200: { description: 'An identity in the path is given back.', content: { [TEXT]: ref('Identity') } },
          },
          handle: ({ parameters }) => text(200, mustIdentity(context, parameters['database'] ?? '')),
        },
      },
    },
  ];
}

function addName(context: RouteContext, request: GatewayRequest): Answer {
  const { control } = context;
  const database = mustDatabase(context, request.parameters['database'] ?? '');
  const { identity } = database;
  const name = bodyText(request);
  const problem = databaseNameProblem(name);
  if (problem !== undefined) throw new HttpError(400, problem);
  // A name that belongs to somebody else would keep the owner from ever giving the database others. One that
  // is taken is told as such to everybody.
  if (control.findIdentity(name) === undefined) checkOwner(callerOf(request), database, 'rename database');
  switch (control.addName(name, identity, callerOf(request).identity)) {
    case 'ok':
      return json({ Success: { domain: name, database_identity: identity } });
    case 'name taken':
      throw new HttpError(500, `record with the name ${name} already exists`);
    case 'owned by another':
      throw new HttpError(401, '', { PermissionDenied: { domain: name } });
  }
}

function setNames(context: RouteContext, request: GatewayRequest): Answer {
  const { control } = context;
  const database = mustDatabase(context, request.parameters['database'] ?? '');
  const caller = callerOf(request).identity;
  const names = readNames(request);
  if (database.owner !== caller) {
    throw new HttpError(401, '', { NotYourDatabase: { database: database.identity } });
  }
  const used = names.find((name) => control.findIdentity(name) !== undefined);
  if (used !== undefined) {
    throw new HttpError(400, '', { OtherError: `Cannot rename to ${used} because it already is in use.` });
  }
  const refused = control.replaceNames(names, database.identity, caller);
  if (refused !== undefined) throw new HttpError(401, '', { PermissionDenied: { domain: refused } });
  return jsonText('"Success"');
}

/** The list of names in a body, each once. */
function readNames(request: GatewayRequest): string[] {
  if (!/^application\/json(?:;|$)/iu.test(request.contentType ?? '')) {
    throw new HttpError(415, 'Expected request with `Content-Type: application/json`');
  }
  let names: unknown;
  try {
    names = JSON.parse(bodyText(request));
  } catch (error) {
    throw new HttpError(422, `Failed to parse the request body as JSON: ${(error as Error).message}`);
  }
  if (!Array.isArray(names) || !names.every((name) => typeof name === 'string')) {
    throw new HttpError(422, 'Failed to deserialize the JSON body into the target type: expected a list of names');
  }
  for (const name of names) {
    const problem = databaseNameProblem(name);
    if (problem !== undefined) throw new HttpError(400, `Error parsing \`${name}\`: ${problem}`);
  }
  return [...new Set(names)];
}
