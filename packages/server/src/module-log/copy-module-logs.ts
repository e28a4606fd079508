import { copyFile, lstat, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { listDays } from './log-files.ts';

/**
 * Copies what the module of a replica has logged: files named after days, and nothing else. A link would be written through
 * once the day comes.
 */
export async function copyModuleLogs(fromReplica: string, toReplica: string): Promise<void> {
  const from = join(fromReplica, 'module_logs');
  const to = join(toReplica, 'module_logs');
  const days = await listDays(from).catch((): string[] => []);
  for (const day of days) {
    const name = `${day}.log`;
    if (!(await lstat(join(from, name))).isFile()) continue;
    await mkdir(to, { recursive: true });
    await copyFile(join(from, name), join(to, name));
  }
}
