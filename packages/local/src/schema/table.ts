import type { FieldValue } from '../change.ts';
import { LocalError } from '../errors.ts';
import type { RowReader } from '../sql/sql.ts';
import type { Column, ColumnCodec } from './column.ts';
import { validated } from './validated.ts';

// Any column, whatever its types: a type parameter's bound, never a value's type.
// oxlint-disable-next-line typescript/no-explicit-any
export type Columns = Record<string, Column<any, 'required' | 'optional'>>;

export interface TableOptions<Names extends string> {
  /** Property names, each list an index. References have one anyway. */
  readonly indexes?: readonly (readonly Names[])[];
  /** Neither logged nor synced. */
  readonly local?: boolean;
  /** The field of the log that says whether an entity is deleted, `_deleted` unless said. */
  readonly tombstone?: string;
  /** What a deletion does to an edit made elsewhere at the same time, with a later stamp. */
  readonly concurrentEdit?: 'deletion-wins' | 'edit-revives';
}

/** A column as the database uses it. */
export interface TableColumn {
  readonly property: string;
  readonly name: string;
  readonly column: Column<unknown, 'required' | 'optional'>;
  readonly codec: ColumnCodec<unknown>;
  readonly isRequired: boolean;
  /** The encoded default, null where there is none. */
  readonly defaultValue: FieldValue;
}

/** One object type, as it is shown in editors, instead of an intersection. */
type Flat<T> = { [Name in keyof T]: T[Name] };

/** A row as it is read: every column, and the id. */
export type Row<C extends Columns> = Flat<{ id: string } & { -readonly [Name in keyof C]: C[Name]['value'] }>;

type RequiredNames<C extends Columns> = {
  [Name in keyof C]: C[Name]['given'] extends 'required' ? Name : never;
}[keyof C];

/** A row as it is saved: without an id it is a new one; columns with a default and optional ones may be left out. */
export type NewRow<C extends Columns> = Flat<
  { id?: string | undefined } & { -readonly [Name in RequiredNames<C>]: C[Name]['value'] } & {
    -readonly [Name in Exclude<keyof C, RequiredNames<C>>]?: C[Name]['value'] | undefined;
  }
>;

/** What an update sets; what is absent or `undefined` stays as it is. */
export type Patch<C extends Columns> = { -readonly [Name in keyof C]?: C[Name]['value'] | undefined };

/** A declared table: what `defineSchema` is given, and what reads rows in `sql.as(table)`. */
export class Table<C extends Columns = Columns> implements RowReader<Row<C>> {
  /** Without `id`. */
  readonly columns: readonly TableColumn[];
  /** The names of `columns`. */
  readonly columnNames: readonly string[];
  readonly columnsByName: ReadonlyMap<string, TableColumn>;
  readonly isLocal: boolean;
  readonly tombstone: string;
  readonly editRevives: boolean;
  /** Column names. */
  readonly indexes: readonly (readonly string[])[];
  readonly bigInts: boolean;
  readonly #columnsByProperty: ReadonlyMap<string, TableColumn>;
  readonly #isPlain: boolean;

  constructor(columns: C, options: TableOptions<string & keyof C>) {
    this.columns = Object.entries(columns).map(([property, column]) => tableColumn(property, column));
    this.columnNames = this.columns.map(({ name }) => name);
    this.#columnsByProperty = new Map(this.columns.map((column) => [column.property, column]));
    this.columnsByName = new Map(this.columns.map((column) => [column.name, column]));
    if (this.columnsByName.size !== this.columns.length)
      throw new LocalError('LOCAL_INVALID_SCHEMA', 'two properties of a table have the same column name');
    if (this.columnsByName.has('id'))
      throw new LocalError('LOCAL_INVALID_SCHEMA', 'every table has a text column "id" already: leave it out');
    this.isLocal = options.local ?? false;
    this.tombstone = options.tombstone ?? '_deleted';
    this.editRevives = options.concurrentEdit === 'edit-revives';
    this.indexes = (options.indexes ?? []).map((properties) =>
      properties.map((property) => this.#mustFind(property).name),
    );
    this.bigInts = this.columns.some(({ codec }) => codec.bigInts);
    this.#isPlain = this.columns.every(({ codec, property, name }) => codec.isPlain && property === name);
  }

  /** A row of SQLite as one of the application; columns that the query did not select are absent. */
  readRow(stored: Record<string, FieldValue>): Row<C> {
    if (this.#isPlain && !this.bigInts) return stored as Row<C>;
    const row: Record<string, unknown> = {};
    for (const name in stored) {
      const value = stored[name]!;
      const column = this.columnsByName.get(name);
      if (column === undefined) row[name] = typeof value === 'bigint' ? Number(value) : value;
      else row[column.property] = value === null ? null : column.codec.decode(value);
    }
    return row as Row<C>;
  }

  /** The row with these encoded values, one for each of `columns`. */
  rowOf(id: string, values: readonly FieldValue[]): Row<C> {
    const row: Record<string, unknown> = { id };
    for (let i = 0; i < this.columns.length; i++) {
      const value = values[i]!;
      const { property, codec } = this.columns[i]!;
      row[property] = value === null ? null : codec.decode(value);
    }
    return row as Row<C>;
  }

  /**
   * `value` of the application as SQLite stores it, after the column's check.
   * @param what names the row in messages
   */
  encode(column: TableColumn, value: unknown, what: string): FieldValue {
    if (value === null) {
      if (column.column.options.isOptional) return null;
      throw new LocalError('LOCAL_INVALID_VALUE', `${what}: "${column.property}" is null; it is not optional()`);
    }
    const { validator } = column.column.options;
    const checked = validator === undefined ? value : validated(validator, value, `${what}: "${column.property}"`);
    const encoded = column.codec.encode(checked);
    if (encoded === undefined)
      throw new LocalError(
        'LOCAL_INVALID_VALUE',
        `${what}: "${column.property}" is ${describe(checked)}; expected ${column.codec.expected}`,
      );
    return encoded;
  }

  /** @throws LocalError `LOCAL_INVALID_VALUE` if a property is no column */
  checkProperties(values: object, what: string): void {
    for (const property in values)
      if (property !== 'id' && !this.#columnsByProperty.has(property))
        throw new LocalError('LOCAL_INVALID_VALUE', `${what}: there is no column "${property}"`);
  }

  #mustFind(property: string): TableColumn {
    const column = this.#columnsByProperty.get(property);
    if (column === undefined)
      throw new LocalError('LOCAL_INVALID_SCHEMA', `an index names "${property}", which is no property of its table`);
    return column;
  }
}

/** A table of a schema. */
export function table<const C extends Columns>(columns: C, options: TableOptions<string & keyof C> = {}): Table<C> {
  return new Table(columns, options);
}

function tableColumn(property: string, column: Column<unknown, 'required' | 'optional'>): TableColumn {
  const { isOptional, defaultValue, columnName } = column.options;
  return {
    property,
    name: columnName ?? property,
    column,
    codec: column.codec,
    isRequired: !isOptional && defaultValue === undefined,
    defaultValue: defaultValue === undefined ? null : column.codec.encode(defaultValue)!,
  };
}

function describe(value: unknown): string {
  if (value === null || typeof value === 'number' || typeof value === 'boolean') return String(value);
  return typeof value === 'object' ? (value.constructor?.name ?? 'an object') : `a ${typeof value}`;
}
