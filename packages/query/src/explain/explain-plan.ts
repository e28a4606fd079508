import { type CatalogTable, hiddenColumns } from '../catalog.ts';
import type { CheckedExpression } from '../check/check-expression.ts';
import type { KeyPart } from '../plan/index-key.ts';
import type { JoinPlan } from '../plan/join-plan.ts';
import type { JoinStep } from '../plan/join-path.ts';
import type { SelectPlan } from '../plan/plan-select.ts';
import type { ExplainPlan } from '../plan/plan-statement.ts';
import type { TablePlan } from '../plan/table-plan.ts';
import { printCondition, printName } from './print-condition.ts';

/**
 * What a query does, as lines of text for people: what it returns, then how it finds the rows, table after table.
 *
 *     return columns i.id, r.owner
 *     look up item AS i by its index on (room): i.room = 10
 *       filter: i.flag
 *     look up room AS r by its index on (id): r.id = i.room
 *
 * Where row-level security is applied, each combination of rules is a way of its own to the rows.
 */
export function explainPlan({ select, names }: ExplainPlan): string[] {
  const { rows } = select;
  const ways = rows.kind === 'table' ? tableWays(rows, names) : joinWays(rows, names);
  const [only = []] = ways;
  const limit = select.limit === Infinity ? [] : [`at most ${select.limit} rows`];
  const found =
    ways.length === 1 ? only : ways.flatMap((way, i) => [`under rules ${i + 1} of ${ways.length}`, ...indent(way)]);
  const isOnce = ways.length > 1 || (rows.kind === 'join' && rows.isDistinct);
  return [returned(select, names), ...limit, ...found, ...(isOnce ? ['each row once, however often it is found'] : [])];
}

function returned({ output, rows, result }: SelectPlan, names: readonly string[]): string {
  switch (output.kind) {
    case 'count':
      return 'return the number of rows';
    case 'rows':
      return `return rows of ${printName(names[rows.kind === 'join' ? rows.position : 0]!)}`; // FROM has a name for each
    case 'columns': {
      const printer = new PlanPrinter(rows.kind === 'join' ? rows.tables : [rows.table], names);
      const columns = output.columns.map(({ table, column }, i) => {
        const text = printer.column(table, column);
        const name = printName(result.elements[i]?.name ?? '');
        return text.endsWith(`.${name}`) ? text : `${text} AS ${name}`;
      });
      return `return columns ${columns.join(', ')}`;
    }
  }
}

function tableWays({ table, accesses, shapes }: TablePlan, names: readonly string[]): string[][] {
  const printer = new PlanPrinter([table], names);
  return accesses.map(({ point }, i) => {
    const conditions = shapes[i]?.conditions ?? [];
    if (!point) return printer.step(`scan ${printer.label(0)}`, 0, [], [], conditions);
    const { columns, parts } = point.index;
    return printer.step(`look up ${printer.label(0)} by its index`, 0, columns, parts, conditions);
  });
}

function joinWays({ branches }: JoinPlan, names: readonly string[]): string[][] {
  return branches.map(({ shape, full }) => {
    const printer = new PlanPrinter(shape.tables, names);
    return full.flatMap((step) => joinStep(step, printer));
  });
}

function joinStep({ position, access, conditions }: JoinStep, printer: PlanPrinter): string[] {
  const label = printer.label(position);
  switch (access.kind) {
    case 'given':
    case 'scan':
      return printer.step(`scan ${label}`, position, [], [], conditions);
    case 'seek':
      return printer.step(`look up ${label} by its index`, position, access.columns, access.key.parts, conditions);
    case 'hash': {
      const what = `read all of ${label} once, look it up by a hash`;
      return printer.step(what, position, access.columns, access.key.parts, conditions);
    }
  }
}

/** Prints the steps of one way to the rows. */
class PlanPrinter {
  readonly #tables: readonly CatalogTable[];
  /** Of all tables: those of FROM as it calls them, those of rules by their own name, numbered where it is taken. */
  readonly #names: readonly string[];
  readonly #width: number;

  constructor(tables: readonly CatalogTable[], names: readonly string[]) {
    this.#tables = tables;
    this.#width = names.length;
    const taken = new Set(names);
    this.#names = tables.map(({ name }, position) => {
      const given = names[position] ?? (taken.has(name) ? `${name}_${position}` : name);
      taken.add(given);
      return given;
    });
  }

  column(table: number, column: number): string {
    return `${printName(this.#names[table]!)}.${printName(this.#tables[table]!.columns[column]!.name)}`; // of the plan
  }

  /** The table at a position as FROM would have it, and what is special about it. */
  label(position: number): string {
    const { name, view } = this.#tables[position]!; // of the plan
    const called = this.#names[position]!;
    const alias = called === name ? '' : ` AS ${printName(called)}`;
    const kind = view ? (view.isPerCaller ? 'the caller’s rows of view ' : 'view ') : '';
    return `${kind}${printName(name)}${alias}${position < this.#width ? '' : ' (of a rule)'}`;
  }

  /** One line for how rows are found, one for what they must satisfy besides. */
  step(
    what: string,
    position: number,
    columns: readonly number[],
    parts: readonly KeyPart[],
    conditions: readonly CheckedExpression[],
  ): string[] {
    const print = (condition: CheckedExpression): string =>
      printCondition(condition, (table, column) => this.column(table, column));
    const hidden = hiddenColumns(this.#tables[position]!); // of the plan
    const on = columns.map((column) => printName(this.#tables[position]!.columns[column]!.name)).join(', ');
    const key = columns.flatMap(
      (column, i) => (column < hidden ? [] : [`${this.column(position, column)} = ${print(parts[i]!)}`]), // a part for each column
    );
    const rest = conditions.filter(
      (condition) => !isHidden(condition, position, hidden) && !isInKey(condition, position, columns, parts),
    );
    const filter = rest.map((condition) => (condition.kind === 'logical' ? `(${print(condition)})` : print(condition)));
    const found = columns.length === 0 ? what : `${what} on (${on})`;
    return [
      key.length === 0 ? found : `${found}: ${key.join(' AND ')}`,
      ...(filter.length === 0 ? [] : [`  filter: ${filter.join(' AND ')}`]),
    ];
  }
}

/** Whether a condition is about a column that SQL does not know. */
function isHidden(condition: CheckedExpression, position: number, hidden: number): boolean {
  if (condition.kind !== 'comparison') return false;
  const { left } = condition;
  return left.kind === 'column' && left.table === position && left.column < hidden;
}

/** Whether rows found by a key satisfy a condition already. */
function isInKey(
  condition: CheckedExpression,
  position: number,
  columns: readonly number[],
  parts: readonly KeyPart[],
): boolean {
  if (condition.kind !== 'comparison' || condition.operator !== '=') return false;
  return [[condition.left, condition.right] as const, [condition.right, condition.left] as const].some(
    ([side, other]) =>
      side.kind === 'column' &&
      side.table === position &&
      parts.some((part, i) => part === other && columns[i] === side.column),
  );
}

function indent(lines: readonly string[]): string[] {
  return lines.map((line) => `  ${line}`);
}
