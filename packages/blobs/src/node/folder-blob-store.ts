import { randomBytes } from 'node:crypto';
import { type Dirent, constants } from 'node:fs';
import { access, link, open, opendir, readdir, rename, rmdir, stat, unlink } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { checkBlobKey, checkBlobPrefix, checkByteRange } from '../blob-key.ts';
import type { BlobInfo, BlobStore, ByteRange } from '../blob-store.ts';
import { BlobError } from '../errors.ts';
import { MAX_BLOB_BYTES, blobTooLarge } from '../max-blob-bytes.ts';
import { lockFile } from './lock-file.ts';
import { makeFolder } from './make-folder.ts';

/** The beginning of the name of a file that is being written; twelve letters follow. */
const UNFINISHED = '.tmp-';
/** The beginning of the name of the lock of a blob. */
const LOCK = '.lock-';

/**
 * Blobs as files below a folder of this machine: the key is the path.
 *
 * A put writes a file of another name (`.tmp-…`, which no key can be), syncs it, renames it into place and syncs the
 * folder; `putIfAbsent` links it into place, which fails if there is a file. A file system cannot replace a file only if
 * it is still the same one, so `putIfMatch` holds a lock file (`.lock-…`) meanwhile: of those that do there is one
 * winner, but a `put` at that very moment may be lost to one. A folder goes with its last blob. A process that is killed
 * may leave files `.tmp-…` and `.lock-…` behind: nobody sees them, and `removeLeftovers` deletes them.
 */
export class FolderBlobStore implements BlobStore {
  readonly #root: string;
  /** Folders that are on disk, with all those above, because this store synced those that they are in. */
  readonly #durableFolders = new Set<string>();

  /** @param root made with the first put if it is missing */
  constructor(root: string) {
    this.#root = resolve(root);
  }

  /**
   * Makes the folder unless it is there, as the first put would.
   * @throws BlobError `BLOB_INVALID_LOCATION` if there can be none; `BLOB_FAILED` if it is only out of reach
   */
  async makeRoot(): Promise<void> {
    try {
      await makeFolder(this.#root);
      await access(this.#root, constants.W_OK | constants.X_OK);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      const [code, deed] = isNoPlace(error)
        ? (['BLOB_INVALID_LOCATION', 'no blobs can be kept there'] as const)
        : (['BLOB_FAILED', 'it cannot be reached'] as const);
      throw new BlobError(code, `${this.#root}: ${deed}: ${reason}`, { cause: error });
    }
  }

  async get(key: string, range?: ByteRange, signal?: AbortSignal): Promise<Uint8Array | undefined> {
    const path = this.#pathOf(key);
    if (range !== undefined) checkByteRange(range);
    signal?.throwIfAborted();
    try {
      await using file = await open(path, 'r');
      const facts = await file.stat();
      if (!facts.isFile()) return undefined;
      const start = Math.min(range?.start ?? 0, facts.size);
      const length = Math.min(range?.end ?? facts.size, facts.size) - start;
      // Before it takes memory: a file may say that it has more than there is.
      if (length > MAX_BLOB_BYTES) throw blobTooLarge(`reading ${path}`, length);
      const bytes = new Uint8Array(length);
      let done = 0;
      while (done < bytes.length) {
        const { bytesRead } = await file.read(bytes, done, bytes.length - done, start + done);
        if (bytesRead === 0) throw new Error('the file became shorter while it was read');
        done += bytesRead;
      }
      return bytes;
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw failed(path, 'reading', error);
    }
  }

  async put(key: string, bytes: Uint8Array, signal?: AbortSignal): Promise<void> {
    const path = this.#pathOf(key);
    signal?.throwIfAborted();
    await this.#place(path, bytes, async (written) => {
      await rename(written, path);
      return true;
    });
  }

  async putIfAbsent(key: string, bytes: Uint8Array, signal?: AbortSignal): Promise<boolean> {
    const path = this.#pathOf(key);
    signal?.throwIfAborted();
    return this.#place(path, bytes, async (written) => {
      const isLinked = await linkIfAbsent(written, path);
      await unlink(written);
      return isLinked;
    });
  }

  async putIfMatch(key: string, bytes: Uint8Array, etag: string, signal?: AbortSignal): Promise<boolean> {
    const path = this.#pathOf(key);
    signal?.throwIfAborted();
    const isSame = async (): Promise<boolean> => (await this.#factsOf(key))?.etag === etag;
    if (!(await isSame())) return false;
    return this.#place(path, bytes, async (written) => {
      await using _ = await lockFile(join(dirname(path), `${LOCK}${basename(path)}`));
      const isReplaced = await isSame();
      await (isReplaced ? rename(written, path) : unlink(written));
      return isReplaced;
    });
  }

  async *list(prefix: string, after = '', signal?: AbortSignal): AsyncGenerator<BlobInfo> {
    checkBlobPrefix(prefix);
    signal?.throwIfAborted();
    const folder = prefix.slice(0, prefix.lastIndexOf('/') + 1);
    yield* this.#listFolder(folder, prefix, after, signal);
  }

  async delete(key: string, signal?: AbortSignal): Promise<void> {
    const path = this.#pathOf(key);
    signal?.throwIfAborted();
    try {
      await unlink(path);
      await syncFolder(await this.#removeEmptyFolders(dirname(path)));
    } catch (error) {
      if (!isMissing(error)) throw failed(path, 'deleting', error);
    }
  }

  /**
   * Deletes what killed processes left behind, as far as it can.
   *
   * @param minAgeMs only what was not written for so long, as is no file of somebody who writes now; without it nobody
   *   may be writing to the folder
   * @throws BlobError in the end, for the first that could not be looked at or deleted: a disk may have a `lost+found`
   */
  async removeLeftovers(minAgeMs = 0): Promise<void> {
    let failure: unknown;
    const attempt = async (path: string, work: () => Promise<void>): Promise<void> => {
      try {
        await work();
      } catch (error) {
        // Somebody who writes now has renamed it, or removed its folder.
        if (!isMissing(error)) failure ??= failed(path, 'deleting', error);
      }
    };
    const folders = [this.#root];
    for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
      const parent = folder;
      await attempt(parent, async () => {
        for await (const entry of await opendir(parent)) {
          const path = join(parent, entry.name);
          if (entry.isDirectory()) folders.push(path);
          else if (entry.isFile() && isLeftover(entry.name)) await attempt(path, () => unlinkIfOld(path, minAgeMs));
        }
      });
    }
    if (failure !== undefined) throw failure;
  }

  /** Below `folder`, which is '' or ends with `/`. */
  async *#listFolder(
    folder: string,
    prefix: string,
    after: string,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<BlobInfo> {
    for (const entry of await this.#entriesOf(folder)) {
      signal?.throwIfAborted();
      const key = folder + entry.name;
      if (entry.isDirectory()) {
        const inner = `${key}/`;
        const mayHold = inner.startsWith(prefix) || prefix.startsWith(inner);
        const isBehind = inner > after || after.startsWith(inner);
        if (mayHold && isBehind) yield* this.#listFolder(inner, prefix, after, signal);
      } else if (entry.isFile() && key.startsWith(prefix) && key > after) {
        const facts = await this.#factsOf(key);
        if (facts !== undefined) yield facts;
      }
    }
  }

  /** The entries of a folder in the order of the keys they stand for: that of a folder ends with `/`. */
  async #entriesOf(folder: string): Promise<Dirent[]> {
    const path = join(this.#root, folder);
    let entries: Dirent[];
    try {
      entries = await readdir(path, { withFileTypes: true });
    } catch (error) {
      if (isMissing(error)) return [];
      throw failed(path, 'listing', error);
    }
    const named = entries
      .filter((entry) => !entry.name.startsWith('.'))
      .map((entry) => ({ entry, key: entry.isDirectory() ? `${entry.name}/` : entry.name }));
    return named.sort((a, b) => (a.key < b.key ? -1 : 1)).map(({ entry }) => entry);
  }

  async #factsOf(key: string): Promise<BlobInfo | undefined> {
    const path = join(this.#root, key);
    try {
      const { size, mtimeNs, ino } = await stat(path, { bigint: true });
      // Each put makes a file of its own; the time tells it from a later one that got the same number.
      const etag = `${ino.toString(36)}-${mtimeNs.toString(36)}-${size.toString(36)}`;
      return { key, size: Number(size), modifiedAt: Number(mtimeNs / 1_000_000n), etag };
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw failed(path, 'listing', error);
    }
  }

  /** Removes a folder, and those above it, as long as there is nothing in them. @returns the first one that stays */
  async #removeEmptyFolders(from: string): Promise<string> {
    for (let folder = from; folder !== this.#root; folder = dirname(folder)) {
      try {
        await rmdir(folder);
        this.#durableFolders.delete(folder);
      } catch (error) {
        if (!isMissing(error)) return folder;
      }
    }
    return this.#root;
  }

  /** Writes a file beside `path`, durably, and lets `move` bring it there. */
  async #place(path: string, bytes: Uint8Array, move: (written: string) => Promise<boolean>): Promise<boolean> {
    if (bytes.length > MAX_BLOB_BYTES) throw blobTooLarge(`writing ${path}`, bytes.length);
    const folder = dirname(path);
    const written = join(folder, `${UNFINISHED}${randomBytes(9).toString('base64url')}`);
    try {
      try {
        await this.#writeInFolder(folder, written, bytes);
        const isMoved = await move(written);
        await syncFolder(folder);
        return isMoved;
      } catch (error) {
        await unlink(written).catch(ignore);
        throw error;
      }
    } catch (error) {
      throw failed(path, 'writing', error);
    }
  }

  /** Writes a file in a folder that is missing, maybe, or removed meanwhile by whoever deletes its last blob. */
  async #writeInFolder(folder: string, path: string, bytes: Uint8Array): Promise<void> {
    for (let triesLeft = 10; ; triesLeft--) {
      try {
        await this.#makeFolder(folder);
        await writeSynced(path, bytes);
        return;
      } catch (error) {
        if (codeOf(error) !== 'ENOENT' || triesLeft === 0) throw error;
      }
    }
  }

  /**
   * Makes a folder and its missing parents, durably. One that is there may not be on disk: whoever made it died before
   * that, or is about to see to it.
   */
  async #makeFolder(path: string): Promise<void> {
    const firstMade = await makeFolder(path);
    const unsure: string[] = [];
    for (let folder = path; folder !== dirname(folder); folder = dirname(folder)) {
      if (firstMade !== undefined && folder.length >= firstMade.length) this.#durableFolders.delete(folder);
      if (this.#durableFolders.has(folder)) break;
      unsure.push(folder);
    }
    const shortestOurs = Math.min(this.#root.length + 1, firstMade?.length ?? Number.POSITIVE_INFINITY);
    // From the top: of a folder that is durable, all above are.
    for (const folder of unsure.toReversed()) {
      await syncFolder(dirname(folder)).catch((error: unknown) => {
        // What the root lies in is the operator's, who may let us read nothing of it.
        if (folder.length >= shortestOurs) throw error;
      });
      this.#durableFolders.add(folder);
    }
  }

  #pathOf(key: string): string {
    checkBlobKey(key);
    return join(this.#root, key);
  }
}

/** Whether only we would give a file such a name, as others may have files in the folder too. */
function isLeftover(name: string): boolean {
  return name.startsWith(LOCK) || (name.startsWith(UNFINISHED) && /^[\w-]{12}$/u.test(name.slice(UNFINISHED.length)));
}

async function unlinkIfOld(path: string, minAgeMs: number): Promise<void> {
  if (minAgeMs === 0 || Date.now() - (await stat(path)).mtimeMs >= minAgeMs) await unlink(path);
}

async function writeSynced(path: string, bytes: Uint8Array): Promise<void> {
  await using file = await open(path, 'wx', 0o644);
  await file.writeFile(bytes);
  await file.datasync();
}

async function linkIfAbsent(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

async function syncFolder(path: string): Promise<void> {
  // Windows has no such thing, and does not need it.
  if (process.platform === 'win32') return;
  await using folder = await open(path, 'r');
  await folder.sync();
}

/**
 * Whether a folder is where there can be none. A link whose disk is not there, and a file system that became read-only,
 * are out of reach for now.
 */
function isNoPlace(error: unknown): boolean {
  const syscall = error instanceof Error && 'syscall' in error ? error.syscall : undefined;
  const code = codeOf(error) ?? '';
  if (syscall === 'stat' || (syscall === 'access' && code === 'EROFS')) return false;
  return ['ENOTDIR', 'ENOENT', 'EACCES', 'EPERM', 'EROFS', 'ENAMETOOLONG', 'ELOOP', 'EINVAL'].includes(code);
}

function failed(path: string, deed: string, error: unknown): unknown {
  if (error instanceof BlobError) return error;
  const code = codeOf(error);
  const options = { cause: error };
  if (code === 'EISDIR' || code === 'ENOTDIR' || code === 'EEXIST') {
    return new BlobError('BLOB_KEY_CONFLICT', `${path}: a key cannot be the folder of another (${code})`, options);
  }
  const reason = error instanceof Error ? error.message : String(error);
  const isDenied = code === 'EACCES' || code === 'EPERM' || code === 'EROFS';
  return new BlobError(isDenied ? 'BLOB_ACCESS_DENIED' : 'BLOB_FAILED', `${path}: ${deed} failed: ${reason}`, options);
}

/** Whether there is no such file: the folder of the key may be missing, or be a blob itself, or the key a folder. */
function isMissing(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR', 'EISDIR'].includes(codeOf(error) ?? '');
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

function ignore(): void {}
