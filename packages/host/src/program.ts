// What can be said of a program, and to a program, without loading what runs one.
export { DEFAULT_LIMITS } from './module-limits.ts';
export type { ModuleLimits } from './module-limits.ts';
export { COMPONENT_REFUSAL, programKind } from './wasm/program-kind.ts';
export type { ProgramKind } from './wasm/program-kind.ts';
