import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { ProjectConfig } from './project-config.ts';

/** Where the module lies: where the arguments or the project say, else in `spacetimedb`, else here. */
export function moduleFolder(workingFolder: string, given: string | undefined, project: ProjectConfig): string {
  if (given !== undefined) return resolve(workingFolder, given);
  if (project.modulePath !== undefined) return project.modulePath;
  const usual = join(workingFolder, 'spacetimedb');
  return existsSync(usual) ? usual : workingFolder;
}
