import { copyFile, lstat, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Copies what the module of a replica has logged: files named after days, and nothing else. A link would be written through
 * once the day comes.
 */
export async function copyModuleLogs(fromReplica: string, toReplica: string): Promise<void> {
  const from = join(fromReplica, 'module_logs');
  const to = join(toReplica, 'module_logs');
  const names = (await readdir(from).catch((): string[] => [])).filter((name) => /^\d{4}-\d\d-\d\d\.log$/u.test(name));
  for (const name of names) {
    if (!(await lstat(join(from, name))).isFile()) continue;
    await mkdir(to, { recursive: true });
    await copyFile(join(from, name), join(to, name));
  }
}
