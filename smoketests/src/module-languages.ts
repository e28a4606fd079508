/** What a module can be written in, with the ending of its folder. */
const ENDINGS = { Rust: '', 'C++': '-cpp', AssemblyScript: '-assemblyscript' } as const;

export type ModuleLanguage = keyof typeof ENDINGS;

export interface ModuleInLanguage {
  readonly language: ModuleLanguage;
  /** Of the module in this language, as its folder is called: `features-cpp`. */
  readonly name: string;
}

/** A module in each language; one that is not there fails its tests. */
export function inEachLanguage(module: string): ModuleInLanguage[] {
  return Object.entries(ENDINGS).map(([language, ending]) => ({
    language: language as ModuleLanguage,
    name: `${module}${ending}`,
  }));
}
