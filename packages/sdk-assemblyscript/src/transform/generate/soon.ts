import type { ModuleModel, Procedure, Reducer } from '../module-model.ts';
import type { ValueType } from '../value-type.ts';
import type { Codecs } from './codecs.ts';

/** What `ctx.soon` can call: all but the lifecycle. */
function callables(model: ModuleModel): (Reducer | Procedure)[] {
  return [...model.reducers.filter(({ lifecycle }) => lifecycle === undefined), ...model.procedures];
}

/** A method as it is declared: `remark(text: string): void`. */
function signature({ property, parameters }: Reducer | Procedure, code: (type: ValueType) => string): string {
  return `${property}(${parameters.map((each) => `${each.property}: ${code(each.type)}`).join(', ')}): void`;
}

/** The class behind `ctx.soon`. */
export function soonSource(model: ModuleModel, codecs: Codecs): string {
  const methods = callables(model).map((callable) => {
    const writes = callable.parameters.map(({ property, type }) => codecs.write(property, type)).join(' ');
    const name = JSON.stringify(callable.name ?? callable.sourceName);
    return `${signature(callable, (type) => codecs.code(type))} { begin(); ${writes} callSoon(${name}); }`;
  });
  return `export class Soon {\n${methods.join('\n')}\n}`;
}

/** The same for the editor. */
export function soonSignatures(model: ModuleModel, code: (type: ValueType) => string): string[] {
  return callables(model).map((callable) => signature(callable, code));
}
