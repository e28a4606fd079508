import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { CommitLog } from '@lightcone/commitlog';
import { NodeFileSystem } from '@lightcone/commitlog/node';
import { ConnectionId, Identity } from '@lightcone/sats';
import type { DatabaseOptions } from './database-options.ts';
import type { EmbeddedDatabase } from './embedded/embedded-database.ts';
import { openEmbedded } from './embedded/open-embedded.ts';
import type { DatabaseLogRecord } from './log-record.ts';
import { folderSnapshots, systemClock, systemTimers } from './machine.ts';
import { NodeOutgoingHttp } from './node/node-outgoing-http.ts';
import { refuseDataDirectory } from './node/refuse-data-directory.ts';
import type { OutgoingHttp } from './procedures/outgoing-http.ts';

export * from './machine.ts';
export * from './node/outgoing-http.ts';

export interface LightconeOptions {
  /** The module: the bytes of a `.wasm` file, or its path. */
  readonly module: Uint8Array | string;
  /** Folder of this database alone, made if missing; not the data directory of a server. Without it everything is in memory and gone at the end. */
  readonly dataDir?: string;
  /** Who owns the database; by default an identity that stands for this program. */
  readonly owner?: Identity;
  /**
   * Where procedures may send HTTP requests: the public internet by default, `false` for nowhere,
   * `new NodeOutgoingHttp({ policy: AddressPolicy.allowing([…]) })` for more.
   */
  readonly outgoingHttp?: OutgoingHttp | false;
  /** Takes what the module logs; by default nobody does. */
  readonly onLog?: (record: DatabaseLogRecord) => void;
}

/** Lightcone inside a Node program. */
export const Lightcone = {
  /**
   * Opens the database in `dataDir`, or makes it with the module. A module other than the stored one
   * is published over it, if that breaks nothing.
   *
   *     await using db = await Lightcone.open({ module: 'chat.wasm', dataDir: './data' });
   *     const session = await db.connect(Identity.fromClaims('my-program', 'alice'));
   *     await session.call('send_message', 'hello');
   *
   * @throws EngineError, HostError, SchemaError, CommitLogError
   */
  async open({
    module,
    dataDir,
    owner = EMBEDDING_PROGRAM,
    outgoingHttp = new NodeOutgoingHttp(),
    onLog = () => {},
  }: LightconeOptions): Promise<EmbeddedDatabase> {
    const program = typeof module === 'string' ? new Uint8Array(await readFile(module)) : module;
    if (dataDir !== undefined) await refuseDataDirectory(dataDir);
    return openEmbedded({
      program,
      identity: EMBEDDED_DATABASE,
      owner,
      ...(dataDir === undefined ? { log: undefined } : await openFolder(dataDir)),
      clock: systemClock,
      timers: systemTimers,
      ...(outgoingHttp !== false && { outgoingHttp }),
      defer: (run) => void setImmediate(run),
      newConnectionId: () => ConnectionId.fromBytes(randomBytes(ConnectionId.BYTES)),
      moduleLog: onLog,
    });
  },
};

/** The log and the snapshots of the database in a folder. */
async function openFolder(folder: string): Promise<Pick<DatabaseOptions, 'log' | 'snapshots'>> {
  const log = await CommitLog.open(new NodeFileSystem(), folder);
  try {
    return { log, snapshots: { store: await folderSnapshots(folder) } };
  } catch (error) {
    await log.close();
    throw error;
  }
}

/** The owner of a database whose program names none, and the database's own identity. */
const EMBEDDING_PROGRAM: Identity = Identity.fromClaims('lightcone', 'embedding program');
const EMBEDDED_DATABASE: Identity = Identity.fromClaims('lightcone', 'embedded database');
