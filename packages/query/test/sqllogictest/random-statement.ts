import type { SeededRandom } from './seeded-random.ts';
import { LITERALS, SHARED_TABLES, type SharedColumn, type SharedTable, type SharedType } from './shared-tables.ts';

export interface RandomQuery {
  readonly sql: string;
  /** The types of its columns. */
  readonly columns: readonly (SharedType | 'U64')[];
}

/** A table in FROM and what its columns are called. */
interface Source {
  readonly table: SharedTable;
  /** Undefined where columns are not qualified. */
  readonly qualifier: string | undefined;
  readonly from: string;
}

const OPERATORS = ['=', '=', '=', '<>', '!=', '<', '<=', '>', '>=', '=='];

/** Random statements that Lightcone and SQLite read alike. */
export class StatementGenerator {
  readonly #random: SeededRandom;
  constructor(random: SeededRandom) {
    this.#random = random;
  }

  literal(type: SharedType): string {
    const random = this.#random;
    const text = random.pick(LITERALS[type]);
    if (type === 'Bool') return random.pick([text, text.toUpperCase()]);
    const isPlainInteger = /^\d{1,6}$/.test(text);
    if (!isPlainInteger || type === 'String' || random.chance(0.85)) return text;
    return random.pick([`0${text}`, `+${text}`, `${text}.`, `${text}.0`, `${text}e0`, `${text}E+0`]);
  }

  /** Values for a row of a table, in the order of its columns. The key is given, or else random like the others. */
  rowValues(table: SharedTable, key: string | undefined): string[] {
    return table.columns.map(({ type, isPrimaryKey }) =>
      isPrimaryKey && key !== undefined ? key : this.#random.pick(LITERALS[type]),
    );
  }

  query(): RandomQuery {
    const random = this.#random;
    const size = random.pick([1, 1, 1, 1, 2, 2, 2, 3, 3, 4]);
    const sources: Source[] = [];
    let from = '';
    for (let i = 0; i < size; i++) {
      const source = this.#source(i, size > 1);
      if (i === 0) from = source.from;
      else from += this.#join(sources, source);
      sources.push(source);
    }
    const { projection, columns } = this.#projection(sources);
    const where = size === 1 && random.chance(0.1) ? '' : ` WHERE ${this.#condition(sources, random.below(3))}`;
    return { sql: `SELECT ${projection} FROM ${from}${where}${random.chance(0.05) ? ' ;' : ''}`, columns };
  }

  /** A condition over the columns of one table, unqualified. */
  conditionOf(table: SharedTable): string {
    return this.#condition([{ table, qualifier: undefined, from: table.name }], this.#random.below(3));
  }

  #source(position: number, isJoin: boolean): Source {
    const random = this.#random;
    const table = random.pick(SHARED_TABLES);
    // A table may come twice, under another name.
    const alias = isJoin || random.chance(0.3) ? `${table.name.charAt(0)}${position}` : undefined;
    const isQualified = isJoin || random.chance(0.3);
    return {
      table,
      qualifier: isQualified ? (alias ?? table.name) : undefined,
      from: alias === undefined ? table.name : `${table.name} ${random.pick(['', 'AS '])}${alias}`,
    };
  }

  #join(before: readonly Source[], source: Source): string {
    const random = this.#random;
    const pairs = before.flatMap((other) =>
      other.table.columns.flatMap((left) =>
        source.table.columns
          .filter((right) => right.type === left.type && left.type !== 'Bool')
          .map((right) => [columnText(other, left), columnText(source, right)] as const),
      ),
    );
    if (pairs.length === 0 || random.chance(0.1)) return ` ${random.pick(['CROSS JOIN', 'JOIN'])} ${source.from}`;
    const [left, right] = random.pick(pairs);
    const on = random.chance(0.5) ? `${left} = ${right}` : `${right} = ${left}`;
    return ` ${random.pick(['JOIN', 'INNER JOIN'])} ${source.from} ON ${on}`;
  }

  #projection(sources: readonly Source[]): { projection: string; columns: RandomQuery['columns'] } {
    const random = this.#random;
    const kind = random.below(10);
    if (kind === 0) return { projection: `${random.pick(['COUNT', 'count'])}(*) AS n`, columns: ['U64'] };
    if (kind < 6) {
      const source = random.pick(sources);
      const columns = source.table.columns.map(({ type }) => type);
      if (sources.length > 1) return { projection: `${source.qualifier}.*`, columns };
      return { projection: source.qualifier && random.chance(0.5) ? `${source.qualifier}.*` : '*', columns };
    }
    const chosen = Array.from({ length: 1 + random.below(4) }, (_, i) => {
      const source = random.pick(sources);
      const column = random.pick(source.table.columns);
      return { text: `${columnText(source, column)} ${random.pick(['AS ', ''])}c${i}`, type: column.type };
    });
    return { projection: chosen.map(({ text }) => text).join(', '), columns: chosen.map(({ type }) => type) };
  }

  #condition(sources: readonly Source[], depth: number): string {
    const random = this.#random;
    if (depth === 0) return this.#comparison(sources);
    const parts = Array.from({ length: 2 + random.below(2) }, () => this.#condition(sources, random.below(depth)));
    const isGrouped = random.chance(0.4);
    const operator = random.chance(isGrouped ? 0.5 : 0.65) ? random.pick(['AND', 'and']) : random.pick(['OR', 'or']);
    const text = parts.join(` ${operator} `);
    return isGrouped ? `(${text})` : text;
  }

  #comparison(sources: readonly Source[]): string {
    const random = this.#random;
    const source = random.pick(sources);
    const column = random.pick(source.table.columns);
    const name = columnText(source, column);
    const operator = random.pick(OPERATORS);
    const kind = random.below(20);
    if (column.type === 'Bool' && kind < 8) return name;
    if (kind === 0) return `(${name} ${operator} ${this.literal(column.type)}) = ${random.pick(['true', 'false'])}`;
    if (kind === 1) return `${this.literal(column.type)} ${operator} ${name}`;
    if (kind < 4) {
      const others = sources.flatMap((other) =>
        other.table.columns.filter(({ type }) => type === column.type).map((found) => columnText(other, found)),
      );
      return `${name} ${operator} ${random.pick(others)}`;
    }
    return `${name} ${operator} ${this.literal(column.type)}`;
  }
}

function columnText({ qualifier }: Source, { name }: SharedColumn): string {
  return qualifier === undefined ? name : `${qualifier}.${name}`;
}
