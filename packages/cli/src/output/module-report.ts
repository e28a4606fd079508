import type { DefinitionSummary, FunctionSummary, ModuleReport, TableSummary } from '@lightcone/engine/inspect';
import { alignedColumns } from './aligned-columns.ts';
import { printable } from './printable.ts';

/** A report for people: the verdict first, then what it rests on, then what is in the file. */
export function formatModuleReport(report: ModuleReport): string {
  return [
    heading(report),
    ...madeBy(report),
    ...needs(report),
    ...component(report),
    ...(report.definition === undefined ? [] : definition(report.definition, 'Definition')),
    ...interfaces(report),
    ...sections(report),
    ...logged(report),
  ].join('\n\n');
}

type Producers = ModuleReport['producers'];

const FORMATS = {
  module: 'WebAssembly core module',
  component: 'WebAssembly component',
  other: 'No WebAssembly',
} as const;
const ABI_MODULE = /^spacetime_/;
// Official bindings export one for each table and function.
const REGISTERING = '__preinit__20_register_';
const PAGE_BYTES = 64 * 1024;

function heading({ format, bytes, hash, verdict }: ModuleReport): string {
  const lines = [`${FORMATS[format]}, ${count(bytes)} bytes, hash ${hash}`];
  if (verdict.isAccepted) lines.push('A server of this version takes it.');
  else lines.push('A server of this version refuses it:', indented(verdict.reason.split('\n').map(printable)));
  return lines.join('\n');
}

function madeBy({ producers }: ModuleReport): string[] {
  return producers.length === 0 ? [] : [block('Made by', producerLines(producers))];
}

function producerLines(producers: Producers): string[] {
  return alignedColumns(
    producers.map(({ role, name, version }) => [printable(role), printable(`${name} ${version}`.trim())]),
  );
}

function needs({ module, limits }: ModuleReport): string[] {
  if (module === undefined) return [];
  const { abiVersion, memory, functionCount } = module;
  const rows = [['ABI', abiVersion === undefined ? 'none' : `spacetime ${abiVersion.major}.${abiVersion.minor}`]];
  if (memory !== undefined) {
    const most = Math.min(memory.max ?? limits.maxMemoryPages, limits.maxMemoryPages);
    rows.push(['memory', `${byteSize(memory.min * PAGE_BYTES)} at first, ${byteSize(most * PAGE_BYTES)} at most`]);
  }
  rows.push(['functions', count(functionCount)]);
  return [block('Needs', alignedColumns(rows))];
}

function component({ component: reading }: ModuleReport): string[] {
  switch (reading?.tag) {
    case undefined:
      return [];
    case 'noTools':
      return [`Install ${reading.packageName} to see what the component imports, exports and consists of.`];
    case 'malformed':
      return [block('It is damaged', reading.reason.split('\n').map(printable))];
    case 'read':
      return [
        block('WIT', reading.wit.trimEnd().split('\n').map(printable)),
        ...reading.parts.map(({ kind, name, bytes, producers }) => {
          const named = name === undefined ? '' : ` ${printable(name)}`;
          return block(`Part: ${kind}${named}, ${count(bytes)} bytes`, producerLines(producers));
        }),
      ];
  }
}

function definition(summary: DefinitionSummary, title: string): string[] {
  const functions = (name: string, all: readonly FunctionSummary[]): string[] =>
    all.length === 0 ? [] : [block(name, all.map(functionLine))];
  const texts = (name: string, all: readonly string[]): string[] =>
    all.length === 0 ? [] : [block(name, all.map(printable))];
  return [
    `${title}, version ${summary.version}`,
    ...summary.tables.map(table),
    ...functions('Reducers', summary.reducers),
    ...functions('Procedures', summary.procedures),
    ...functions('Views', summary.views),
    ...texts('HTTP handlers', summary.httpHandlers),
    ...texts(
      'HTTP routes',
      summary.httpRoutes.map(({ method, path, handler }) => `${method} ${path || '(root)'} -> ${handler}`),
    ),
    ...texts('Row-level security', summary.rowLevelSecurity),
    ...summary.submodules.flatMap(({ namespace, definition: inner }) =>
      definition(inner, `Submodule ${printable(namespace)}`),
    ),
  ];
}

function table({ name, access, isEvent, columns, indexes, uniqueTogether, schedules }: TableSummary): string {
  const traits = [access, ...(isEvent ? ['event'] : [])];
  if (schedules !== undefined) traits.push(`schedules ${printable(schedules)}`);
  return block(`Table ${printable(name)} (${traits.join(', ')})`, [
    ...alignedColumns(
      columns.map((column) => [
        printable(column.name),
        printable(column.type),
        [
          ...(column.isPrimaryKey ? ['primary key'] : column.isUnique ? ['unique'] : []),
          ...(column.isAutoIncrement ? ['auto-increment'] : []),
          ...(column.hasDefault ? ['default'] : []),
        ].join(', '),
      ]),
    ),
    ...uniqueTogether.map((names) => `unique together: ${names.map(printable).join(', ')}`),
    ...indexes.map((index) => `${index.kind} index over ${index.columns.map(printable).join(', ')}`),
  ]);
}

const EVENTS = {
  init: 'init',
  onConnect: 'when a client connects',
  onDisconnect: 'when a client disconnects',
} as const;

function functionLine({ name, params, returns, lifecycle, isPublic, isAnonymous }: FunctionSummary): string {
  const list = params.map((param) => `${printable(param.name)}: ${printable(param.type)}`).join(', ');
  const traits = [
    ...(lifecycle === undefined ? [] : [EVENTS[lifecycle]]),
    ...(isPublic || lifecycle !== undefined ? [] : ['private']),
    ...(isAnonymous ? ['the same for all'] : []),
  ];
  const result = returns === undefined ? '' : ` -> ${printable(returns)}`;
  return `${printable(name)}(${list})${result}${traits.length === 0 ? '' : `  [${traits.join(', ')}]`}`;
}

function interfaces({ module }: ModuleReport): string[] {
  if (module === undefined) return [];
  const imports = module.imports.map(({ module: from, name, kind, signature }) => [
    printable(from),
    printable(name),
    // The ABI's are the same in every module, so their types say nothing.
    ABI_MODULE.test(from) ? '' : (signature ?? kind),
  ]);
  const registering = module.exports.filter(({ name }) => name.startsWith(REGISTERING));
  const exports = alignedColumns(
    module.exports
      .filter((entry) => !registering.includes(entry))
      .map(({ name, kind, signature }) => [printable(name), signature ?? kind]),
  );
  if (registering.length > 0) exports.push(`and ${registering.length} that begin with ${REGISTERING}`);
  return [
    ...(imports.length === 0 ? [] : [block('Imports', alignedColumns(imports))]),
    ...(exports.length === 0 ? [] : [block('Exports', exports)]),
  ];
}

function sections({ sections: all, bytes }: ModuleReport): string[] {
  if (all.length === 0) return [];
  const rows = all
    .toSorted((a, b) => b.bytes - a.bytes)
    .map((section) => [
      section.isCustom ? `custom ${JSON.stringify(section.name)}` : section.name,
      count(section.bytes),
      `${((section.bytes / bytes) * 100).toFixed(1)} %`,
    ]);
  return [block('Sections by size', alignedColumns(rows, [1, 2]))];
}

function logged({ log }: ModuleReport): string[] {
  return log.length === 0 ? [] : [block('Logged while starting', log.map(printable))];
}

function block(title: string, lines: readonly string[]): string {
  return lines.length === 0 ? title : `${title}\n${indented(lines)}`;
}

function indented(lines: readonly string[]): string {
  return lines.map((line) => `  ${line}`.trimEnd()).join('\n');
}

function count(value: number): string {
  return value.toLocaleString('en-US');
}

function byteSize(bytes: number): string {
  const mebibytes = bytes / 2 ** 20;
  return mebibytes >= 1024 ? `${+(mebibytes / 1024).toFixed(1)} GiB` : `${+mebibytes.toFixed(1)} MiB`;
}
