import { ImportStatement, Parser, type Source, type Statement } from 'assemblyscript';
import type binaryen from 'assemblyscript/binaryen';
import { checkImports } from './check-imports.ts';
import { encodeModuleDefinition } from './definition/module-definition.ts';
import { Codecs } from './generate/codecs.ts';
import { editorTypes } from './generate/editor-types.ts';
import { entryPoints, entrySource } from './generate/entry-points.ts';
import { librarySource } from './generate/library-source.ts';
import { soonSource } from './generate/soon.ts';
import { tableHandles } from './generate/tables.ts';
import { libraryPath } from './library-path.ts';
import { lowerSenderErrors } from './lower/lower-sender-errors.ts';
import { ModuleNames } from './module-names.ts';
import { readModule } from './read/read-module.ts';
import { Report } from './report.ts';
import { rewriteSource } from './rewrite/rewrite-source.ts';

/** Kinds of source files. */
const USER = 0;
const USER_ENTRY = 1;

const editorTypesFile = 'generated.d.ts';

/**
 * Makes a module out of classes and functions with decorators, while `asc` compiles them:
 *
 * 1. `read/`: parsed sources → `ModuleModel`, what the module declares, or errors at their places;
 * 2. `rewrite/`: in these sources, what the language lacks → what it has;
 * 3. `definition/`: the model → the bytes of the module definition;
 * 4. `generate/`: the model → the source of codecs, table handles and exports, which the compiler then compiles along;
 * 5. `lower/`: the compiled module → one whose functions return early behind a `SenderError`.
 */
export default class LightconeTransform {
  /** Set by asc, on the prototype. */
  declare readonly binaryen: typeof binaryen;
  declare readonly baseDir: string;
  declare readonly readFile: (file: string, baseDir: string) => Promise<string | null> | string | null;
  declare readonly writeFile: (file: string, contents: string, baseDir: string) => Promise<void> | void;

  async afterParse(parser: Parser): Promise<void> {
    const sources = parser.sources.filter((source) => isUserSource(source));
    const report = new Report(parser);
    const names = new ModuleNames();
    const model = readModule(sources, names, report);
    if (report.hasErrors) return;

    const entry = sources.find((source) => source.sourceKind === USER_ENTRY);
    for (const source of sources) {
      // Only what the host calls is exported.
      if (source.sourceKind === USER_ENTRY) source.sourceKind = USER;
      rewriteSource(source, (text, path) => this.#importSource(parser, text, path), report);
    }
    const codecs = new Codecs();
    const handles = [tableHandles(model.tables, codecs), soonSource(model, codecs)];
    const functions = entryPoints(model, encodeModuleDefinition(model), codecs);
    this.#replaceLibraryFile(parser, librarySource(handles, functions, codecs, names));
    parser.parseFile(entrySource(functions), 'lightcone-module.ts', true);
    if (entry !== undefined) await this.#writeEditorTypes(entry, editorTypes(model, folderOf(entry)));
  }

  afterCompile(module: binaryen.Module): void {
    checkImports(this.binaryen, module);
    lowerSenderErrors(this.binaryen, module);
  }

  /** Written only when they change, as whoever watches the sources builds anew after each change. */
  async #writeEditorTypes(entry: Source, types: string): Promise<void> {
    const folder = folderOf(entry);
    const file = folder === '' ? editorTypesFile : `${folder}/${editorTypesFile}`;
    const before = await this.readFile(file, this.baseDir);
    if (before !== types) await this.writeFile(file, types, this.baseDir);
  }

  /** Statements that import; what they name is parsed along if it is not yet. */
  #importSource(parser: Parser, text: string, path: string): Statement[] {
    const imports = new Parser();
    imports.parseFile(text, path, false);
    const statements = imports.sources[0]?.statements ?? [];
    for (const statement of statements) {
      if (!(statement instanceof ImportStatement) || parser.seenlog.has(statement.internalPath)) continue;
      parser.seenlog.add(statement.internalPath);
      parser.backlog.push(statement.internalPath);
      parser.dependees.set(statement.internalPath, { source: parser.sources[0] as Source, reportNode: statement });
    }
    return statements;
  }

  #replaceLibraryFile(parser: Parser, text: string): void {
    const path = `${libraryPath}/assembly/generated`;
    const at = parser.sources.findIndex((source) => source.internalPath === path);
    if (at !== -1) parser.sources.splice(at, 1);
    parser.donelog.delete(path);
    parser.parseFile(text, `${path}.ts`, false);
  }
}

function folderOf(source: Source): string {
  return source.internalPath.split('/').slice(0, -1).join('/');
}

function isUserSource(source: Source): boolean {
  return !source.internalPath.startsWith('~lib/');
}
