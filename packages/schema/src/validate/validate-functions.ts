import { type AlgebraicType, type ProductType, typeEquals, types } from '@lightcone/sats';
import type { ProcedureDef, ReducerDef } from '../module-def.ts';
import { identifierProblem } from '../names/identifier.ts';
import type { RawProcedureDefV10, RawReducerDefV10 } from '../raw/raw-v10.ts';
import { passedTypeProblem, storedTypeProblem } from '../typespace/stored-type.ts';
import { typeText } from '../typespace/type-text.ts';
import type { ModuleContext } from './module-context.ts';

export function validateReducer(context: ModuleContext, raw: RawReducerDefV10): ReducerDef {
  const name = checkFunctionName(context, raw.name, raw);
  const where = `reducer \`${name}\``;
  context.checkIdentifier(name, where);
  checkParams(context, raw.params, where);
  if (!typeEquals(raw.okReturnType, types.unit) || !typeEquals(raw.errReturnType, types.string)) {
    const found = `Result<${typeText(raw.okReturnType)}, ${typeText(raw.errReturnType)}>`;
    const message = `reducer ${name} has invalid return type: found ${found}, expected Result<(), String>`;
    context.add('INVALID_REDUCER_RETURN_TYPE', where, message);
  }
  return {
    name,
    accessorName: raw.name,
    params: raw.params,
    lifecycle: undefined,
    visibility: raw.visibility === 'Private' ? 'private' : 'clientCallable',
    okReturnType: raw.okReturnType,
    errReturnType: raw.errReturnType,
  };
}

export function validateProcedure(context: ModuleContext, raw: RawProcedureDefV10): ProcedureDef {
  const name = checkFunctionName(context, raw.name, raw);
  const where = `procedure \`${name}\``;
  context.checkIdentifier(name, where);
  checkParams(context, raw.params, where);
  checkPassedType(context, raw.returnType, where, 'return value');
  return {
    name,
    accessorName: raw.name,
    params: raw.params,
    returnType: raw.returnType,
    visibility: raw.visibility === 'Private' ? 'private' : 'clientCallable',
  };
}

function checkFunctionName(context: ModuleContext, sourceName: string, owner: object): string {
  const name = context.names.function(sourceName);
  context.takeFunctionName(name, owner);
  return name;
}

/** Parameters keep the names of the source: they are the keys of JSON arguments. */
function checkParams(context: ModuleContext, params: ProductType, where: string): void {
  const taken = new Set<string>();
  for (const [position, { name, type }] of params.elements.entries()) {
    const place = name === undefined ? `argument ${position}` : `argument ${position} (\`${name}\`)`;
    if (name === undefined) {
      context.add('NAMELESS_PARAMETER', where, `${where} ${place}: all parameters require names`);
    } else {
      const problem = identifierProblem(name);
      if (problem !== undefined)
        context.add('INVALID_IDENTIFIER', where, `${where} ${place}: invalid identifier: ${problem}`);
      if (taken.has(name)) {
        context.add('DUPLICATE_ELEMENT_NAME', where, `${where} has two parameters named \`${name}\``);
      }
      taken.add(name);
    }
    checkPassedType(context, type, where, place);
  }
}

function checkPassedType(context: ModuleContext, type: AlgebraicType, where: string, place: string): void {
  const problem = context.uses.problem(type) ?? passedTypeProblem(type, context.typespace);
  if (problem !== undefined) context.add(problem.code, where, `${where} ${place}: ${problem.message}`);
}

/** Parameters of views are kept in tables, so their types must be as finite as those of columns. */
export function checkStoredType(context: ModuleContext, type: AlgebraicType, where: string, place: string): void {
  const problem = context.uses.problem(type) ?? storedTypeProblem(type, context.typespace);
  if (problem !== undefined) context.add(problem.code, where, `${where} ${place}: ${problem.message}`);
}
