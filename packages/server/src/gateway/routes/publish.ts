import { setTimeout as delay } from 'node:timers/promises';
import { programKind } from '@lightcone/engine/gateway';
import { refuseComponent } from '../component-refusal.ts';
import type { DatabaseRecord } from '../../control/control-database.ts';
import { DatabaseFailure } from '../../database-thread/database-thread.ts';
import { Databases } from '../../databases.ts';
import { ServerError } from '../../errors.ts';
import { json } from '../answer.ts';
import type { Answer } from '../answer.ts';
import { HttpError } from '../http-error.ts';
import type { GatewayRequest } from '../route.ts';
import { callerOf, checkOwner, mustIdentity, referenceOf } from './context.ts';
import type { RouteContext } from './context.ts';
import { parseHashText } from './hash-text.ts';

const DEFAULT_CONFIRMATION_MS = 5000;
const MAX_CONFIRMATION_MS = 5 * 60_000;

/** Publishes a program: as a new database, or over one. */
export async function publish(context: RouteContext, request: GatewayRequest): Promise<Answer> {
  const { query, body } = request;
  const caller = callerOf(request);
  const target = request.parameters['database'];
  checkHostType(request);
  const policy = query.oneOf('policy', ['Compatible', 'BreakClients']) ?? 'Compatible';
  const token = query.text('token');
  const timeoutMs = Math.min(
    query.durationMs('update_confirmation_timeout') ?? DEFAULT_CONFIRMATION_MS,
    MAX_CONFIRMATION_MS,
  );
  const replicas = query.count('num_replicas');
  if (replicas !== undefined && replicas > 255)
    throw new HttpError(400, `Replication factor ${replicas} out of bounds`);
  const parent = query.text('parent');

  if (query.boolean('clear') === true) {
    if (target === undefined) throw new HttpError(400, 'Clear database requires database name or identity');
    const existing = findTarget(context, target);
    if (existing !== undefined) {
      if (parent !== undefined) throw new HttpError(400, 'A database that is cleared cannot be given a parent');
      return reset(context, request, existing);
    }
  }
  for (const relative of [parent, query.text('organization') ?? query.text('org')]) {
    if (relative !== undefined) mustIdentity(context, relative);
  }
  const existing = target === undefined ? undefined : findTarget(context, target);
  if (existing === undefined) checkMayCreate(context, caller.identity);
  else checkOwner(caller, existing, 'update database');
  await checkProgramKind(body);
  if (policy === 'BreakClients' && token === undefined) {
    throw new HttpError(400, 'Migration policy is set to `BreakClients`, but no migration token was provided.');
  }
  if (existing === undefined) return create(context, request, caller.identity, target);
  await update(
    context,
    existing,
    body,
    policy === 'BreakClients' ? (parseHashText(token ?? '') ?? '') : undefined,
    timeoutMs,
  );
  return success(domainOf(target), existing.identity, 'updated');
}

/** The database that a path names, if there is one already. */
function findTarget(context: RouteContext, target: string): DatabaseRecord | undefined {
  const reference = referenceOf(target);
  const identity = reference.tag === 'identity' ? reference.identity : context.control.findIdentity(reference.name);
  return identity === undefined ? undefined : context.control.findDatabase(identity);
}

function checkMayCreate(context: RouteContext, owner: string): void {
  if (!context.mayCreateDatabases(owner)) {
    throw new HttpError(
      403,
      `${owner} may not create databases here: other machines can reach this server, so only the identities that its ` +
        'config.toml lists under [publish] allow may. Ask its operator to add yours.',
    );
  }
}

async function create(
  context: RouteContext,
  request: GatewayRequest,
  owner: string,
  target: string | undefined,
): Promise<Answer> {
  const identity = claimIdentity(context, owner, target);
  try {
    await context.databases.create(identity, owner, request.body);
  } catch (error) {
    throw failed('create or update', error);
  }
  return success(domainOf(target), identity, 'created');
}

/** The identity of a new database; a new name is registered, and stays so should the program fail. */
function claimIdentity(context: RouteContext, owner: string, target: string | undefined): string {
  if (target === undefined) return Databases.newIdentity();
  const reference = referenceOf(target);
  if (reference.tag === 'identity') {
    // Whoever follows a name finds what its owner put there.
    const { control } = context;
    const name = control.namesOf(reference.identity).find((known) => control.nameOwner(known) !== owner);
    if (name !== undefined) throw new HttpError(401, '', { PermissionDenied: { name } });
    return reference.identity;
  }
  const known = context.control.findIdentity(reference.name);
  // A name without a database is free to fill for whoever registered it, and for nobody else.
  if (known !== undefined && context.control.nameOwner(reference.name) === owner) return known;
  const identity = Databases.newIdentity();
  if (known !== undefined || context.control.addName(reference.name, identity, owner) !== 'ok') {
    throw new HttpError(401, '', { PermissionDenied: { name: reference.name } });
  }
  return identity;
}

/** Gives a database a program and throws its data away. */
export async function reset(context: RouteContext, request: GatewayRequest, record: DatabaseRecord): Promise<Answer> {
  checkOwner(callerOf(request), record, 'reset database');
  if (record.isLocked) {
    throw new HttpError(
      403,
      'Database is locked and cannot be reset with --delete-data. Run `spacetime unlock` first.',
    );
  }
  await checkProgramKind(request.body);
  try {
    await context.databases.reset(record.identity, request.body);
  } catch (error) {
    throw failed('reset', error);
  }
  return success(domainOf(request.parameters['database']), record.identity, 'updated');
}

async function update(
  context: RouteContext,
  record: DatabaseRecord,
  program: Uint8Array,
  token: string | undefined,
  timeoutMs: number,
): Promise<void> {
  // The answer comes when the update is durable. Taking too long undoes nothing: it only ends the wait.
  const updating = context.databases.update(record.identity, { program, mayBreakClients: token !== undefined, token });
  updating.catch(() => undefined);
  const timer = new AbortController();
  const expiry = delay(timeoutMs, undefined, { signal: timer.signal, ref: false });
  expiry.catch(() => undefined);
  try {
    const answer = await Promise.race([updating, expiry]);
    if (answer === undefined) {
      throw new HttpError(504, `The update was not confirmed to be durable within ${timeoutMs} ms`);
    }
    if (answer.tag === 'rejected') throw new HttpError(400, answer.message);
  } catch (error) {
    if (error instanceof HttpError) throw error;
    throw failed('create or update', error);
  } finally {
    timer.abort();
  }
}

export function checkHostType(request: GatewayRequest): void {
  if ((request.query.oneOf('host_type', ['Wasm', 'Js']) ?? 'Wasm') === 'Js') {
    throw new HttpError(500, 'JavaScript modules are not supported by this server yet; publish a WebAssembly module');
  }
}

/** Refuses what can be seen to be of a kind that no database runs, before anything is made or stopped for it. */
export async function checkProgramKind(program: Uint8Array): Promise<void> {
  if (programKind(program).tag === 'component') throw new HttpError(400, await refuseComponent(program));
}

function failed(deed: string, error: unknown): HttpError {
  const isForLater =
    (error instanceof ServerError && error.code === 'SERVER_DATABASE_STOPPED') ||
    (error instanceof DatabaseFailure && error.isDiskFull);
  return new HttpError(isForLater ? 503 : 500, `Failed to ${deed} the database: ${publicReason(error)}`);
}

/** What may be told of why a program did not start: what the database said, or that it is our fault. */
export function publicReason(error: unknown): string {
  if (error instanceof DatabaseFailure || error instanceof ServerError) return error.message;
  throw error;
}

/** The name in a request's path, if it was a name. */
function domainOf(target: string | undefined): string | null {
  if (target === undefined) return null;
  const reference = referenceOf(target);
  return reference.tag === 'name' ? reference.name : null;
}

function success(domain: string | null, identity: string, op: 'created' | 'updated'): Answer {
  return json({ Success: { domain, database_identity: identity, op } });
}
