import { databaseNameProblem } from '../../control/database-name.ts';
import { json, jsonText, text } from '../answer.ts';
import { HttpError } from '../http-error.ts';
import type { GatewayRequest, Route } from '../route.ts';
import { bodyText, callerOf, checkOwner, mustDatabase, mustIdentity } from './context.ts';
import type { RouteContext } from './context.ts';

/** The names of databases. */
export function nameRoutes(context: RouteContext): Route[] {
  const { control } = context;
  return [
    {
      path: '/v1/database/:database/names',
      auth: 'mint',
      methods: {
        GET: ({ parameters }) => {
          const { identity } = mustDatabase(context, parameters['database'] ?? '');
          return json({ names: control.namesOf(identity) });
        },
        POST: (request) => {
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
        },
        PUT: (request) => {
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
        },
      },
    },
    {
      path: '/v1/database/:database/identity',
      auth: 'mint',
      methods: { GET: ({ parameters }) => text(200, mustIdentity(context, parameters['database'] ?? '')) },
    },
  ];
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
