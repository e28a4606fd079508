import type { IndexDef, ModuleDef, ProcedureDef, ReducerDef, TableDef } from './module-def.ts';

/** A module or submodule of a definition. */
export interface ModuleInTree {
  /** What its names are prefixed with outside: empty for the root, `lib.` or `lib.inner.` below. */
  readonly prefix: string;
  readonly module: ModuleDef;
}

/** The root and all submodules, depth first: the order that ids of functions count in. */
export function* walkModules(module: ModuleDef, prefix = ''): Generator<ModuleInTree> {
  yield { prefix, module };
  for (const { namespace, module: inner } of module.submodules) yield* walkModules(inner, `${prefix}${namespace}.`);
}

/** Something of a definition with the name that it has outside. */
export interface Named<Definition> {
  readonly fullName: string;
  readonly definition: Definition;
  /** The module whose typespace the definition's refs point into. */
  readonly module: ModuleDef;
}

/** Finds the parts of a definition by name, those of submodules by their dotted names. */
export class ModuleLookup {
  /** A reducer's position is the id that the module is called with. */
  readonly reducers: readonly Named<ReducerDef>[];
  /** A procedure's position is the id that the module is called with. */
  readonly procedures: readonly Named<ProcedureDef>[];
  readonly tables: readonly Named<TableDef>[];
  readonly #reducerIds: ReadonlyMap<string, number>;
  readonly #procedureIds: ReadonlyMap<string, number>;
  readonly #tables = new Map<string, Named<TableDef>>();
  readonly #indexes = new Map<string, Named<IndexDef>>();

  constructor(root: ModuleDef) {
    const modules = [...walkModules(root)];
    this.reducers = modules.flatMap((tree) =>
      tree.module.reducers.map((reducer) => named(tree, reducer.name, reducer)),
    );
    this.procedures = modules.flatMap((tree) =>
      tree.module.procedures.map((procedure) => named(tree, procedure.name, procedure)),
    );
    this.tables = modules.flatMap((tree) => tree.module.tables.map((table) => named(tree, table.name, table)));
    this.#reducerIds = new Map(this.reducers.map(({ fullName }, id) => [fullName, id]));
    this.#procedureIds = new Map(this.procedures.map(({ fullName }, id) => [fullName, id]));
    for (const tree of modules) this.#addTables(tree);
  }

  /** By canonical name, else by source name. */
  findTable(name: string): Named<TableDef> | undefined {
    return this.#tables.get(name);
  }

  /** By canonical name, else by source name. */
  findIndex(name: string): Named<IndexDef> | undefined {
    return this.#indexes.get(name);
  }

  /** By canonical name. */
  findReducerId(name: string): number | undefined {
    return this.#reducerIds.get(name);
  }

  /** By canonical name. */
  findProcedureId(name: string): number | undefined {
    return this.#procedureIds.get(name);
  }

  /** Canonical and source names cannot be those of different things: a definition in which they are is refused. */
  #addTables(tree: ModuleInTree): void {
    for (const table of tree.module.tables) {
      const namedTable = named(tree, table.name, table);
      this.#tables.set(namedTable.fullName, namedTable).set(tree.prefix + table.accessorName, namedTable);
      for (const index of table.indexes) {
        const namedIndex = named(tree, index.name, index);
        this.#indexes.set(namedIndex.fullName, namedIndex).set(tree.prefix + index.sourceName, namedIndex);
      }
    }
  }
}

function named<Definition>(tree: ModuleInTree, name: string, definition: Definition): Named<Definition> {
  return { fullName: tree.prefix + name, definition, module: tree.module };
}
