import { randomBytes } from 'node:crypto';
import { open, rename, stat, unlink } from 'node:fs/promises';

/** A holder does one small thing; who has not done it in this time was killed. */
const STALE_MS = 10_000;
const RETRY_MS = 5;

/**
 * Takes a lock that all processes on this folder heed, by making a file; waits for one who has it, and takes it from one
 * who died. Dispose to give it back.
 */
export async function lockFile(path: string): Promise<AsyncDisposable> {
  let seen: { readonly lock: string; readonly sinceMs: number } | undefined;
  while (!(await make(path))) {
    const lock = await read(path);
    if (lock === undefined) continue;
    if (seen?.lock !== lock.name) seen = { lock: lock.name, sinceMs: performance.now() };
    // Its time is that of a clock that may be set, and not be ours: it may never seem to be old.
    const isStale = lock.ageMs >= STALE_MS || performance.now() - seen.sinceMs >= STALE_MS;
    if (isStale) await remove(path);
    else await new Promise((done) => setTimeout(done, RETRY_MS));
  }
  return { [Symbol.asyncDispose]: () => unlink(path) };
}

async function make(path: string): Promise<boolean> {
  try {
    await (await open(path, 'wx')).close();
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  }
}

/** @returns undefined if it is given back by now */
async function read(path: string): Promise<{ readonly name: string; readonly ageMs: number } | undefined> {
  try {
    const { ino, mtimeMs } = await stat(path);
    return { name: `${ino}-${mtimeMs}`, ageMs: Date.now() - mtimeMs };
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

async function remove(path: string): Promise<void> {
  // Renamed first: of several who find it stale, one removes this lock, and none a later one.
  const removed = `${path}-${randomBytes(6).toString('hex')}`;
  try {
    await rename(path, removed);
    await unlink(removed);
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error;
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
