import {
  answersJson,
  answersNothing,
  answersText,
  BYTES,
  COUNT,
  FLAG,
  JSON_TYPE,
  object,
  oneOf,
  parameter,
  PROGRAM,
  STRING,
  TEXT,
} from '../openapi/operation.ts';
import type { AnswerDescription, ParameterDescription } from '../openapi/operation.ts';
import { ref } from '../openapi/schemas.ts';
import { MAX_PROGRAM_BYTES } from '../route.ts';
import type { GatewayRequest, Route } from '../route.ts';
import { mustDatabase } from './context.ts';
import type { RouteContext } from './context.ts';
import { deleteDatabase, describeDatabase } from './database-record.ts';
import { planUpdate } from './plan-update.ts';
import { checkHostType, publish, reset } from './publish.ts';

const HOST_TYPE = parameter('What the program is; `Wasm` by default. `Js` is refused.', oneOf('Wasm', 'Js'));
const REPLICAS = parameter('At most 255; without a meaning here.', COUNT);
const PROGRAM_BODY = { [BYTES]: PROGRAM };
const NOT_YOURS = answersText('The database is somebody else’s.');

const PUBLISH_QUERY: Readonly<Record<string, ParameterDescription>> = {
  host_type: HOST_TYPE,
  clear: parameter('Whether to throw away the data first.', FLAG),
  policy: parameter('Whether clients may break; `Compatible` by default.', oneOf('Compatible', 'BreakClients')),
  token: parameter('Of the plan that was agreed to, for `BreakClients`. With an `Authorization` header only.'),
  update_confirmation_timeout: parameter(
    'How long an update may take to become durable, as `5s`; at most five minutes.',
  ),
  num_replicas: REPLICAS,
  parent: parameter('A name or identity; without a meaning here.'),
  organization: parameter('A name or identity; without a meaning here.'),
  org: parameter('The same as `organization`.'),
};

const PUBLISH_ANSWERS: Readonly<Record<number, AnswerDescription>> = {
  200: answersJson('It runs.', ref('Published')),
  400: answersText('The request or the program is wrong, or the update impossible, or not the one agreed to.'),
  401: {
    description: 'The name is registered to somebody else, or the token is refused.',
    content: { [JSON_TYPE]: object({ PermissionDenied: object({ name: ref('DatabaseName') }) }), [TEXT]: STRING },
  },
  403: answersText('The database is somebody else’s, or locked, or the caller may not make databases here.'),
  404: answersText('There is no such parent or organization.'),
  500: answersText('The program does not start.'),
  503: answersText('The database has stopped; try again.'),
  504: answersText('The update is made, and not yet known to be durable.'),
};

/** Publishing a program: as a new database, over one, or over one with its data thrown away. */
export function publishRoutes(context: RouteContext): Route[] {
  return [
    {
      path: '/v1/database',
      auth: 'mint',
      maxBodyBytes: MAX_PROGRAM_BYTES,
      methods: {
        POST: {
          id: 'publishUnnamed',
          summary: 'Makes a database without a name',
          query: PUBLISH_QUERY,
          body: PROGRAM_BODY,
          answers: PUBLISH_ANSWERS,
          handle: (request) => publish(context, request),
        },
      },
    },
    {
      path: '/v1/database/:database',
      auth: 'mint',
      maxBodyBytes: MAX_PROGRAM_BYTES,
      methods: {
        GET: {
          id: 'getDatabase',
          summary: 'What is known of a database',
          answers: { 200: answersJson('Its record.', ref('DatabaseDescription')) },
          handle: (request) => describeDatabase(context, request),
        },
        PUT: {
          id: 'publish',
          summary: 'Makes a database, or gives one another program',
          query: PUBLISH_QUERY,
          body: PROGRAM_BODY,
          answers: PUBLISH_ANSWERS,
          handle: (request) => publish(context, request),
        },
        DELETE: {
          id: 'deleteDatabase',
          summary: 'Deletes a database; its names stay its owner’s',
          answers: {
            200: answersNothing('There is none.'),
            403: answersText('The database is somebody else’s, or locked.'),
          },
          handle: (request) => deleteDatabase(context, request),
        },
      },
    },
    {
      path: '/v1/database/:database/reset',
      auth: 'mint',
      methods: {
        PUT: {
          id: 'resetDatabase',
          summary: 'Gives a database a program and throws its data away',
          query: { host_type: HOST_TYPE, num_replicas: REPLICAS },
          body: PROGRAM_BODY,
          answers: {
            200: answersJson('It runs.', ref('Published')),
            403: answersText('The database is somebody else’s, or locked.'),
            500: answersText('The program does not start; the database is as it was.'),
          },
          handle: async (request: GatewayRequest) => {
            const record = mustDatabase(context, request.parameters['database'] ?? '');
            checkHostType(request);
            return reset(context, request, record);
          },
        },
      },
    },
    {
      path: '/v1/database/:database/pre_publish',
      auth: 'mint',
      maxBodyBytes: MAX_PROGRAM_BYTES,
      methods: {
        POST: {
          id: 'planUpdate',
          summary: 'What publishing a program over a database would do',
          query: {
            host_type: HOST_TYPE,
            style: parameter(
              'Of the plan’s text; with colours of a terminal by default.',
              oneOf('AnsiColor', 'NoColor'),
            ),
            data_conflicts: parameter('Whether to list what rows are in the way of.', FLAG),
          },
          body: PROGRAM_BODY,
          answers: { 200: answersJson('The plan.', ref('UpdatePlan')), 403: NOT_YOURS },
          handle: (request) => planUpdate(context, request),
        },
      },
    },
  ];
}
