import type { FieldValue } from '../change.ts';
import { LocalError } from '../errors.ts';
import { quoted } from './identifier.ts';

/** What may stand in a tagged template: it is bound, never pasted. Whole numbers bind as INTEGER, booleans as 0 and 1. */
export type SqlParameter = FieldValue | boolean | Date | undefined | SqlFragment<unknown>;

/** Reads the rows of a query as those of a declared table: see `Table`. */
export interface RowReader<Row> {
  readonly bigInts: boolean;
  readRow(row: Record<string, FieldValue>): Row;
}

/**
 * A piece of SQL with its values, made by `sql`. Pieces nest; what is not a piece is bound as a value.
 * `Row` is what a query returns: say it with `.as(table)`, which also converts, or `.as<Row>()`, which only types.
 */
export class SqlFragment<Row = Record<string, FieldValue>> {
  readonly text: string;
  readonly values: readonly FieldValue[];
  readonly reader: RowReader<Row> | undefined;

  constructor(text: string, values: readonly FieldValue[], reader?: RowReader<Row>) {
    this.text = text;
    this.values = values;
    this.reader = reader;
  }

  as<Other>(reader?: RowReader<Other>): SqlFragment<Other> {
    return new SqlFragment<Other>(this.text, this.values, reader);
  }
}

/** A query that another tool compiled, e.g. Kysely. */
export interface CompiledQuery {
  readonly sql: string;
  readonly parameters: readonly unknown[];
}

/**
 * ``sql`SELECT * FROM Album WHERE artist_id = ${id}` ``: SQL whose values are bound.
 * @throws LocalError `LOCAL_INVALID_VALUE` for what SQLite has no kind for
 */
function fragment(strings: TemplateStringsArray, ...parameters: SqlParameter[]): SqlFragment {
  let text = strings[0]!;
  const values: FieldValue[] = [];
  for (let i = 0; i < parameters.length; i++) {
    const parameter = parameters[i];
    if (parameter instanceof SqlFragment) {
      text += parameter.text;
      values.push(...parameter.values);
    } else {
      text += '?';
      values.push(bound(parameter));
    }
    text += strings[i + 1]!;
  }
  return new SqlFragment(text, values);
}

/** The template and what helps to build with it. */
export interface Sql {
  (strings: TemplateStringsArray, ...parameters: SqlParameter[]): SqlFragment;
  /** A quoted name of a table or column. Names of a schema need no quotes in the text of a template. */
  id(...path: string[]): SqlFragment;
  /** Pieces or values with a separator between them; no pieces make no text. */
  join(parts: readonly SqlParameter[], separator?: string): SqlFragment;
  /** Text that is SQL already. Never what a user typed. */
  raw(text: string): SqlFragment;
}

export const sql: Sql = Object.assign(fragment, {
  id: (...path: string[]) => new SqlFragment(path.map(quoted).join('.'), []),
  join: (parts: readonly SqlParameter[], separator = ', ') => {
    const pieces = parts.map((part) => (part instanceof SqlFragment ? part : fragment`${part}`));
    return new SqlFragment(
      pieces.map(({ text }) => text).join(separator),
      pieces.flatMap(({ values }) => values),
    );
  },
  raw: (text: string) => new SqlFragment(text, []),
});

/** `query` with its values bound, whichever tool made it. */
export function fragmentOf<Row>(query: SqlFragment<Row> | CompiledQuery): SqlFragment<Row> {
  return query instanceof SqlFragment ? query : new SqlFragment<Row>(query.sql, query.parameters.map(bound));
}

function bound(value: unknown): FieldValue {
  switch (typeof value) {
    case 'string':
    case 'bigint':
      return value;
    case 'number':
      return Number.isSafeInteger(value) ? BigInt(value) : value;
    case 'boolean':
      return value ? 1n : 0n;
    case 'undefined':
      return null;
    default:
      if (value === null || value instanceof Uint8Array) return value;
      if (value instanceof Date) return BigInt(value.getTime());
      throw new LocalError(
        'LOCAL_INVALID_VALUE',
        `a ${typeof value} cannot be bound in SQL: expected null, a string, number, bigint, boolean, Date or Uint8Array`,
      );
  }
}
