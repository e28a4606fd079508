import { CopyFailure } from '../../copies/thread/copy-thread.ts';
import { json } from '../answer.ts';
import { HttpError } from '../http-error.ts';
import { answersJson, answersText, COUNT, listOf, object, STRING } from '../openapi/operation.ts';
import type { GatewayRequest, Route } from '../route.ts';
import { callerOf, checkOwner, mustDatabase } from './context.ts';
import type { RouteContext } from './context.ts';
import type { Backups } from '../../copies/backups.ts';
import type { BackupSummary } from '../../copies/thread/messages.ts';
import type { DatabaseRecord } from '../../control/control-database.ts';

const BACKUP = object({
  id: { type: 'string', pattern: '^backup-\\d{8}T\\d{6}Z-[0-9a-f]{8}$' },
  finished_at: { ...STRING, pattern: '^\\d{4}-\\d\\d-\\d\\dT', description: 'RFC 3339.' },
  last_tx_offset: { ...COUNT, maximum: Number.MAX_SAFE_INTEGER, description: 'The last transaction in it.' },
  bytes: { ...COUNT, maximum: Number.MAX_SAFE_INTEGER },
});

const REFUSALS = {
  403: answersText('The database is somebody else’s.'),
  501: answersText('The server’s operator has not said where backups are kept.'),
  503: answersText('The backup failed, or where backups are kept cannot be reached. The server’s log says why.'),
};

/** Backups of a database, for its owner. Where they are kept is the operator's to say, and told to nobody. */
export function backupRoutes(context: RouteContext): Route[] {
  return [
    {
      path: '/v1/database/:database/backups',
      auth: 'mint',
      methods: {
        GET: {
          id: 'listBackups',
          summary: 'The backups of a database',
          answers: { 200: answersJson('The oldest first.', object({ backups: listOf(BACKUP) })), ...REFUSALS },
          handle: async (request) => {
            const { backups, record } = chosen(context, request);
            return json({ backups: (await told(context, backups.list(record))).map(toAnswer) });
          },
        },
        POST: {
          id: 'createBackup',
          summary: 'Backs a database up, as it is now',
          description: 'Transactions go on meanwhile. Whoever asks while one is being made gets the same one.',
          answers: { 200: answersJson('It is made.', BACKUP), ...REFUSALS },
          handle: async (request) => {
            const { backups, record } = chosen(context, request);
            return json(toAnswer(await told(context, backups.create(record))));
          },
        },
      },
    },
  ];
}

function chosen(
  context: RouteContext,
  request: GatewayRequest,
): { readonly backups: Backups; readonly record: DatabaseRecord } {
  const record = mustDatabase(context, request.parameters['database'] ?? '');
  checkOwner(callerOf(request), record, 'back up database');
  if (context.backups !== undefined) return { backups: context.backups, record };
  const wayOut = 'set `location` under [backup] in its config.toml, and start it again';
  throw new HttpError(501, `This server has nowhere to keep backups. Its operator can change that: ${wayOut}.`);
}

/** What a store says of itself is for the operator alone. */
async function told<Result>(context: RouteContext, work: Promise<Result>): Promise<Result> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof CopyFailure)) throw error;
    context.reportError(error);
    throw new HttpError(503, `The backup failed (${error.code}). The server's log says why.`);
  }
}

function toAnswer({ id, finishedAt, lastTxOffset, bytes }: BackupSummary): object {
  return { id, finished_at: finishedAt, last_tx_offset: lastTxOffset, bytes };
}
