import type { Index, Table } from '../module-model.ts';
import type { Field, ValueType } from '../value-type.ts';
import type { Codecs } from './codecs.ts';

/** The source of the handles behind `ctx.db` and `ctx.from`: one class for each table and index, and one for the rows of a scan. */
export function tableHandles(tables: readonly Table[], codecs: Codecs): string {
  const handles = tables.map((table) => new TableHandle(table, codecs).source());
  const properties = tables.map(
    (table) => `get ${table.property}(): ${className(table)} { return ${instance(table)}; }`,
  );
  const instances = tables.map((table) => `const ${instance(table)} = new ${className(table)}();`);
  const queries = tables.map((table) => {
    const type = `QueryTable<${table.row.code}>`;
    const sql = `SELECT * FROM "${table.accessor}"`;
    return `get ${table.property}(): ${type} { return new ${type}(${JSON.stringify(sql)}); }`;
  });
  const db = `export class Db {\n${properties.join('\n')}\n}`;
  const from = `export class From {\n${queries.join('\n')}\n}`;
  return [...handles, ...instances, db, from].join('\n');
}

function className(table: Table): string {
  return `Table_${table.accessor}`;
}

function instance(table: Table): string {
  return `table_${table.accessor}`;
}

class TableHandle {
  readonly #table: Table;
  readonly #codecs: Codecs;
  readonly #row: ValueType;
  readonly #rowCode: string;

  constructor(table: Table, codecs: Codecs) {
    this.#table = table;
    this.#codecs = codecs;
    this.#row = { kind: 'named', declared: table.row };
    this.#rowCode = table.row.code;
  }

  get #rows(): string {
    return `Rows_${this.#table.accessor}`;
  }

  source(): string {
    const { accessor, indexes } = this.#table;
    const write = this.#codecs.write('row', this.#row);
    const row = this.#rowCode;
    const properties = indexes.map(
      (index) => `readonly ${index.property}: ${this.#indexClass(index)} = ${this.#access(index)};`,
    );
    const generated = this.#generatedColumns();
    return `
@final export class ${this.#rows} extends Rows<${row}> {
  next(): bool {
    if (!this.beginRow()) return false;
    this.row = ${this.#codecs.read(this.#row)};
    this.endRow();
    return true;
  }
}
function generated_${accessor}(row: ${row}): void { ${generated} }
@final export class ${className(this.#table)} extends TableAccess {
  ${properties.join('\n  ')}
  constructor() { super(${JSON.stringify(accessor)}); }
  insert(row: ${row}): ${row} { begin(); ${write} this.$insertWritten(); generated_${accessor}(row); return row; }
  tryInsert(row: ${row}): bool { begin(); ${write} if (!this.$tryInsertWritten()) return false; generated_${accessor}(row); return true; }
  delete(row: ${row}): bool { begin(); writeLength(1); ${write} return this.$deleteWritten() != 0; }
  bytesOf(row: ${row}): Uint8Array {
    begin(); ${write}
    const bytes = new Uint8Array(<i32>writtenLength());
    memory.copy(bytes.dataStart, written(), writtenLength());
    return bytes;
  }
  iter(): ${this.#rows} { return new ${this.#rows}(this.$openScan()); }
}
${indexes.map((index) => this.#index(index)).join('\n')}`;
  }

  /** The host tells the values of the columns that count up, of those that were 0. */
  #generatedColumns(): string {
    const columns = this.#table.autoIncColumns.map((column) => this.#field(column));
    return columns
      .map(({ property, type }) => {
        const zero = type.kind === 'fixed' ? `row.${property}.equals(new ${type.name}())` : `row.${property} == 0`;
        return `if (${zero}) row.${property} = ${this.#codecs.read(type)};`;
      })
      .join(' ');
  }

  #field(column: number): Field {
    return this.#table.row.fields[column] as Field;
  }

  #indexClass(index: Index): string {
    return `Index_${index.sourceName}`;
  }

  #index(index: Index): string {
    const name = this.#indexClass(index);
    const columns = index.columns.map((column) => this.#field(column));
    const isOrdered = index.algorithm !== 'hash';
    const point = index.isUnique ? this.#unique(columns[0] as Field) : this.#points(columns);
    const ranges = isOrdered ? this.#ranges(index, columns, 0) : '';
    const deeper = isOrdered ? columns.slice(1).map((_, at) => this.#prefix(index, columns, at + 1)) : [];
    return `
@final export class ${name} extends IndexAccess {
  constructor() { super(${JSON.stringify(index.sourceName)}); }
  ${point}
  ${ranges}
}
const ${this.#access(index)} = new ${name}();
${deeper.join('\n')}`;
  }

  /** The index as it stands when its first `depth` columns are given. */
  #prefix(index: Index, columns: readonly Field[], depth: number): string {
    const given = columns.slice(0, depth);
    const fields = given.map(({ type }, at) => `readonly c${at}: ${this.#codecs.code(type)}`).join(', ');
    const access = this.#access(index);
    const last = given[depth - 1] as Field;
    const before = given
      .slice(0, -1)
      .map(({ type }, at) => this.#codecs.write(`this.c${at}`, type))
      .join(' ');
    const point = `begin(); ${before} ${access}.$beginLowerIncluded(); ${this.#codecs.write(`this.c${depth - 1}`, last.type)} ${access}.$upperSameAsLower();`;
    const rows = this.#rows;
    return `
@final export class ${this.#indexClass(index)}_${depth} {
  constructor(${fields}) {}
  iter(): ${rows} { ${point} return new ${rows}(${access}.$openRange(${depth - 1})); }
  deleteAll(): u32 { ${point} return ${access}.$deleteRange(${depth - 1}); }
  ${this.#ranges(index, columns, depth)}
}`;
  }

  #access(index: Index): string {
    return `access_${index.sourceName}`;
  }

  #unique({ type, property }: Field): string {
    const key = this.#codecs.code(type);
    const row = this.#rowCode;
    const { accessor } = this.#table;
    return `find(key: ${key}): ${row} | null {
    begin(); ${this.#codecs.write('key', type)}
    if (!readOnlyRow(this.$openPoint())) return null;
    return ${this.#codecs.read(this.#row)};
  }
  update(row: ${row}): ${row} {
    begin(); ${this.#codecs.write('row', this.#row)}
    ${instance(this.#table)}.$updateWritten(this.$id);
    generated_${accessor}(row);
    return row;
  }
  insertOrUpdate(row: ${row}): ${row} {
    begin(); ${this.#codecs.write(`row.${property}`, type)}
    return readOnlyRow(this.$openPoint()) ? this.update(row) : ${instance(this.#table)}.insert(row);
  }
  delete(key: ${key}): bool { begin(); ${this.#codecs.write('key', type)} return this.$deletePoint() != 0; }`;
  }

  /** Rows whose whole key is given. */
  #points(columns: readonly Field[]): string {
    const parameters = this.#parameters(columns);
    const writes = this.#writes(columns);
    return `filter(${parameters}): ${this.#rows} { begin(); ${writes} return new ${this.#rows}(this.$openPoint()); }
  delete(${parameters}): u32 { begin(); ${writes} return this.$deletePoint(); }`;
  }

  /** Numbered, as the name of a column could hide a function that is called. */
  #parameters(columns: readonly Field[]): string {
    return columns.map(({ type }, at) => `k${at}: ${this.#codecs.code(type)}`).join(', ');
  }

  #writes(columns: readonly Field[]): string {
    return columns.map(({ type }, at) => this.#codecs.write(`k${at}`, type)).join(' ');
  }

  /** Rows whose first `depth` columns are given and whose next one lies in a range; and how to give that one, too. */
  #ranges(index: Index, columns: readonly Field[], depth: number): string {
    const { type } = columns[depth] as Field;
    const code = this.#codecs.code(type);
    const access = this.#access(index);
    const given = columns.slice(0, depth).map((column, at) => this.#codecs.write(`this.c${at}`, column.type));
    const from = `${access}.$beginLowerIncluded(); ${this.#codecs.write('lower', type)}`;
    const before = `${access}.$beginUpperExcluded(); ${this.#codecs.write('upper', type)}`;
    const through = `${access}.$beginUpperIncluded(); ${this.#codecs.write('upper', type)}`;
    const [noLower, noUpper] = [`${access}.$lowerUnbounded();`, `${access}.$upperUnbounded();`];
    const [lower, upper] = [`lower: ${code}`, `upper: ${code}`];
    const rows = this.#rows;
    const kinds: readonly (readonly [name: string, parameters: string, low: string, high: string])[] = [
      ['range', `${lower}, ${upper}`, from, before],
      ['rangeInclusive', `${lower}, ${upper}`, from, through],
      ['rangeFrom', lower, from, noUpper],
      ['rangeTo', upper, noLower, before],
      ['rangeToInclusive', upper, noLower, through],
    ];
    const ranges = kinds.map(([name, parameters, low, high]) => {
      const write = `begin(); ${given.join(' ')} ${low} ${high}`;
      return `${name}(${parameters}): ${rows} { ${write} return new ${rows}(${access}.$openRange(${depth})); }
  ${name.replace('range', 'deleteRange')}(${parameters}): u32 { ${write} return ${access}.$deleteRange(${depth}); }`;
    });
    if (depth + 1 < columns.length) {
      const deeper = `${this.#indexClass(index)}_${depth + 1}`;
      const known = columns
        .slice(0, depth)
        .map((_, at) => `this.c${at}, `)
        .join('');
      ranges.push(`at(value: ${code}): ${deeper} { return new ${deeper}(${known}value); }`);
    }
    // The last column of a key of several can be given in full.
    if (depth > 0 && depth + 1 === columns.length) {
      const write = `begin(); ${given.join(' ')} ${this.#codecs.write('value', type)}`;
      ranges.push(`filter(value: ${code}): ${rows} { ${write} return new ${rows}(${access}.$openPoint()); }
  delete(value: ${code}): u32 { ${write} return ${access}.$deletePoint(); }`);
    }
    return ranges.join('\n  ');
  }
}
