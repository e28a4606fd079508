import { rmSync } from 'node:fs';
import { lstat, mkdir, readdir, realpath, rename, rm, rmdir, stat, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { makeFolder } from '@lightcone/blobs/make-folder';
import { METADATA } from './directory-metadata.ts';
import { ServerError } from './errors.ts';
import { syncPath, syncTree } from './sync-tree.ts';

/** Processes of other hosts, which containers are, cannot be asked after; folders can be shared with them. */
const HOST = hostname().replaceAll(/[^\w.-]/g, '_');
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * A data directory that is being made beside where it is to be: it is there whole, or not at all.
 *
 * It may be large, and takes long: a process that is asked to end meanwhile ends as it would, and takes it along. What a
 * killed one leaves behind goes when the next one begins at the same place. Its name says whose it is:
 *
 *     .<name>.<process id>@<host>.new
 */
export class NewDataDirectory implements AsyncDisposable {
  /** Where it is made. */
  readonly path: string;
  readonly #target: string;
  #isFinished = false;
  readonly #endBy = (signal: NodeJS.Signals): void => {
    this.#ignoreSignals();
    try {
      if (!this.#isFinished) rmSync(this.path, { recursive: true, force: true });
    } finally {
      process.kill(process.pid, signal);
    }
  };

  private constructor(path: string, target: string) {
    this.path = path;
    this.#target = target;
    for (const signal of SIGNALS) process.on(signal, this.#endBy);
  }

  /**
   * @param target must not be there, or be empty
   * @throws ServerError `SERVER_DATA_DIR_UNUSABLE`
   */
  static async begin(target: string): Promise<NewDataDirectory> {
    const final = await emptyPlace(target);
    return NewDataDirectory.beside(final);
  }

  /**
   * For what is to go from here to a folder that may be there already, with `syncTree` and by renaming.
   * @throws ServerError `SERVER_DATA_DIR_UNUSABLE`
   */
  static async beside(target: string): Promise<NewDataDirectory> {
    const final = resolve(target);
    try {
      await makeFolder(dirname(final));
      await removeLeftovers(final);
      const path = join(dirname(final), `.${basename(final)}.${process.pid}@${HOST}.new`);
      await mkdir(path, { mode: 0o700 });
      await writeFile(join(path, 'metadata.toml'), METADATA);
      return new NewDataDirectory(path, final);
    } catch (error) {
      throw unusable(target, (error as Error).message);
    }
  }

  /** Puts it in its place, everything in it on disk before. */
  async finish(): Promise<void> {
    await syncTree(this.path);
    await rmdir(this.#target).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw unusable(this.#target, error.message);
    });
    await rename(this.path, this.#target);
    this.#isFinished = true;
    await syncPath(dirname(this.#target));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ignoreSignals();
    if (!this.#isFinished) await rm(this.path, { recursive: true, force: true });
  }

  #ignoreSignals(): void {
    for (const signal of SIGNALS) process.off(signal, this.#endBy);
  }
}

/**
 * Where a folder is or may be made that another one can be renamed to, which may take hours: no link, but what it leads to.
 * @throws ServerError `SERVER_DATA_DIR_UNUSABLE`
 */
async function emptyPlace(target: string): Promise<string> {
  const given = resolve(target);
  try {
    if ((await lstat(given).catch(undefinedIfMissing)) === undefined) return given;
    const final = await realpath(given);
    if ((await readdir(final)).length > 0) throw unusable(target, 'there is something in it');
    if ((await stat(final)).dev === (await stat(dirname(final))).dev) return final;
  } catch (error) {
    throw error instanceof ServerError ? error : unusable(target, (error as Error).message);
  }
  throw unusable(
    target,
    `a disk is mounted there, and nothing can take its place; ${join(target, 'data')} can be made`,
  );
}

function undefinedIfMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}

/** Removes what processes of this host that are no more have begun for a data directory. */
async function removeLeftovers(target: string): Promise<void> {
  const [head, tail] = [`.${basename(target)}.`, `@${HOST}.new`];
  for (const name of await readdir(dirname(target))) {
    if (!name.startsWith(head) || !name.endsWith(tail)) continue;
    const id = name.slice(head.length, -tail.length);
    if (!/^[1-9]\d{0,9}$/.test(id) || isRunning(Number(id))) continue;
    await rm(join(dirname(target), name), { recursive: true, force: true });
  }
}

/** Of another process; this one has begun nothing yet. */
function isRunning(processId: number): boolean {
  if (processId === process.pid) return false;
  try {
    process.kill(processId, 0);
    return true;
  } catch (error) {
    // Anything else means that there is one, which is not ours to ask.
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

function unusable(target: string, reason: string): ServerError {
  return new ServerError(
    'SERVER_DATA_DIR_UNUSABLE',
    `${target} cannot become a data directory: ${reason}. Choose another.`,
  );
}
