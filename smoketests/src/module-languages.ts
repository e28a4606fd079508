import { existsSync } from 'node:fs';
import { modulePath } from './modules.ts';

/** What a module can be written in, with the ending of its folder. */
const ENDINGS = { Rust: '', 'C++': '-cpp', AssemblyScript: '-assemblyscript' } as const;

export type ModuleLanguage = keyof typeof ENDINGS;

export interface ModuleInLanguage {
  readonly language: ModuleLanguage;
  /** Of the module in this language, as its folder is called: `features-cpp`. */
  readonly name: string;
}

/** A module in each language in which it is there. */
export function inEachLanguage(module: string): ModuleInLanguage[] {
  const all = Object.entries(ENDINGS).map(([language, ending]) => ({
    language: language as ModuleLanguage,
    name: `${module}${ending}`,
  }));
  return all.filter(({ name }) => existsSync(modulePath(name)));
}
