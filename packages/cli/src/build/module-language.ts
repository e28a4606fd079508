import type { Terminal } from '../terminal.ts';

/** How a module is to be built. */
export interface BuildOptions {
  /** With checks and names for debugging, not optimised. */
  readonly isDebug: boolean;
}

/** A language that modules are written in, with the compiler behind it. */
export interface ModuleLanguage {
  /** As `--lang` says it. */
  readonly name: 'rust' | 'cpp' | 'assemblyscript';
  /** As people say it. */
  readonly title: string;
  /** The file by which a folder is known to hold a module in this language. */
  readonly marker: string;
  /** Where the compiler writes, below the module's folder: no change there is a change of the module. */
  readonly outputFolders: readonly string[];
  /** Files that the compiler writes beside the sources, and that belong to them. */
  readonly lockFiles: readonly string[];
  /**
   * Compiles the module in a folder; what the compiler says goes to the terminal's notes.
   * @returns the path of the `.wasm`
   * @throws CliError `CLI_BUILD_FAILED`, `CLI_TOOL_MISSING`
   */
  build(folder: string, terminal: Terminal, options: BuildOptions): Promise<string>;
}
