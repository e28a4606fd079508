import type { DeclarationStatement, Source } from 'assemblyscript';
import { snakeCase } from './snake-case.ts';

/** How generated code reaches the module's declarations, and how their names are written in the definition. */
export class ModuleNames {
  readonly #aliasesByPath = new Map<string, string>();
  /** False where the module wants names just as they stand in its source. */
  convertsCase = true;

  /** The name in the definition of something called `name` in the source. */
  name(name: string): string {
    return this.convertsCase ? snakeCase(name) : name;
  }

  /** A declaration as generated code spells it, through an import of its whole file. */
  code(declaration: DeclarationStatement, source: Source): string {
    return `${this.#alias(source.internalPath)}.${declaration.name.text}`;
  }

  /** The import statements for `code` in a file that lies `folders` deep. */
  imports(folders: number): string {
    const up = folders === 0 ? './' : '../'.repeat(folders);
    const files = [...this.#aliasesByPath];
    return files.map(([path, alias]) => `import * as ${alias} from "${up}${path}";\n`).join('');
  }

  #alias(path: string): string {
    const known = this.#aliasesByPath.get(path);
    if (known !== undefined) return known;
    const alias = `$file${this.#aliasesByPath.size}`;
    this.#aliasesByPath.set(path, alias);
    return alias;
  }
}
