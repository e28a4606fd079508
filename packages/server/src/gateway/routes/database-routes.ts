import { LogNotThere } from '../../module-log/log-store.ts';
import { empty, json, jsonText } from '../answer.ts';
import type { Answer } from '../answer.ts';
import { HttpError } from '../http-error.ts';
import type { GatewayRequest, Route } from '../route.ts';
import { callerOf, checkOwner, mustDatabase, mustIdentity } from './context.ts';
import type { RouteContext } from './context.ts';

/** What is known of a database; deleting and locking it. */
export function databaseRoutes(context: RouteContext): Route[] {
  const { control, databases } = context;
  const setLocked = (request: GatewayRequest, isLocked: boolean): void => {
    const record = mustDatabase(context, request.parameters['database'] ?? '');
    checkOwner(callerOf(request), record, 'delete database');
    control.setLocked(record.identity, isLocked);
  };
  return [
    {
      path: '/v1/database/:database/lock',
      auth: 'mint',
      methods: {
        POST: (request) => {
          setLocked(request, true);
          return empty(200);
        },
      },
    },
    {
      path: '/v1/database/:database/unlock',
      auth: 'mint',
      methods: {
        POST: (request) => {
          setLocked(request, false);
          return empty(200);
        },
      },
    },
    {
      path: '/v1/database/:database/unstable/timestamp',
      auth: 'mint',
      methods: {
        GET: ({ parameters }) => {
          mustDatabase(context, parameters['database'] ?? '');
          return json({ __timestamp_micros_since_unix_epoch__: Date.now() * 1000 });
        },
      },
    },
    {
      path: '/v1/database/:database/schema',
      auth: 'mint',
      methods: {
        GET: async ({ parameters, query }) => {
          const record = mustDatabase(context, parameters['database'] ?? '');
          const version = query.oneOf('version', ['9', '10']);
          if (version === undefined) {
            throw new HttpError(400, 'Failed to deserialize query string: missing field `version`');
          }
          const database = await databases.open(record);
          return jsonText(await database.thread.request('schema', version === '9' ? 9 : 10));
        },
      },
    },
    {
      path: '/v1/database/:database/logs',
      auth: 'mint',
      methods: {
        GET: (request) => readLog(context, request),
      },
    },
  ];
}

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
    if (!accept.includes('text/event-stream')) {
      return {
        status: 200,
        body: await moduleLog.read(count, isFollowing),
        contentType: 'application/x-ndjson',
        headers,
      };
    }
    // Another replica has another log: a database that was reset.
    const body = await moduleLog.readEvents(count, isFollowing, `${record.replica}-`, lastEventId?.toString());
    return { status: 200, body, contentType: 'text/event-stream', headers };
  } catch (error) {
    if (error instanceof LogNotThere) throw new HttpError(503, 'The log of this database is not on the disk.');
    throw error;
  }
}

/** A hash as tools expect it in JSON: its bytes read as a little-endian number. */
export function hashText(hash: string): string {
  const reversed = Buffer.from(hash, 'hex').reverse().toString('hex');
  return `0x${reversed.replace(/^0+(?=.)/u, '')}`;
}

/** Reads such a text back; undefined if it is none. */
export function parseHashText(text: string): string | undefined {
  const [, digits] = /^(?:0x)?([0-9a-f]{1,64})$/iu.exec(text) ?? [];
  if (digits === undefined) return undefined;
  return Buffer.from(digits.toLowerCase().padStart(64, '0'), 'hex').reverse().toString('hex');
}
