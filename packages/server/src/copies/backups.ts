import type { Logger } from 'pino';
import type { BackupConfig } from '../config.ts';
import type { ControlDatabase, DatabaseRecord } from '../control/control-database.ts';
import type { Databases } from '../databases.ts';
import { describeDatabase } from './describe-database.ts';
import { CopyFailure } from './thread/copy-thread.ts';
import type { CopyThread } from './thread/copy-thread.ts';
import type { BackupSummary } from './thread/messages.ts';

/** A database that takes a snapshot lets go of an older one, maybe while that is copied. Its log is held meanwhile. */
const MAX_ATTEMPTS = 10;
/** How often it is looked whether a backup is due. */
const LOOK_MS = 60_000;

/**
 * The backups of this server's databases: on demand, and on a schedule. Where they are kept is the operator's to say
 * alone: whoever asks for one says of which database, and gets no path.
 */
export class Backups {
  readonly #config: BackupConfig;
  readonly #thread: CopyThread;
  readonly #databases: Databases;
  readonly #control: ControlDatabase;
  readonly #log: Logger;
  /** Those that are being made, by identity: who asks for the same gets the same. */
  readonly #making = new Map<string, Promise<BackupSummary>>();
  /** When the last one was finished since the server started, in ms since 1970, by identity. */
  readonly #finishedAt = new Map<string, number>();
  /** When the next one is due, by identity and the clock that nobody sets, in ms. */
  readonly #dueAt = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;

  constructor(config: BackupConfig, thread: CopyThread, databases: Databases, control: ControlDatabase, log: Logger) {
    this.#config = config;
    this.#thread = thread;
    this.#databases = databases;
    this.#control = control;
    this.#log = log;
  }

  /** When the last backup of a database was finished since the server started, in ms since 1970, by identity. */
  get finishedAt(): ReadonlyMap<string, number> {
    return this.#finishedAt;
  }

  start(): void {
    const { everyMs } = this.#config;
    if (everyMs === undefined) return;
    this.#timer = setInterval(() => void this.#makeDue(everyMs), Math.min(LOOK_MS, everyMs));
  }

  /**
   * Makes a backup of a database as it is now, and removes old ones.
   * @throws CopyFailure, DatabaseFailure, ServerError
   */
  create(record: DatabaseRecord): Promise<BackupSummary> {
    const { identity } = record;
    let making = this.#making.get(identity);
    if (making === undefined) {
      making = this.#create(record).finally(() => this.#making.delete(identity));
      this.#making.set(identity, making);
    }
    return making;
  }

  /** Those that there are, the oldest first. @throws CopyFailure */
  list({ identity }: DatabaseRecord): Promise<readonly BackupSummary[]> {
    return this.#thread.request('listBackups', { identity });
  }

  /** Begins no more. Those that are being made are not finished if the thread ends. */
  close(): void {
    clearInterval(this.#timer);
  }

  async #create(record: DatabaseRecord): Promise<BackupSummary> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#copy(record);
      } catch (error) {
        const isLetGo = error instanceof CopyFailure && /^(LOG|SNAPSHOT)_/u.test(error.code);
        if (!isLetGo || attempt === MAX_ATTEMPTS) throw error;
      }
    }
  }

  async #copy(record: DatabaseRecord): Promise<BackupSummary> {
    const { thread } = await this.#databases.open(record);
    await thread.request('holdLog', true);
    try {
      return await this.#copyHeld(record, await thread.request('durableTxOffset', undefined));
    } finally {
      // A thread that has ended holds nothing.
      await thread.request('holdLog', false).catch(() => undefined);
    }
  }

  async #copyHeld(record: DatabaseRecord, durableTxOffset: number | undefined): Promise<BackupSummary> {
    const { identity } = record;
    const path = this.#databases.pathOf(record);
    const description = describeDatabase(this.#control, identity);
    if (path === undefined || durableTxOffset === undefined || description === undefined) {
      throw new CopyFailure('DATABASE_GONE', `no database ${identity} to back up`);
    }
    const begunAt = Date.now();
    const { backup, snapshotProblem } = await this.#thread.request('backUp', {
      path,
      durableTxOffset,
      description,
      keep: this.#config.keep,
    });
    const { id, lastTxOffset, bytes } = backup;
    this.#finishedAt.set(identity, Date.now());
    this.#log.info({ database: identity, id, lastTxOffset, bytes, durationMs: Date.now() - begunAt }, 'backup made');
    if (snapshotProblem !== undefined) {
      const message = 'the backup is whole, but something is wrong with snapshots';
      this.#log.error({ database: identity, reason: snapshotProblem }, message);
    }
    return backup;
  }

  async #makeDue(everyMs: number): Promise<void> {
    for (const { identity } of this.#databases.started()) {
      const record = this.#control.findDatabase(identity);
      if (record === undefined || this.#making.has(identity)) continue;
      try {
        let dueAt = this.#dueAt.get(identity);
        if (dueAt === undefined) {
          const last = (await this.list(record)).at(-1);
          // A clock that was wrong when the last one was made says nothing of when the next one is due.
          const lastAt = last === undefined ? 0 : Math.min(Date.parse(last.finishedAt), Date.now());
          dueAt = performance.now() + lastAt + everyMs - Date.now();
          this.#dueAt.set(identity, dueAt);
        }
        if (dueAt > performance.now()) continue;
        this.#dueAt.set(identity, performance.now() + everyMs);
        await this.create(record);
      } catch (error) {
        // Sooner than in a day, and not every minute.
        this.#dueAt.set(identity, performance.now() + Math.min(everyMs, 10 * LOOK_MS));
        this.#log.error({ err: error, database: identity }, 'scheduled backup failed; it is tried again');
      }
    }
  }
}
