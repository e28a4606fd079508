import { type FSWatcher, readdirSync, watch } from 'node:fs';
import { join } from 'node:path';

/**
 * Watches a folder of sources and all below it, but for those that compilers and tools write.
 *
 * Each folder has a watcher of its own: a recursive one would look into the output of compilers, thousands of files that
 * change with every build.
 */
export class SourceWatcher implements Disposable {
  readonly #ignored: ReadonlySet<string>;
  readonly #onChange: () => void;
  readonly #watchers = new Map<string, FSWatcher>();

  /** @param ignored names of files and folders; those that begin with a dot are ignored, too */
  constructor(folder: string, ignored: readonly string[], onChange: () => void) {
    this.#ignored = new Set([...ignored, 'node_modules']);
    this.#onChange = onChange;
    this.#watchTree(folder);
  }

  #watchTree(folder: string): void {
    if (this.#watchers.has(folder)) return;
    const names = foldersIn(folder);
    if (names === undefined) return;
    const watcher = watch(folder, (_kind, name) => {
      if (name !== null && this.#isIgnored(name)) return;
      // What changed may be a new folder.
      this.#watchTreesIn(folder, foldersIn(folder) ?? []);
      this.#onChange();
    });
    // A folder that is gone ends its watcher; Windows reports that as an error.
    const forget = (): void => void this.#watchers.delete(folder);
    watcher.on('error', forget).on('close', forget);
    this.#watchers.set(folder, watcher);
    this.#watchTreesIn(folder, names);
  }

  #watchTreesIn(folder: string, names: readonly string[]): void {
    for (const name of names) if (!this.#isIgnored(name)) this.#watchTree(join(folder, name));
  }

  /** Editors write beside the file, under names that end with a tilde or begin with a dot, before they rename. */
  #isIgnored(name: string): boolean {
    return name.startsWith('.') || name.endsWith('~') || this.#ignored.has(name);
  }

  [Symbol.dispose](): void {
    for (const watcher of this.#watchers.values()) watcher.close();
  }
}

/** undefined if the folder is gone. */
function foldersIn(folder: string): string[] | undefined {
  try {
    const entries = readdirSync(folder, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  } catch {
    return undefined;
  }
}
