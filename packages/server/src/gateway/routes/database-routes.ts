import { LogNotThere } from '../../module-log/log-store.ts';
import { empty, json, jsonText } from '../answer.ts';
import type { Answer } from '../answer.ts';
import { HttpError } from '../http-error.ts';
import {
  answersJson,
  answersNothing,
  answersText,
  COUNT,
  EVENTS,
  FLAG,
  NDJSON,
  oneOf,
  parameter,
  STRING,
} from '../openapi/operation.ts';
import { ref } from '../openapi/schemas.ts';
import type { GatewayRequest, Route } from '../route.ts';
import { callerOf, checkOwner, mustDatabase } from './context.ts';
import type { RouteContext } from './context.ts';
import { readSchema } from './ask-database.ts';

const NOT_YOURS = answersText('The database is somebody else’s.');

/** What is known of a database, and locking it. */
export function databaseRoutes(context: RouteContext): Route[] {
  const { control } = context;
  const setLocked = (request: GatewayRequest, isLocked: boolean): Answer => {
    const record = mustDatabase(context, request.parameters['database'] ?? '');
    checkOwner(callerOf(request), record, 'delete database');
    control.setLocked(record.identity, isLocked);
    return empty(200);
  };
  return [
    {
      path: '/v1/database/:database/lock',
      auth: 'mint',
      methods: {
        POST: {
          id: 'lockDatabase',
          summary: 'Forbids to delete and reset a database',
          answers: { 200: answersNothing('It is locked.'), 403: NOT_YOURS },
          handle: (request) => setLocked(request, true),
        },
      },
    },
    {
      path: '/v1/database/:database/unlock',
      auth: 'mint',
      methods: {
        POST: {
          id: 'unlockDatabase',
          summary: 'Allows it again',
          answers: { 200: answersNothing('It is not locked.'), 403: NOT_YOURS },
          handle: (request) => setLocked(request, false),
        },
      },
    },
    {
      path: '/v1/database/:database/unstable/timestamp',
      auth: 'mint',
      methods: {
        GET: {
          id: 'getTimestamp',
          summary: 'The time of a database',
          answers: { 200: answersJson('The time.', ref('Timestamp')) },
          handle: ({ parameters }) => {
            mustDatabase(context, parameters['database'] ?? '');
            return json({ __timestamp_micros_since_unix_epoch__: Date.now() * 1000 });
          },
        },
      },
    },
    {
      path: '/v1/database/:database/schema',
      auth: 'mint',
      methods: {
        GET: {
          id: 'getSchema',
          summary: 'The tables, functions and types of a database',
          query: {
            version: { ...parameter('Of the definition’s form.', oneOf('9', '10')), isRequired: true },
          },
          answers: {
            200: answersJson('The module’s definition.', {
              oneOf: [ref('ModuleDefinition9'), ref('ModuleDefinition10')],
            }),
          },
          handle: async (request) => {
            const { parameters, query } = request;
            const record = mustDatabase(context, parameters['database'] ?? '');
            const version = query.oneOf('version', ['9', '10']);
            if (version === undefined) {
              throw new HttpError(400, 'Failed to deserialize query string: missing field `version`');
            }
            return jsonText(await readSchema(context, callerOf(request), record, version === '9' ? 9 : 10));
          },
        },
      },
    },
    {
      path: '/v1/database/:database/logs',
      auth: 'mint',
      methods: {
        GET: {
          id: 'getLogs',
          summary: 'What a module has logged',
          description:
            'Lines of JSON, or to whoever accepts them server-sent events: the data of each is a line, its id is where a ' +
            'client goes on that sends it as Last-Event-ID. An event `gap` says that lines are not kept any more.',
          query: {
            num_lines: parameter('Only the newest; all of today by default.', COUNT),
            follow: parameter('Whether to go on with lines as they come.', FLAG),
          },
          headers: {
            accept: parameter('`text/event-stream` for events.'),
            'last-event-id': parameter('Where to go on, for events. `num_lines` has no meaning then.'),
          },
          answers: {
            200: {
              description: 'Oldest first.',
              content: { [NDJSON]: ref('LogRecord'), [EVENTS]: STRING },
              headers: { 'cache-control': '`no-cache`' },
            },
            403: NOT_YOURS,
            503: answersText('The log is not on the disk.'),
          },
          handle: (request) => readLog(context, request),
        },
      },
    },
  ];
}

/**
 * The log as lines of JSON, or as server-sent events to whoever asks for these: they have ids, with which a client that
 * lost its connection goes on.
 */
async function readLog(context: RouteContext, request: GatewayRequest): Promise<Answer> {
  const record = mustDatabase(context, request.parameters['database'] ?? '');
  checkOwner(callerOf(request), record, 'view module logs');
  const count = request.query.count('num_lines');
  const isFollowing = request.query.boolean('follow') ?? false;
  const { accept = '', 'last-event-id': lastEventId } = request.raw.headers;
  const moduleLog = context.databases.moduleLog(record);
  const headers = { 'cache-control': 'no-cache' };
  try {
    if (!accept.includes(EVENTS)) {
      return {
        status: 200,
        body: await moduleLog.read(count, isFollowing),
        contentType: NDJSON,
        headers,
      };
    }
    // Another replica has another log: a database that was reset.
    const body = await moduleLog.readEvents(count, isFollowing, `${record.replica}-`, lastEventId?.toString());
    return { status: 200, body, contentType: EVENTS, headers };
  } catch (error) {
    if (error instanceof LogNotThere) throw new HttpError(503, 'The log of this database is not on the disk.');
    throw error;
  }
}
