import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { ModuleLanguage } from '../build/module-language.ts';
import { CliError } from '../errors.ts';
import { packageFolder } from '../package-folder.ts';

/** One folder for each language. */
const TEMPLATES = join(packageFolder, 'templates');

/**
 * Makes a project in a new or empty folder: the module in `spacetimedb`, and what the command line has to know of it.
 * @param name of the module and its database
 * @throws CliError `CLI_INVALID_ARGUMENT`
 */
export function createProject(folder: string, name: string, language: ModuleLanguage): void {
  if (filesIn(folder).length > 0) {
    throw new CliError('CLI_INVALID_ARGUMENT', `${folder} is not empty`, { hint: 'Give the name of a new folder.' });
  }
  cpSync(join(TEMPLATES, language.name), folder, { recursive: true });
  for (const file of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!file.isFile()) continue;
    const path = join(file.parentPath, file.name);
    writeFileSync(path, readFileSync(path, 'utf8').replaceAll('{{name}}', name));
  }
  writeJson(join(folder, 'spacetime.json'), { 'module-path': './spacetimedb', server: 'local' });
  // Each developer's own: it is not for the repository.
  writeJson(join(folder, 'spacetime.local.json'), { database: name });
  const ignored = ['spacetime.local.json', 'node_modules/', ...language.outputFolders.map((output) => `${output}/`)];
  writeFileSync(join(folder, '.gitignore'), `${ignored.join('\n')}\n`);
}

/** What is in a folder, which is made if it is not there. @throws CliError `CLI_INVALID_ARGUMENT` */
function filesIn(folder: string): string[] {
  try {
    if (existsSync(folder)) return readdirSync(folder);
    mkdirSync(folder, { recursive: true });
    return [];
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CliError('CLI_INVALID_ARGUMENT', `${folder} cannot be the folder of a project: ${reason}`, {
      cause,
      hint: 'Give the name of a new folder.',
    });
  }
}

/** `My Chat` becomes `my-chat`. @throws CliError `CLI_INVALID_ARGUMENT` if nothing is left */
export function projectName(folder: string): string {
  const words = basename(folder)
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .match(/[a-z0-9]+/g);
  const name = words?.join('-') ?? '';
  if (/^[a-z]/.test(name)) return name;
  throw new CliError('CLI_INVALID_ARGUMENT', `${JSON.stringify(basename(folder))} cannot be the name of a module`, {
    hint: 'A name begins with a letter, and has letters and digits, in words joined by hyphens.',
  });
}

function writeJson(path: string, value: object): void {
  writeFileSync(path, `${JSON.stringify(value, undefined, 2)}\n`);
}
