import { existsSync } from 'node:fs';
import { readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder } from '@lightcone/blobs/make-folder';
import { CONFIG_TEMPLATE } from './config-template.ts';
import { DEFAULT_CONFIG, readConfig } from './config.ts';
import type { ServerConfig } from './config.ts';
import { ControlDatabase } from './control/control-database.ts';
import { isLocked } from './control/sqlite-failure.ts';
import { METADATA, checkMetadata, readMetadata } from './directory-metadata.ts';
import { isDiskFull } from './disk-full.ts';
import { ServerError } from './errors.ts';
import { refuseEmbedded } from './refuse-embedded.ts';
import { replicaFolders } from './replica-folders.ts';
import { writeWhole } from './write-whole.ts';

/**
 * The files of a server, held by one process at a time:
 *
 *     config.toml      what an operator sets          metadata.toml   which software made the folder
 *     spacetime.pid    the process that has it        control.sqlite  databases, names, programs
 *     replicas/<n>/    one database: its log and `module_logs/`
 *
 * and beside `control.sqlite` its log, or, while no server runs, the room for that.
 *
 * The lock on `control.sqlite` keeps a second server out: the system frees it however a process ends.
 */
export class DataDirectory {
  readonly config: ServerConfig;
  readonly control: ControlDatabase;
  readonly #path: string | undefined;

  private constructor(path: string | undefined, config: ServerConfig, control: ControlDatabase) {
    this.#path = path;
    this.config = config;
    this.control = control;
  }

  /**
   * Opens a folder, made if it is not there.
   * @throws ServerError `SERVER_DATA_DIR_LOCKED`, `SERVER_DATA_DIR_INCOMPATIBLE`, `SERVER_DATA_DIR_UNUSABLE`,
   * `SERVER_INVALID_CONFIG`
   */
  static async open(path: string): Promise<DataDirectory> {
    try {
      return await DataDirectory.#open(path);
    } catch (cause) {
      if (cause instanceof ServerError || !(cause instanceof Error) || !('code' in cause)) throw cause;
      throw new ServerError(
        'SERVER_DATA_DIR_UNUSABLE',
        `the data directory ${path} cannot be used: ${cause.message}. Mend that, or choose another folder with --data-dir.`,
        { cause },
      );
    }
  }

  static async #open(path: string): Promise<DataDirectory> {
    await makeFolder(path);
    refuseEmbedded(path, await readdir(path));
    const metadata = join(path, 'metadata.toml');
    // Whole, and on the disk before anything that is acknowledged: a folder with half of it is not opened again.
    if (!existsSync(metadata)) await writeWhole(metadata, METADATA, 0o644);
    checkMetadata(path, await readMetadata(metadata));
    const configPath = join(path, 'config.toml');
    if (!existsSync(configPath)) await writeWhole(configPath, CONFIG_TEMPLATE, 0o644);
    const config = await readConfig(configPath);
    const control = await openControl(path);
    await writePid(join(path, 'spacetime.pid'));
    return new DataDirectory(path, config, control);
  }

  /** A server without files. */
  static inMemory(): DataDirectory {
    return new DataDirectory(undefined, DEFAULT_CONFIG, new ControlDatabase(':memory:'));
  }

  /** Where a database keeps its files; undefined when nothing is to be kept. */
  replicaPath(replica: number): string | undefined {
    return this.#path === undefined ? undefined : join(this.#path, 'replicas', String(replica));
  }

  async close(): Promise<void> {
    if (this.#path !== undefined) await rm(join(this.#path, 'spacetime.pid'), { force: true });
    this.control.close();
  }
}

async function openControl(path: string): Promise<ControlDatabase> {
  // A control database of an earlier day does not know the newest of them; their folders are not to be taken for its own.
  const replicas = (await replicaFolders(path)).map(({ name }) => Number(name));
  try {
    return new ControlDatabase(join(path, 'control.sqlite'), Math.max(0, ...replicas));
  } catch (cause) {
    if (!isLocked(cause)) throw cause;
    const pid = await readFile(join(path, 'spacetime.pid'), 'utf8').catch(() => 'unknown');
    throw new ServerError(
      'SERVER_DATA_DIR_LOCKED',
      `${path} is in use by another server (process ${pid.trim()}). Stop it, or choose another folder with --data-dir.`,
      { cause },
    );
  }
}

/** What uses the folder is told by a lock; this is for people: where the disk is full, databases can still be read. */
async function writePid(path: string): Promise<void> {
  try {
    await writeFile(path, `${process.pid}\n`);
  } catch (error) {
    if (!isDiskFull(error)) throw error;
  }
}
