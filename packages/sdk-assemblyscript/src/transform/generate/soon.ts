import type { ModuleModel, Procedure, Reducer } from '../module-model.ts';
import type { ValueType } from '../value-type.ts';
import type { Codecs } from './codecs.ts';

/** What `ctx.soon` can call: all but the lifecycle. */
function callables(model: ModuleModel): (Reducer | Procedure)[] {
  return [...model.reducers.filter(({ lifecycle }) => lifecycle === undefined), ...model.procedures];
}

/** The class behind `ctx.soon`. Arguments are numbered, as a name of the module could hide a function that is called. */
export function soonSource(model: ModuleModel, codecs: Codecs): string {
  const methods = callables(model).map(({ property, parameters, name, sourceName }) => {
    const declared = parameters.map(({ type }, at) => `a${at}: ${codecs.code(type)}`).join(', ');
    const writes = parameters.map(({ type }, at) => codecs.write(`a${at}`, type)).join(' ');
    const called = JSON.stringify(name ?? sourceName);
    return `${property}(${declared}): void { begin(); ${writes} callSoon(${called}); }`;
  });
  return `export class Soon {\n${methods.join('\n')}\n}`;
}

/** Its methods for the editor: `remark(text: string): void`. */
export function soonSignatures(model: ModuleModel, code: (type: ValueType) => string): string[] {
  return callables(model).map(({ property, parameters }) => {
    return `${property}(${parameters.map((each) => `${each.property}: ${code(each.type)}`).join(', ')}): void`;
  });
}
