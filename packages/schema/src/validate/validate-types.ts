import { type NamedType, specialType } from '@lightcone/sats';
import type { TypeDef } from '../module-def.ts';
import { compareNames } from '../names/compare-names.ts';
import { EntityNames } from '../names/entity-names.ts';
import { identifierProblem } from '../names/identifier.ts';
import { typeText } from '../typespace/type-text.ts';
import type { ModuleContext } from './module-context.ts';

/** Checks the types that the module names, and that bindings can be generated for each. */
export function validateTypes(context: ModuleContext): TypeDef[] {
  const taken = new EntityNames();
  return context.draft.types.map((raw) => {
    const type: TypeDef = {
      scope: raw.scope.map((segment) => context.names.type(segment)),
      name: context.names.type(raw.name),
      ref: raw.ref,
      customOrdering: raw.customOrdering,
    };
    const where = `type \`${scopedName(type)}\``;
    for (const name of [...type.scope, type.name]) context.checkIdentifier(name, where);
    if (!taken.take(JSON.stringify([type.scope, type.name]), type)) {
      context.add('DUPLICATE_TYPE_NAME', where, `name \`${scopedName(type)}\` is used for multiple types`);
    }
    checkDefinition(context, type, where);
    return type;
  });
}

/** `scope::Name`. */
function scopedName(type: TypeDef): string {
  return [...type.scope, type.name].join('::');
}

function checkDefinition(context: ModuleContext, type: TypeDef, where: string): void {
  const target = context.typespace[type.ref];
  if (target === undefined) {
    context.add('INVALID_TYPE_REF', where, `Type "${scopedName(type)}" has invalid ref: &${type.ref}`);
    return;
  }
  const isCompound = target.tag === 'Product' || target.tag === 'Sum';
  if (!isCompound || specialType(target) !== undefined) {
    const message = `${where} (&${type.ref}): type ${typeText(target)} cannot be given a name, only products and sums can`;
    context.add('NOT_VALID_FOR_DEFINITION', where, message);
    return;
  }
  const members = target.tag === 'Product' ? target.elements : target.variants;
  if (!type.customOrdering && !isInDefaultOrder(members)) {
    const message = `${where} is not annotated with a custom ordering, but uses one: ${typeText(target)}`;
    context.add('TYPE_HAS_INCORRECT_ORDERING', where, message);
  }
  checkMembers(context, members, where);
}

function checkMembers(context: ModuleContext, members: readonly NamedType[], where: string): void {
  const taken = new Set<string>();
  for (const [position, { name, type }] of members.entries()) {
    const member = `${where} element ${name === undefined ? position : `\`${name}\``}`;
    if (name === undefined) {
      context.add('NAMELESS_TYPE_ELEMENT', where, `${member}: all type elements require names`);
    } else {
      const problem = identifierProblem(name);
      if (problem !== undefined) {
        context.add('INVALID_IDENTIFIER', where, `${member}: invalid identifier: ${problem}`);
      }
      if (taken.has(name)) {
        context.add('DUPLICATE_ELEMENT_NAME', where, `${where} has two elements named \`${name}\``);
      }
      taken.add(name);
    }
    const problem = context.uses.problem(type);
    if (problem !== undefined) context.add(problem.code, where, `${member}: ${problem.message}`);
  }
}

/** Unnamed members first, then by name, bytewise. */
function isInDefaultOrder(members: readonly NamedType[]): boolean {
  return members.every(({ name }, position) => {
    const before = members[position - 1]?.name;
    if (before === undefined) return true;
    return name !== undefined && compareNames(before, name) <= 0;
  });
}
