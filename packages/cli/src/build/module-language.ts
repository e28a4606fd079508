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
  /** The compiler optimises for WebAssembly as well as `wasm-opt` would. */
  readonly isOptimised: boolean;
  /** What makes a folder one module. */
  readonly oneModuleHint: string;
  /**
   * Compiles what is in a folder; what the compiler says goes to the terminal's notes.
   * @returns the paths of the `.wasm` files, of which a workspace may have several
   * @throws CliError `CLI_BUILD_FAILED`, `CLI_TOOL_MISSING`
   */
  compile(folder: string, terminal: Terminal, options: BuildOptions): Promise<readonly string[]>;
}
