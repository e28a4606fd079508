import { type ClassDeclaration, type DecoratorNode, FieldDeclaration, type Source } from 'assemblyscript';
import { DecoratorOptions } from './decorator-options.ts';
import { findDecorator, findDecorators } from './decorators.ts';
import { encodeDefault } from './default-value.ts';
import { literalOf } from './literal.ts';
import type { Index, IndexAlgorithm, Table } from '../module-model.ts';
import type { ModuleNames } from '../module-names.ts';
import { STATIC, type TypeReader } from './read-types.ts';
import type { Report } from '../report.ts';
import { type Field, type ProductDeclaration, typeCode, type ValueType } from '../value-type.ts';

const integers = new Set(['i8', 'u8', 'i16', 'u16', 'i32', 'u32', 'i64', 'u64', 'i128', 'u128', 'i256', 'u256']);
const algorithms: readonly string[] = ['btree', 'hash', 'direct'] satisfies IndexAlgorithm[];

const keys = 'bool, integers, string, Identity, ConnectionId, Timestamp, TimeDuration, Uuid and enums';

/** What has an obvious equality and order, as in Rust: nearly equal numbers are no keys, nor is what has parts. */
function isKey(type: ValueType): boolean {
  switch (type.kind) {
    case 'scalar':
      return type.name !== 'f32' && type.name !== 'f64';
    case 'fixed':
      return type.name !== 'ScheduleAt';
    case 'named':
      return type.declared.kind === 'enum';
    default:
      return type.kind === 'string';
  }
}

/** Reads the tables that one class declares: a class may carry several @table. */
export function readTables(
  declaration: ClassDeclaration,
  source: Source,
  types: TypeReader,
  names: ModuleNames,
  report: Report,
): Table[] {
  const row = types.readDeclaration(declaration, source);
  if (row?.kind !== 'product') return [];
  if (row.fields.length === 0) report.error(declaration.name.range, `the table ${row.name} has no columns`);
  const reader = new TableReader(declaration, row, names, report);
  return findDecorators(declaration, 'table').map((decorator) => reader.read(decorator));
}

class TableReader {
  readonly #declaration: ClassDeclaration;
  readonly #row: ProductDeclaration;
  readonly #names: ModuleNames;
  readonly #report: Report;

  constructor(declaration: ClassDeclaration, row: ProductDeclaration, names: ModuleNames, report: Report) {
    this.#declaration = declaration;
    this.#row = row;
    this.#names = names;
    this.#report = report;
  }

  read(decorator: DecoratorNode): Table {
    const options = new DecoratorOptions(
      decorator,
      ['accessor', 'name', 'access', 'event', 'scheduled', 'scheduledAt'],
      this.#report,
    );
    const className = this.#declaration.name.text;
    const property = options.string('accessor') ?? className.charAt(0).toLowerCase() + className.slice(1);
    const accessor = this.#names.name(property);
    const primaryKeys = this.#columnsWith('primaryKey');
    if (primaryKeys.length > 1) {
      const second = this.#row.fields[primaryKeys[1] as number] as Field;
      this.#report.error(second.range, `${className} has two primary keys; a table has at most one, of one column`);
    }
    const uniqueColumns = this.#row.fields.map((_, at) => at).filter((at) => this.#isUnique(at));
    return {
      property,
      accessor,
      name: options.string('name'),
      row: this.#row,
      isPublic: this.#isPublic(options),
      isEvent: options.boolean('event') ?? false,
      primaryKey: primaryKeys[0],
      indexes: this.#indexes(accessor, uniqueColumns),
      uniqueColumns,
      autoIncColumns: this.#autoIncColumns(),
      defaults: this.#defaults(),
      schedule: this.#schedule(options, decorator),
      range: this.#declaration.name.range,
    };
  }

  #isPublic(options: DecoratorOptions): boolean {
    const access = options.string('access') ?? 'private';
    const range = options.rangeOf('access') ?? this.#declaration.name.range;
    if (access !== 'public' && access !== 'private') this.#report.error(range, 'access is "public" or "private"');
    return access === 'public';
  }

  /** The declarations of the columns; a column of an unsupported type has none in the row. */
  #member(column: number): FieldDeclaration | undefined {
    const property = this.#row.fields[column]?.property;
    return this.#declaration.members.find(
      (member): member is FieldDeclaration =>
        member instanceof FieldDeclaration && !member.is(STATIC) && member.name.text === property,
    );
  }

  #decorator(column: number, name: string): DecoratorNode | undefined {
    const member = this.#member(column);
    return member && findDecorator(member, name);
  }

  #columnsWith(name: string): number[] {
    return this.#row.fields.map((_, at) => at).filter((at) => this.#decorator(at, name) !== undefined);
  }

  #isUnique(column: number): boolean {
    return (this.#decorator(column, 'unique') ?? this.#decorator(column, 'primaryKey')) !== undefined;
  }

  #columnName(column: number): string {
    return `${this.#declaration.name.text}.${this.#row.fields[column]?.property}`;
  }

  #indexes(table: string, uniqueColumns: readonly number[]): Index[] {
    const indexes: Index[] = [];
    for (const decorator of findDecorators(this.#declaration, 'index')) {
      const index = this.#classIndex(decorator, table);
      if (index !== undefined) indexes.push(index);
    }
    this.#row.fields.forEach((field, column) => {
      const decorator = this.#decorator(column, 'index');
      if (decorator === undefined) return;
      const options = new DecoratorOptions(decorator, ['accessor', 'name', 'algorithm'], this.#report);
      const property = options.string('accessor') ?? field.property;
      indexes.push(this.#index(table, property, this.#algorithm(options), [column], options.string('name')));
    });
    // A unique column has an index, whose algorithm may be said.
    for (const column of uniqueColumns) {
      const declared = indexes.findIndex((index) => index.columns.length === 1 && index.columns[0] === column);
      if (declared !== -1) indexes[declared] = { ...(indexes[declared] as Index), isUnique: true };
      else {
        const property = (this.#row.fields[column] as Field).property;
        indexes.push({ ...this.#index(table, property, 'btree', [column]), isUnique: true });
      }
    }
    this.#checkAccessors(indexes);
    // In the order of the official Rust crate: the unique ones first.
    return [...indexes.filter((index) => index.isUnique), ...indexes.filter((index) => !index.isUnique)];
  }

  #classIndex(decorator: DecoratorNode, table: string): Index | undefined {
    const options = new DecoratorOptions(decorator, ['accessor', 'name', 'algorithm', 'columns'], this.#report);
    const properties = options.strings('columns') ?? [];
    const accessor = options.string('accessor');
    const className = this.#declaration.name.text;
    if (accessor === undefined || properties.length === 0) {
      this.#report.error(decorator.range, `the @index of ${className} needs an accessor and columns`);
      return undefined;
    }
    const columns: number[] = [];
    for (const property of properties) {
      const column = this.#row.fields.findIndex((field) => field.property === property);
      const range = options.rangeOf('columns') ?? decorator.range;
      if (column === -1) this.#report.error(range, `the index "${accessor}": ${className} has no column "${property}"`);
      else if (columns.includes(column)) {
        this.#report.error(range, `the index "${accessor}" names the column "${property}" twice`);
      } else columns.push(column);
    }
    return this.#index(table, accessor, this.#algorithm(options), columns, options.string('name'));
  }

  #algorithm(options: DecoratorOptions): IndexAlgorithm {
    const algorithm = options.string('algorithm') ?? 'btree';
    if (!algorithms.includes(algorithm)) {
      const range = options.rangeOf('algorithm') ?? this.#declaration.name.range;
      this.#report.error(range, `there is no index algorithm "${algorithm}"; there are ${algorithms.join(', ')}`);
    }
    return algorithm as IndexAlgorithm;
  }

  #index(table: string, property: string, algorithm: IndexAlgorithm, columns: readonly number[], name?: string): Index {
    const fields = columns.map((column) => this.#row.fields[column] as Field);
    for (const field of fields) {
      const isEnum = field.type.kind === 'named' && field.type.declared.kind === 'enum';
      const isDirect = field.type.kind === 'scalar' && /^u(8|16|32|64)$/.test(field.type.name);
      if (algorithm === 'direct' && (fields.length > 1 || !(isDirect || isEnum))) {
        this.#report.error(field.range, 'a direct index is over one column of type u8, u16, u32, u64 or an enum');
      }
      if (!isKey(field.type)) {
        const type = typeCode(field.type, ({ localName }) => localName);
        this.#report.error(
          field.range,
          `${field.property} is ${type}, which no index can be over; ${keys} can be keys`,
        );
      }
    }
    const columnNames = fields.map((field) => field.name).join('_');
    return {
      property,
      accessor: this.#names.name(property),
      sourceName: `${table}_${columnNames}_idx_${algorithm}`,
      name,
      algorithm,
      columns,
      isUnique: false,
    };
  }

  /** Handles of indexes stand beside the methods of the table's handle. */
  #checkAccessors(indexes: readonly Index[]): void {
    const taken = new Set(['insert', 'tryInsert', 'delete', 'clear', 'count', 'iter', 'bytesOf']);
    const sourceNames = new Set<string>();
    for (const { property, columns, sourceName, algorithm } of indexes) {
      const range = this.#row.fields[columns[0] ?? 0]?.range ?? this.#declaration.name.range;
      if (taken.has(property)) {
        const table = this.#declaration.name.text;
        this.#report.error(range, `${table} has two things called "${property}"; give the index another accessor`);
      }
      taken.add(property);
      if (sourceNames.has(sourceName)) {
        const table = this.#declaration.name.text;
        this.#report.error(range, `${table} has two ${algorithm} indexes over the same columns; one is enough`);
      }
      sourceNames.add(sourceName);
    }
  }

  #autoIncColumns(): number[] {
    const columns = this.#columnsWith('autoInc');
    for (const column of columns) {
      const { type, range } = this.#row.fields[column] as Field;
      const isInteger = (type.kind === 'scalar' || type.kind === 'fixed') && integers.has(type.name);
      if (!isInteger) this.#report.error(range, `${this.#columnName(column)} counts up, so it must be an integer`);
    }
    return columns;
  }

  #defaults(): Table['defaults'] {
    return this.#columnsWith('defaultValue').flatMap((column) => {
      const decorator = this.#decorator(column, 'defaultValue') as DecoratorNode;
      const argument = decorator.args?.[0];
      const literal = argument && literalOf(argument);
      const bytes =
        literal === undefined ? undefined : encodeDefault(literal, (this.#row.fields[column] as Field).type);
      if (bytes !== undefined) return [{ column, bytes }];
      const what = `the default of ${this.#columnName(column)}`;
      this.#report.error(decorator.range, `${what} must be a literal value of the column's type`);
      return [];
    });
  }

  #schedule(options: DecoratorOptions, decorator: DecoratorNode): Table['schedule'] {
    const functionName = options.string('scheduled');
    if (functionName === undefined) return undefined;
    const className = this.#declaration.name.text;
    const isScheduleAt = (field: Field): boolean => field.type.kind === 'fixed' && field.type.name === 'ScheduleAt';
    const property = options.string('scheduledAt');
    const column = this.#row.fields.findIndex(
      (field) => isScheduleAt(field) && (property === undefined || field.property === property),
    );
    if (column === -1) {
      this.#report.error(decorator.range, `the scheduled table ${className} needs a column of type ScheduleAt`);
    }
    const key = this.#row.fields[this.#columnsWith('primaryKey')[0] ?? -1];
    if (key?.type.kind !== 'scalar' || key.type.name !== 'u64') {
      this.#report.error(decorator.range, `the scheduled table ${className} needs a primary key of type u64`);
    }
    const range = options.rangeOf('scheduled') ?? decorator.range;
    return { column, functionName: this.#names.name(functionName), range };
  }
}
