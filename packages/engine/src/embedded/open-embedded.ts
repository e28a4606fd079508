import type { ConnectionId, Identity } from '@lightcone/sats';
import type { DatabaseOptions } from '../database-options.ts';
import { Database } from '../database.ts';
import { EmbeddedDatabase } from './embedded-database.ts';
import { tellProgram } from './tell-program.ts';

/** What an embedded database runs on. */
export interface EmbeddedOptions extends Omit<DatabaseOptions, 'deliver' | 'onFailure'> {
  readonly program: Uint8Array;
  readonly owner: Identity;
  readonly newConnectionId: () => ConnectionId;
}

/**
 * Opens the database of a log, or makes it if the log is empty. A program other than the stored one
 * is published over it.
 * @throws EngineError, HostError, SchemaError, CommitLogError
 */
export async function openEmbedded(options: EmbeddedOptions): Promise<EmbeddedDatabase> {
  const { program, owner, newConnectionId, ...rest } = options;
  let embedded: EmbeddedDatabase | undefined;
  const databaseOptions: DatabaseOptions = {
    ...rest,
    moduleLog: (record) => tellProgram(rest.moduleLog, record),
    deliver: (batch) => embedded?.deliver(batch),
    onFailure: () => {}, // all sessions are told, and whoever comes is
  };
  const isNew = rest.log === undefined || rest.log.nextTxOffset === 0;
  const database = isNew
    ? await Database.create(databaseOptions, program, owner)
    : await Database.open(databaseOptions);
  embedded = new EmbeddedDatabase(database, newConnectionId);
  try {
    await database.whenDurable(database.update(program, false));
  } catch (error) {
    // Nobody else can: whoever opens it again with the right module finds its log free.
    await embedded.close();
    throw error;
  }
  return embedded;
}
