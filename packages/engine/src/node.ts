import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { FolderBlobStore } from '@lightcone/blobs/node';
import { CommitLog, SnapshotStore } from '@lightcone/commitlog';
import { NodeFileSystem } from '@lightcone/commitlog/node';
import { ConnectionId, Identity } from '@lightcone/sats';
import type { Clock } from './clock.ts';
import type { EmbeddedDatabase } from './embedded/embedded-database.ts';
import { openEmbedded } from './embedded/open.ts';
import type { DatabaseLogRecord } from './log-record.ts';
import { SystemClock } from './node/system-clock.ts';
import { SystemTimers } from './node/system-timers.ts';
import { NodeOutgoingHttp } from './node/node-outgoing-http.ts';
import type { OutgoingHttp } from './procedures/outgoing-http.ts';
import type { Timers } from './timers.ts';

export * from './node/outgoing-http.ts';

/** The clock of this machine. */
export const systemClock: Clock = new SystemClock();

/** Wake-ups by the clock of this machine. */
export const systemTimers: Timers = new SystemTimers(systemClock);

export interface LightconeOptions {
  /** The module: the bytes of a `.wasm` file, or its path. */
  readonly module: Uint8Array | string;
  /** Folder of the database, made if missing. Without it everything is in memory and gone at the end. */
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
    return openEmbedded({
      program,
      identity: EMBEDDED_DATABASE,
      owner,
      log: dataDir === undefined ? undefined : await CommitLog.open(new NodeFileSystem(), dataDir),
      ...(dataDir !== undefined && { snapshots: { store: await folderSnapshots(dataDir) } }),
      clock: systemClock,
      timers: systemTimers,
      ...(outgoingHttp !== false && { outgoingHttp }),
      defer: (run) => void setImmediate(run),
      newConnectionId: () => ConnectionId.fromBytes(randomBytes(ConnectionId.BYTES)),
      moduleLog: onLog,
    });
  },
};

/**
 * The snapshots of the database in a folder.
 *
 * To be called when its log is open, and so locked: what a killed process left behind is deleted.
 * @throws BlobError
 */
export async function folderSnapshots(folder: string): Promise<SnapshotStore> {
  const blobs = new FolderBlobStore(`${folder}/snapshots`);
  await blobs.removeLeftovers();
  return new SnapshotStore(blobs);
}

/** The owner of a database whose program names none, and the database's own identity. */
const EMBEDDING_PROGRAM: Identity = Identity.fromClaims('lightcone', 'embedding program');
const EMBEDDED_DATABASE: Identity = Identity.fromClaims('lightcone', 'embedded database');
