import type { Caller } from '../../auth/caller.ts';
import type { Tokens } from '../../auth/tokens.ts';
import { parseDatabaseReference } from '../../control/database-name.ts';
import type { DatabaseReference } from '../../control/database-name.ts';
import type { Backups } from '../../copies/backups.ts';
import type { ControlDatabase, DatabaseRecord } from '../../control/control-database.ts';
import type { Databases } from '../../databases.ts';
import type { RequestTimes } from '../../metrics/request-times.ts';
import { HttpError } from '../http-error.ts';
import type { GatewayRequest } from '../route.ts';

/** What routes work with. */
export interface RouteContext {
  readonly control: ControlDatabase;
  readonly databases: Databases;
  readonly tokens: Tokens;
  readonly requestTimes: RequestTimes;
  /** Prometheus text exposition. */
  metricsText(): Promise<string>;
  /** Undefined if there is nowhere to keep them. */
  readonly backups: Backups | undefined;
  /** Takes what the operator should know of, and clients should not. */
  reportError(error: Error): void;
  /** Whether an identity may create databases here. */
  mayCreateDatabases(identity: string): boolean;
}

export type OwnerAction =
  | 'update database'
  | 'reset database'
  | 'delete database'
  | 'rename database'
  | 'back up database'
  | 'view module logs';

/** The caller of a route that has one for every request. */
export function callerOf(request: GatewayRequest): Caller {
  if (request.caller === undefined) throw new HttpError(401, 'Authorization required');
  return request.caller;
}

/** Reads what the path names a database by. */
export function referenceOf(text: string): DatabaseReference {
  const reference = parseDatabaseReference(text);
  if (typeof reference === 'string') throw new HttpError(400, `Invalid URL: ${reference}`);
  return reference;
}

/** The identity that a path names, whether or not a database has it. */
export function mustIdentity(context: RouteContext, text: string): string {
  const reference = referenceOf(text);
  if (reference.tag === 'identity') return reference.identity;
  const identity = context.control.findIdentity(reference.name);
  if (identity === undefined) throw new HttpError(404, `\`${reference.name}\` not found`);
  return identity;
}

/** The database that a path names. */
export function mustDatabase(context: RouteContext, text: string): DatabaseRecord {
  const record = context.control.findDatabase(mustIdentity(context, text));
  if (record === undefined) throw new HttpError(404, 'No such database.');
  return record;
}

/** Only the owner may do `action`. */
export function checkOwner(caller: Caller, record: DatabaseRecord, action: OwnerAction): void {
  if (caller.identity === record.owner) return;
  throw new HttpError(
    403,
    `${caller.identity} is not authorized to perform action on database ${record.identity}: ${action}`,
  );
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

export function bodyText(request: GatewayRequest): string {
  try {
    return utf8.decode(request.body);
  } catch {
    throw new HttpError(400, "Request body didn't contain valid UTF-8");
  }
}
