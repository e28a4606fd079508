import { SchemaError, type SchemaProblem, type SchemaProblemCode } from '../errors.ts';

/** More would be read by nobody, and names in messages are as long as the module likes. */
const MAX_PROBLEMS = 1000;
const MAX_MESSAGE_LENGTH = 2000;

/** Collects what is wrong with a definition, so that its author sees everything at once. */
export class Problems {
  readonly #found: Map<string, SchemaProblem>;
  readonly #prefix: string;

  constructor(prefix = '', found: Map<string, SchemaProblem> = new Map()) {
    this.#prefix = prefix;
    this.#found = found;
  }

  /** Problems of a submodule, kept with those of the whole. */
  within(namespace: string): Problems {
    return new Problems(`${this.#prefix}${namespace}.`, this.#found);
  }

  add(code: SchemaProblemCode, where: string, message: string): void {
    if (this.#found.size >= MAX_PROBLEMS) return;
    const problem = {
      code,
      message: clip(this.#prefix === '' ? message : `submodule ${this.#prefix.slice(0, -1)}: ${message}`),
      where: clip(this.#prefix + where),
    };
    this.#found.set(JSON.stringify([problem.where, code, problem.message]), problem);
  }

  /** @throws SchemaError `SCHEMA_INVALID` when there are problems */
  throwIfAny(): void {
    if (this.#found.size === 0) return;
    const sorted = [...this.#found.values()].sort(
      (a, b) => order(a.where, b.where) || order(a.code, b.code) || order(a.message, b.message),
    );
    throw new SchemaError('SCHEMA_INVALID', sorted.map((problem) => problem.message).join('\n'), sorted);
  }
}

function clip(text: string): string {
  return text.length <= MAX_MESSAGE_LENGTH ? text : `${text.slice(0, MAX_MESSAGE_LENGTH)}…`;
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
