import type { SchemaProblemCode } from '../errors.ts';
import type { ColumnDef } from '../module-def.ts';
import type { ModuleContext } from './module-context.ts';

/** What the checks of one table's parts share. */
export class TableScope {
  readonly context: ModuleContext;
  /** Canonical name of the table. */
  readonly name: string;
  readonly where: string;
  readonly columns: readonly ColumnDef[];
  readonly columnNames: readonly string[];

  constructor(context: ModuleContext, name: string, columns: readonly ColumnDef[]) {
    this.context = context;
    this.name = name;
    this.where = tableWhere(name);
    this.columns = columns;
    this.columnNames = columns.map((column) => column.name);
  }

  add(code: SchemaProblemCode, message: string): void {
    this.context.add(code, this.where, message);
  }

  /** Checks a column position; returns the column if there is one. */
  column(position: number, user: string): ColumnDef | undefined {
    const column = this.columns[position];
    if (column === undefined) {
      this.add(
        'COLUMN_NOT_FOUND',
        `column \`${position}\` referenced by ${user} not found in ${this.where}, which has ${this.columns.length} columns`,
      );
    }
    return column;
  }

  /**
   * Checks the columns of an index or a constraint: there are some, they exist, and none comes twice.
   * @returns whether that is so
   */
  checkColumns(positions: readonly number[], user: string): boolean {
    if (positions.length === 0) this.add('NO_COLUMNS', `${user} in ${this.where} has no columns`);
    const found = positions.filter((position) => this.column(position, user) !== undefined);
    const hasDuplicates = new Set(positions).size < positions.length;
    if (hasDuplicates) {
      const names = positions.map((position) => this.columnNames[position] ?? position);
      this.add('DUPLICATE_COLUMNS', `${user} in ${this.where} has duplicate columns: ${names.join(', ')}`);
    }
    return positions.length > 0 && found.length === positions.length && !hasDuplicates;
  }
}

export function tableWhere(name: string): string {
  return `table \`${name}\``;
}
