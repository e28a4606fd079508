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
  while (!(await make(path))) {
    if (!(await removeStale(path))) await new Promise((done) => setTimeout(done, RETRY_MS));
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

async function removeStale(path: string): Promise<boolean> {
  try {
    const { mtimeMs } = await stat(path);
    if (Date.now() - mtimeMs < STALE_MS) return false;
    // Renamed first: of several who find it stale, one removes this lock, and none a later one.
    const removed = `${path}-${randomBytes(6).toString('hex')}`;
    await rename(path, removed);
    await unlink(removed);
    return true;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return true;
    throw error;
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
