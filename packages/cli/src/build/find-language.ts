import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { CliError } from '../errors.ts';
import { assemblyscript } from './assemblyscript.ts';
import { cpp } from './cpp.ts';
import type { ModuleLanguage } from './module-language.ts';
import { rust } from './rust.ts';

export const MODULE_LANGUAGES: readonly ModuleLanguage[] = [rust, assemblyscript, cpp];

/** The language of the module in a folder, by the files there. @throws CliError `CLI_INVALID_ARGUMENT` */
export function findLanguage(folder: string): ModuleLanguage {
  const language = MODULE_LANGUAGES.find(({ marker }) => existsSync(join(folder, marker)));
  if (language !== undefined) return language;
  if (!existsSync(folder)) throw new CliError('CLI_INVALID_ARGUMENT', `there is no folder ${folder}`);
  if (existsSync(join(folder, 'package.json'))) {
    throw new CliError('CLI_INVALID_ARGUMENT', `${folder} looks like a module in TypeScript, which runs on V8`, {
      hint: 'Lightcone runs WebAssembly. AssemblyScript is close: `spacetime init --lang assemblyscript` makes one.',
    });
  }
  const markers = MODULE_LANGUAGES.map(({ marker, title }) => `${marker} (${title})`).join(', ');
  throw new CliError('CLI_INVALID_ARGUMENT', `there is no module in ${folder}: expected one of ${markers}`, {
    hint: '`spacetime init --lang rust my-module` makes one.',
  });
}
