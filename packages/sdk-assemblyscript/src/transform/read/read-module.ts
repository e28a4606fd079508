import {
  ClassDeclaration,
  EnumDeclaration,
  ExportDefaultStatement,
  FieldDeclaration,
  FunctionDeclaration,
  MethodDeclaration,
  NamespaceDeclaration,
  type Range,
  type Source,
  type Statement,
} from 'assemblyscript';
import { byKey } from '../by-key.ts';
import { DecoratorOptions } from './decorator-options.ts';
import { checkDecorators, decoratorName, decoratorNames, findDecorator } from './decorators.ts';
import { literalOf } from './literal.ts';
import type { ModuleModel, Table } from '../module-model.ts';
import type { ModuleNames } from '../module-names.ts';
import { FunctionReader, functionDecorators } from './read-functions.ts';
import { readTables } from './read-table.ts';
import { STATIC, TypeReader } from './read-types.ts';
import type { Report } from '../report.ts';
import { SourceNames } from './source-names.ts';

const EXPORT = 1 << 1;
const classDecorators = ['table', 'product', 'sum', 'variant', 'index', 'settings'];
const callableDecorators = [...functionDecorators, 'route'];

/**
 * Reads what the files of a module declare through decorators, in the order of the definition: by name, as the
 * official Rust crate orders it. Mistakes are reported. What generated code needs to import becomes exported.
 */
export function readModule(sources: readonly Source[], moduleNames: ModuleNames, report: Report): ModuleModel {
  const names = new SourceNames(sources);
  const types = new TypeReader(names, moduleNames, report);
  const functions = new FunctionReader(names, types, moduleNames, report);
  const tables: Table[] = [];
  const visibilityFilters: string[] = [];
  const all = sources.flatMap((source) => source.statements.map((statement) => ({ statement, source })));

  // What the rest depends on first: how names are converted, and which variants belong to which sum.
  for (const { statement, source } of all) {
    if (!(statement instanceof ClassDeclaration)) continue;
    const settings = findDecorator(statement, 'settings');
    if (settings !== undefined) {
      const policy = new DecoratorOptions(settings, ['caseConversion'], report).string('caseConversion');
      if (policy === 'none') moduleNames.convertsCase = false;
      else if (policy !== 'snake_case') report.error(settings.range, 'caseConversion is "none" or "snake_case"');
    }
    if (findDecorator(statement, 'variant') !== undefined) types.noteVariant(statement, source);
  }

  for (const { statement, source } of all) {
    exportDeclaration(statement);
    checkTopLevel(statement, report);
    if (statement instanceof FunctionDeclaration) {
      checkDecorators(statement, callableDecorators, report);
      functions.read(statement, undefined, source);
    }
    if (!(statement instanceof ClassDeclaration)) continue;
    checkDecorators(statement, classDecorators, report);
    tables.push(...readTables(statement, source, types, moduleNames, report));
    if (findDecorator(statement, 'product') ?? findDecorator(statement, 'sum'))
      types.readDeclaration(statement, source);
    for (const member of statement.members) {
      if (member instanceof MethodDeclaration) {
        checkDecorators(member, callableDecorators, report);
        functions.read(member, statement, source);
      } else if (member instanceof FieldDeclaration && member.is(STATIC)) {
        checkDecorators(member, ['clientVisibilityFilter'], report);
        const filter = readVisibilityFilter(member, report);
        if (filter !== undefined) visibilityFilters.push(filter);
      }
    }
  }

  const model: ModuleModel = {
    tables: tables.sort(byKey((table) => table.accessor)),
    reducers: functions.reducers.sort(byKey((reducer) => reducer.sourceName)),
    procedures: functions.procedures.sort(byKey((procedure) => procedure.sourceName)),
    views: functions.views.sort(byKey((view) => view.sourceName)),
    httpHandlers: functions.httpHandlers.sort(byKey((handler) => handler.sourceName)),
    httpRoutes: functions.httpRoutes,
    visibilityFilters,
    convertsCase: moduleNames.convertsCase,
  };
  checkNames(model, types, report);
  checkSchedules(model, report);
  return model;
}

/** Generated code stands in a file of its own. */
function exportDeclaration(statement: Statement): void {
  const isDeclaration =
    statement instanceof ClassDeclaration ||
    statement instanceof EnumDeclaration ||
    statement instanceof FunctionDeclaration;
  if (isDeclaration) statement.flags |= EXPORT;
}

/** What stands in a namespace or is the default export would not be found: that is an error, not silence. */
function checkTopLevel(statement: Statement, report: Report): void {
  const inner =
    statement instanceof NamespaceDeclaration
      ? statement.members
      : statement instanceof ExportDefaultStatement
        ? [statement.declaration]
        : [];
  for (const each of inner) {
    checkTopLevel(each, report);
    if (!(each instanceof ClassDeclaration || each instanceof FunctionDeclaration)) continue;
    const methods = each instanceof ClassDeclaration ? each.members : [];
    for (const declaration of [each, ...methods]) {
      const decorator = declaration.decorators?.find((any) => decoratorNames.has(decoratorName(any)));
      if (decorator === undefined) continue;
      const way = 'has to stand at the top level of a file, neither in a namespace nor as its default export';
      report.error(decorator.range, `what carries @${decoratorName(decorator)} ${way}`);
    }
  }
}

function readVisibilityFilter(member: FieldDeclaration, report: Report): string | undefined {
  const decorator = findDecorator(member, 'clientVisibilityFilter');
  if (decorator === undefined) return undefined;
  const sql = member.initializer === null ? undefined : literalOf(member.initializer);
  if (typeof sql === 'string') return sql;
  report.error(decorator.range, `the filter ${member.name.text} must be a literal string with SQL`);
  return undefined;
}

function checkNames(model: ModuleModel, types: TypeReader, report: Report): void {
  const tables = model.tables.map(({ accessor, name, range }) => ({ name: name ?? accessor, range }));
  const views = model.views.map(({ sourceName, name, range }) => ({ name: name ?? sourceName, range }));
  const calls = [...model.reducers, ...model.procedures].map(({ sourceName, name, range }) => ({
    name: name ?? sourceName,
    range,
  }));
  reportDuplicates('tables or views', [...tables, ...views], report);
  reportDuplicates('reducers, procedures or views', [...calls, ...views], report);
  reportDuplicates(
    'HTTP handlers',
    model.httpHandlers.map(({ sourceName, range }) => ({ name: sourceName, range })),
    report,
  );
  reportDuplicates('types', types.declaredRanges(), report);
  for (const { row } of model.tables) {
    reportDuplicates(`columns in ${row.name}`, row.fields, report);
  }
}

function reportDuplicates(what: string, items: readonly { name: string; range: Range }[], report: Report): void {
  const seen = new Set<string>();
  for (const { name, range } of items) {
    if (seen.has(name)) report.error(range, `there are two ${what} called "${name}"`);
    seen.add(name);
  }
}

function checkSchedules(model: ModuleModel, report: Report): void {
  for (const { schedule, row } of model.tables) {
    if (schedule === undefined) continue;
    const { functionName, range } = schedule;
    const called = [...model.reducers, ...model.procedures].find((each) => each.sourceName === functionName);
    if (called === undefined) {
      report.error(range, `the table ${row.name} is scheduled for "${functionName}", which is no reducer or procedure`);
      continue;
    }
    const [parameter, ...others] = called.parameters;
    const isRow = parameter?.type.kind === 'named' && parameter.type.declared === row;
    if (!isRow || others.length > 0) {
      report.error(called.range, `${functionName} is scheduled, so its one argument must be a row: ${row.name}`);
    }
  }
}
