import { readdir } from 'node:fs/promises';
import { ServerError } from './errors.ts';

/**
 * What lies in a folder that somebody named, who may have named a wrong one.
 * @param expected what was to be there, for the message
 * @throws ServerError `SERVER_DATA_DIR_UNUSABLE`
 */
export async function listGivenFolder(path: string, expected: string): Promise<string[]> {
  try {
    return await readdir(path);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const problem =
      code === 'ENOENT' ? 'is not there' : code === 'ENOTDIR' ? 'is no folder' : `cannot be read (${message})`;
    throw new ServerError('SERVER_DATA_DIR_UNUSABLE', `${path} ${problem}: expected ${expected}.`, { cause });
  }
}
