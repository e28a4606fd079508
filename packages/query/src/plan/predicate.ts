import { type ColumnAccess, type RowType, compileType } from '@lightcone/sats';
import type { CheckedComparison, CheckedExpression, ColumnValue } from '../check/check-expression.ts';
import { comparisonChain } from '../check/comparison-chain.ts';
import type { RowTuple } from '../row-tuple.ts';
import type { ComparisonOperator } from '../sql/syntax.ts';

/**
 * Whether the row at `rowStart` matches. Trusts the row's bytes, decodes nothing, allocates nothing.
 * `sender` is the caller's identity, its 32 BSATN bytes.
 */
export type Predicate = (bytes: Uint8Array, rowStart: number, sender: Uint8Array) => boolean;

const JS_OPERATOR: { readonly [operator in ComparisonOperator]: string } = {
  '=': '===',
  '<>': '!==',
  '<': '<',
  '<=': '<=',
  '>': '>',
  '>=': '>=',
};
const FLIPPED: { readonly [operator in ComparisonOperator]: ComparisonOperator } = {
  '=': '=',
  '<>': '<>',
  '<': '>',
  '<=': '>=',
  '>': '<',
  '>=': '<=',
};
/** Equality with a constant of up to so many bytes is tested in place. */
const MAX_INLINE_BYTES = 8;

/** Whether the rows of a join match, at the positions that the condition mentions. Else as `Predicate`. */
export type TuplePredicate = (tuple: RowTuple, sender: Uint8Array) => boolean;

/** Generates the function of a checked condition over one table's rows. */
export function compilePredicate(condition: CheckedExpression, row: RowType): Predicate {
  const source = new PredicateSource(() => ({ row, bytes: 'b', start: 's' }));
  return source.bind('b, s, sender', condition) as Predicate;
}

/** Generates the function of a checked condition over the rows of a join; `rows` has the row type of each position. */
export function compileTuplePredicate(condition: CheckedExpression, rows: readonly RowType[]): TuplePredicate {
  const source = new PredicateSource((table) => ({
    row: rows[table]!, // one for each table of FROM
    bytes: `t.bytes[${table}]`,
    start: `t.starts[${table}]`,
  }));
  return source.bind('t, sender', condition) as TuplePredicate;
}

type Factory = (...values: unknown[]) => unknown;

/** Makes functions of texts that were made before, by their texts: `new Function` takes longer than all else here. */
const factories = new Map<string, Factory>();
/** Texts differ as the shapes of conditions do, not their constants; whoever makes up many shapes finds an end. */
const MAX_FACTORIES = 1024;
/** A longer text, of some thirty comparisons or more, is not kept: that of the longest query has a hundred thousand characters. */
const MAX_KEPT_LENGTH = 2048;

/** Where the row of a table is, as two JavaScript expressions. */
interface RowPlace {
  readonly row: RowType;
  readonly bytes: string;
  readonly start: string;
}

/** Where an operand's bytes are, as two JavaScript expressions. */
interface Operand {
  readonly bytes: string;
  readonly start: string;
}

class PredicateSource {
  readonly #placeOf: (table: number) => RowPlace;
  /** The objects and constants that the text refers to, and what it calls them. */
  readonly #values: unknown[] = [];
  readonly #names: string[] = [];
  /** How many chains of comparisons keep what they have found so far. */
  #results = 0;

  constructor(placeOf: (table: number) => RowPlace) {
    this.#placeOf = placeOf;
  }

  /**
   * Makes the function out of its text. It is the same for conditions that differ in their constants alone, so that
   * many subscriptions share its code.
   */
  bind(parameters: string, condition: CheckedExpression): unknown {
    const test = this.condition(condition);
    const results = Array.from({ length: this.#results }, (_, i) => `let r${i};`).join(' ');
    const body = `return function matches(${parameters}) { ${results} return ${test}; };`;
    // The names are numbered, so their count says what they are.
    const key = `${this.#names.length} ${body}`;
    let factory = factories.get(key);
    if (factory === undefined) {
      // oxlint-disable-next-line typescript/no-implied-eval -- only offsets, operators and names made here reach the text
      factory = new Function(...this.#names, body) as Factory;
      if (key.length <= MAX_KEPT_LENGTH) {
        if (factories.size >= MAX_FACTORIES) factories.clear();
        factories.set(key, factory);
      }
    }
    return factory(...this.#values);
  }

  /** A JavaScript expression of a Bool's value. */
  condition(expression: CheckedExpression): string {
    switch (expression.kind) {
      case 'constant':
        return String(expression.bytes[0] === 1);
      case 'column':
        return `${this.#placeOf(expression.table).bytes}[${this.#columnStart(expression)}] === 1`;
      case 'logical': {
        const operands = expression.operands.map((operand) => this.condition(operand));
        return `(${operands.join(expression.operator === 'AND' ? ' && ' : ' || ')})`;
      }
      case 'comparison':
        return `(${this.#comparisons(expression)})`;
      case 'sender':
        throw new Error('the caller is no condition');
    }
  }

  /** Comparisons of comparisons are done one after the other: nested, many would be too deep for who reads the text. */
  #comparisons(outermost: CheckedComparison): string {
    const [innermost = outermost, ...others] = comparisonChain(outermost).toReversed();
    const first = this.#comparison(innermost);
    if (others.length === 0) return first;
    const result = `r${this.#results++}`;
    const steps = others.map(
      ({ operator, right }) => `${result} = ${result} ${JS_OPERATOR[operator]} (${this.condition(right)})`,
    );
    return [`${result} = ${first}`, ...steps].join(', ');
  }

  #comparison({ operator, left, right }: CheckedComparison): string {
    const compared = JS_OPERATOR[operator];
    if (left.type.tag === 'Bool') return `(${this.condition(left)}) ${compared} (${this.condition(right)})`;
    if (left.kind === 'sender' && right.type.tag === 'Array') {
      return this.#compareToSender(this.#operand(right), FLIPPED[operator]);
    }
    if (right.kind === 'sender' && left.type.tag === 'Array')
      return this.#compareToSender(this.#operand(left), operator);
    if (operator === '=' || operator === '<>') {
      const equality = this.#equality(left, right) ?? this.#equality(right, left);
      if (equality !== undefined) return operator === '=' ? equality : `!(${equality})`;
    }
    const type = this.#bind(compileType(left.type, []));
    const a = this.#operand(left);
    const b = this.#operand(right);
    return `${type}.compare(${a.bytes}, ${a.start}, ${b.bytes}, ${b.start}) ${compared} 0`;
  }

  #compareToSender({ bytes, start }: Operand, operator: ComparisonOperator): string {
    return `${this.#bind(compareBytesToSender)}(${bytes}, ${start}, sender) ${JS_OPERATOR[operator]} 0`;
  }

  /** A column's equality with a constant or the caller as a test of its bytes, where equal values have equal bytes. */
  #equality(side: CheckedExpression, other: CheckedExpression): string | undefined {
    if (side.kind !== 'column' || (other.kind !== 'constant' && other.kind !== 'sender')) return undefined;
    // Floats have two zeros and many NaNs.
    if (side.type.tag === 'F32' || side.type.tag === 'F64') return undefined;
    const { bytes, start } = this.#placeOf(side.table);
    const offset = this.#access(side).staticOffset;
    if (other.kind === 'constant' && offset !== undefined && other.bytes.length <= MAX_INLINE_BYTES) {
      const tests = Array.from(other.bytes, (byte, i) => `${bytes}[${start} + ${offset + i}] === ${this.#bind(byte)}`);
      return tests.join(' && ');
    }
    return `${this.#bind(startsWith)}(${bytes}, ${this.#columnStart(side)}, ${this.#operand(other).bytes})`;
  }

  #operand(expression: CheckedExpression): Operand {
    switch (expression.kind) {
      case 'column':
        return { bytes: this.#placeOf(expression.table).bytes, start: this.#columnStart(expression) };
      case 'constant':
        return { bytes: this.#bind(expression.bytes), start: '0' };
      case 'sender':
        return { bytes: 'sender', start: '0' };
      case 'comparison':
      case 'logical':
        throw new Error('a Bool is compared as a condition');
    }
  }

  #columnStart(column: ColumnValue): string {
    const { bytes, start } = this.#placeOf(column.table);
    const access = this.#access(column);
    if (access.staticOffset !== undefined) return `${start} + ${access.staticOffset}`;
    return `${this.#bind(access)}.start(${bytes}, ${start})`;
  }

  #access({ table, column }: ColumnValue): ColumnAccess {
    return this.#placeOf(table).row.columns[column]!; // the scope resolved it in this table
  }

  #bind(value: unknown): string {
    // Numbers are constants of the query: one that occurs twice must not make another text.
    const known = typeof value === 'number' ? -1 : this.#values.indexOf(value);
    if (known >= 0) return this.#names[known]!; // the lists grow together
    const name = `v${this.#values.length}`;
    this.#values.push(value);
    this.#names.push(name);
    return name;
  }
}

/**
 * Whether the value at `start` is the one whose BSATN is `value`. A value's bytes say where it ends, so one that
 * starts with these bytes is these bytes.
 */
function startsWith(bytes: Uint8Array, start: number, value: Uint8Array): boolean {
  for (let i = 0; i < value.length; i++) if (bytes[start + i] !== value[i]) return false;
  return true;
}

/** Orders the byte string at `start` (with its length before it) and the bytes of the caller's identity. */
function compareBytesToSender(bytes: Uint8Array, start: number, sender: Uint8Array): number {
  const length =
    (bytes[start]! | (bytes[start + 1]! << 8) | (bytes[start + 2]! << 16) | (bytes[start + 3]! << 24)) >>> 0; // a valid row has them
  const common = Math.min(length, sender.length);
  for (let i = 0; i < common; i++) {
    const difference = bytes[start + 4 + i]! - sender[i]!; // below both lengths
    if (difference !== 0) return difference;
  }
  return length - sender.length;
}
