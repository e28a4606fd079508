import { existsSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { ControlDatabase } from '../control/control-database.ts';
import type { DatabaseRecord } from '../control/control-database.ts';
import { DataDirectory } from '../data-directory.ts';
import { NewDataDirectory } from '../new-data-directory.ts';
import { syncPath, syncTree } from '../sync-tree.ts';
import type { DatabaseDescription } from './database-copy.ts';

/** A database that is whole in a folder of the destination, and not yet in the data directory. */
export interface StagedDatabase {
  readonly description: DatabaseDescription;
  readonly replica: number;
}

/**
 * Where restored databases go: a data directory that is made, or that of a server which does not run, beside the databases
 * that it has. They come into it when all of them are whole, at once.
 */
export class RestoreDestination implements AsyncDisposable {
  /** Where they are written first: in the file system of the data directory. */
  readonly #staging: NewDataDirectory;
  /** Held all the time, so that no server starts meanwhile; undefined if the data directory is made. */
  readonly #existing: DataDirectory | undefined;
  readonly #control: ControlDatabase;
  /** The folder of the databases' folders. */
  readonly #replicas: string;

  private constructor(dataDir: string, staging: NewDataDirectory, existing: DataDirectory | undefined) {
    this.#replicas = join(dataDir, 'replicas');
    this.#staging = staging;
    this.#existing = existing;
    this.#control = existing?.control ?? new ControlDatabase(join(staging.path, 'control.sqlite'));
  }

  /**
   * @param dataDir a data directory, or a folder that is empty or not there
   * @throws ServerError `SERVER_DATA_DIR_LOCKED`, `SERVER_DATA_DIR_INCOMPATIBLE`, `SERVER_DATA_DIR_UNUSABLE`
   */
  static async open(dataDir: string): Promise<RestoreDestination> {
    if (!existsSync(join(dataDir, 'control.sqlite'))) {
      return new RestoreDestination(dataDir, await NewDataDirectory.begin(dataDir), undefined);
    }
    const existing = await DataDirectory.open(dataDir);
    try {
      return new RestoreDestination(dataDir, await NewDataDirectory.beside(join(dataDir, 'replicas')), existing);
    } catch (error) {
      await existing.close();
      throw error;
    }
  }

  /** The database of this identity that is there already. */
  find(identity: string): DatabaseRecord | undefined {
    return this.#control.findDatabase(identity);
  }

  /** A number for a database, whose folder is to be made at `folderOf` it. */
  newReplica(): number {
    return this.#control.newReplica();
  }

  folderOf(replica: number): string {
    return join(this.#staging.path, 'replicas', String(replica));
  }

  /** The folder of a database that was there, which nothing refers to once another is in its place. */
  formerFolderOf({ replica }: DatabaseRecord): string {
    return join(this.#replicas, String(replica));
  }

  /**
   * Puts databases in their place. One that was there keeps the names that it has now.
   * @returns for each, names of its copy that another database has
   */
  async finish(databases: readonly StagedDatabase[]): Promise<string[][]> {
    if (this.#existing === undefined) {
      const lostNames = this.#register(databases);
      this.#control.close();
      await this.#staging.finish();
      return lostNames;
    }
    await syncTree(this.#staging.path);
    await mkdir(this.#replicas, { recursive: true });
    for (const { replica } of databases) {
      await rename(this.folderOf(replica), join(this.#replicas, String(replica)));
    }
    await syncPath(this.#replicas);
    return this.#register(databases);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await (this.#existing ?? this.#control).close();
    await this.#staging[Symbol.asyncDispose]();
  }

  #register(databases: readonly StagedDatabase[]): string[][] {
    return this.#control.atOnce(() =>
      databases.map(({ description: { identity, owner, initialProgram, isLocked, names }, replica }) => {
        const wasThere = this.find(identity) !== undefined;
        this.#control.putDatabase({ identity, owner, initialProgram, replica, isLocked });
        return wasThere ? [] : names.filter((name) => this.#control.addName(name, identity, owner) !== 'ok');
      }),
    );
  }
}
