import { type DecoratorNode, type Expression, ObjectLiteralExpression, type Range } from 'assemblyscript';
import { decoratorName } from './decorators.ts';
import { type Literal, literalOf } from './literal.ts';
import type { Report } from '../report.ts';

/** The object literal that a decorator is given, as in `@table({ public: true })`. */
export class DecoratorOptions {
  readonly #name: string;
  readonly #report: Report;
  readonly #expressions: ReadonlyMap<string, Expression>;

  constructor(decorator: DecoratorNode, known: readonly string[], report: Report) {
    this.#name = decoratorName(decorator);
    this.#report = report;
    const argument = decorator.args?.[0];
    const literal = argument instanceof ObjectLiteralExpression ? literalOf(argument) : undefined;
    if (argument !== undefined && !(literal instanceof Map)) {
      report.error(argument.range, `@${this.#name} takes an object: @${this.#name}({ ${known[0]}: … })`);
    }
    this.#expressions = literal instanceof Map ? (literal as Map<string, Expression>) : new Map();
    for (const [name, expression] of this.#expressions) {
      if (!known.includes(name)) {
        report.error(expression.range, `@${this.#name} has no option "${name}"; it has ${known.join(', ')}`);
      }
    }
  }

  rangeOf(option: string): Range | undefined {
    return this.#expressions.get(option)?.range;
  }

  string(option: string): string | undefined {
    return this.#read(option, 'a string', (value) => (typeof value === 'string' ? value : undefined));
  }

  boolean(option: string): boolean | undefined {
    return this.#read(option, 'true or false', (value) => (typeof value === 'boolean' ? value : undefined));
  }

  strings(option: string): readonly string[] | undefined {
    return this.#read(option, 'a list of strings', (value) =>
      Array.isArray(value) && value.every((each) => typeof each === 'string') ? (value as string[]) : undefined,
    );
  }

  #read<T>(option: string, expected: string, check: (value: Literal) => T | undefined): T | undefined {
    const expression = this.#expressions.get(option);
    if (expression === undefined) return undefined;
    const literal = literalOf(expression);
    const value = literal === undefined ? undefined : check(literal);
    if (value === undefined) this.#report.error(expression.range, `@${this.#name}: "${option}" must be ${expected}`);
    return value;
  }
}
