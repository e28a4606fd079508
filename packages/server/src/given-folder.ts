import { readdir } from 'node:fs/promises';
import { ServerError } from './errors.ts';

/**
 * What lies in a folder that somebody named, who may have named a wrong one.
 * @param expected what was to be there, for the message
 * @throws ServerError with `code` where there is no folder, or none that can be read
 */
export async function listGivenFolder(
  path: string,
  expected: string,
  code: 'SERVER_DATA_DIR_UNUSABLE' | 'SERVER_COPY_MISSING' | 'SERVER_KEYS_UNUSABLE' = 'SERVER_DATA_DIR_UNUSABLE',
): Promise<string[]> {
  try {
    return await readdir(path);
  } catch (cause) {
    const { code: reason, message } = cause as NodeJS.ErrnoException;
    const problem =
      reason === 'ENOENT' ? 'is not there' : reason === 'ENOTDIR' ? 'is no folder' : `cannot be read (${message})`;
    throw new ServerError(code, `${path} ${problem}: expected ${expected}.`, { cause });
  }
}
