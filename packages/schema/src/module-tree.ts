import type { ModuleDef, TableDef, ViewDef } from './module-def.ts';

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

/** A table of a submodule as the database has it: all names with the namespaces before them. */
export function qualifiedTable({ fullName, definition }: Named<TableDef>): TableDef {
  const prefix = fullName.slice(0, fullName.length - definition.name.length);
  if (prefix === '') return definition;
  const qualified = <Part extends { readonly name: string }>(part: Part): Part => ({
    ...part,
    name: prefix + part.name,
  });
  const { schedule } = definition;
  return {
    ...qualified(definition),
    accessorName: prefix + definition.accessorName,
    indexes: definition.indexes.map((index) => ({ ...qualified(index), sourceName: prefix + index.sourceName })),
    uniqueConstraints: definition.uniqueConstraints.map(qualified),
    sequences: definition.sequences.map(qualified),
    schedule: schedule && { ...qualified(schedule), functionName: prefix + schedule.functionName },
  };
}

/** A view with the names that it has outside. */
export function qualifiedView({ fullName, definition }: Named<ViewDef>): ViewDef {
  const prefix = fullName.slice(0, fullName.length - definition.name.length);
  if (prefix === '') return definition;
  return { ...definition, name: fullName, accessorName: prefix + definition.accessorName };
}
