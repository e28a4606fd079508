import {
  ClassDeclaration,
  EnumDeclaration,
  ExportStatement,
  ImportStatement,
  TypeDeclaration,
  type DeclarationStatement,
  type Source,
} from 'assemblyscript';

export type TypeDeclarationStatement = ClassDeclaration | EnumDeclaration | TypeDeclaration;

/** What a name in one file means: a declaration of the module, or the name of something in the library. */
export type Meaning =
  | { readonly kind: 'declared'; readonly declaration: TypeDeclarationStatement; readonly source: Source }
  | { readonly kind: 'library'; readonly name: string };

/** Finds declarations by name, following imports from file to file. */
export class SourceNames {
  readonly #sourcesByPath: ReadonlyMap<string, Source>;

  constructor(sources: readonly Source[]) {
    this.#sourcesByPath = new Map(sources.map((source) => [source.internalPath, source]));
  }

  find(source: Source, name: string): Meaning | undefined {
    return this.#find(source, name, new Set());
  }

  #find(source: Source, name: string, seen: Set<string>): Meaning | undefined {
    const key = `${source.internalPath}/${name}`;
    if (seen.has(key)) return undefined;
    seen.add(key);
    for (const statement of source.statements) {
      if (isTypeDeclaration(statement) && statement.name.text === name) {
        return { kind: 'declared', declaration: statement, source };
      }
      if (statement instanceof ImportStatement) {
        const imported = statement.declarations?.find((declaration) => declaration.name.text === name);
        if (imported !== undefined) return this.#findIn(statement.internalPath, imported.foreignName.text, seen);
      }
      if (statement instanceof ExportStatement && statement.internalPath !== null) {
        // `export * from` has no members.
        const member = statement.members?.find((each) => each.exportedName.text === name);
        if (statement.members !== null && member === undefined) continue;
        const found = this.#findIn(statement.internalPath, member?.localName.text ?? name, seen);
        if (found !== undefined) return found;
      }
    }
    return undefined;
  }

  #findIn(path: string, name: string, seen: Set<string>): Meaning | undefined {
    if (path.startsWith('~lib/')) return { kind: 'library', name };
    const source = this.#sourcesByPath.get(path) ?? this.#sourcesByPath.get(`${path}/index`);
    return source && this.#find(source, name, seen);
  }
}

function isTypeDeclaration(statement: unknown): statement is TypeDeclarationStatement & DeclarationStatement {
  return (
    statement instanceof ClassDeclaration ||
    statement instanceof EnumDeclaration ||
    statement instanceof TypeDeclaration
  );
}
