import type { ModuleDef } from './module-def.ts';

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
