import { type ByteWriter, type ProductType, writeType } from '@lightcone/sats';
import type { RawIndexDef, RawSequenceDef, RawViewDef } from '../src/raw/raw-parts.ts';
import type { RawModuleDefV10, RawTableDefV10 } from '../src/raw/raw-v10.ts';

/** Writes a version 10 definition as a module would, in all of its sections. */
export function encodeRawModuleDef(writer: ByteWriter, raw: RawModuleDefV10): void {
  writer.u8(2);
  writeSections(writer, raw);
}

function writeSections(writer: ByteWriter, raw: RawModuleDefV10): void {
  const sections: (() => void)[] = [
    () => list(writer, raw.typespace, (type) => writeType(writer, type)),
    () =>
      list(writer, raw.types, (type) => {
        list(writer, type.scope, (segment) => writer.string(segment));
        writer.string(type.name);
        writer.u32(type.ref);
        writer.bool(type.customOrdering);
      }),
    () => list(writer, raw.tables, (table) => writeTable(writer, table)),
    () =>
      list(writer, raw.reducers, (reducer) => {
        writer.string(reducer.name);
        writeProduct(writer, reducer.params);
        writer.u8(['Private', 'ClientCallable'].indexOf(reducer.visibility));
        writeType(writer, reducer.okReturnType);
        writeType(writer, reducer.errReturnType);
      }),
    () =>
      list(writer, raw.procedures, (procedure) => {
        writer.string(procedure.name);
        writeProduct(writer, procedure.params);
        writeType(writer, procedure.returnType);
        writer.u8(['Private', 'ClientCallable'].indexOf(procedure.visibility));
      }),
    () => list(writer, raw.views, (view) => writeView(writer, view)),
    () =>
      list(writer, raw.schedules, (schedule) => {
        option(writer, schedule.name, (name) => writer.string(name));
        writer.string(schedule.tableName);
        writer.u16(schedule.atColumn);
        writer.string(schedule.functionName);
      }),
    () =>
      list(writer, raw.lifecycleReducers, ({ lifecycle, functionName }) => {
        writer.u8(['Init', 'OnConnect', 'OnDisconnect'].indexOf(lifecycle));
        writer.string(functionName);
      }),
    () => list(writer, raw.rowLevelSecurity, (sql) => writer.string(sql)),
    () => writer.u8(['None', 'SnakeCase'].indexOf(raw.caseConversionPolicy)),
    () =>
      list(writer, raw.explicitNames, ({ kind, sourceName, canonicalName }) => {
        writer.u8(['Table', 'Function', 'Index'].indexOf(kind));
        writer.string(sourceName);
        writer.string(canonicalName);
      }),
    () => list(writer, raw.httpHandlers, (handler) => writer.string(handler)),
    () =>
      list(writer, raw.httpRoutes, ({ handlerName, method, path }) => {
        writer.string(handlerName);
        writer.u8(method.tag === 'Any' ? 0 : 1);
        if (method.tag !== 'Any') writer.u8(METHODS.indexOf(method.tag));
        if (method.tag === 'Extension') writer.string(method.name);
        writer.string(path);
      }),
    () =>
      list(writer, raw.viewPrimaryKeys, ({ viewName, columns }) => {
        writer.string(viewName);
        list(writer, columns, (column) => writer.string(column));
      }),
    () =>
      list(writer, raw.submodules, ({ namespace, module }) => {
        writer.string(namespace);
        writeSections(writer, module);
      }),
  ];
  writer.u32(sections.length);
  for (const [tag, write] of sections.entries()) {
    writer.u8(tag);
    write();
  }
}

const METHODS = ['Get', 'Head', 'Post', 'Put', 'Delete', 'Connect', 'Options', 'Trace', 'Patch', 'Extension'];

function writeTable(writer: ByteWriter, table: RawTableDefV10): void {
  writer.string(table.name);
  writer.u32(table.productTypeRef);
  list(writer, table.primaryKey, (column) => writer.u16(column));
  list(writer, table.indexes, (index) => writeIndex(writer, index));
  list(writer, table.constraints, ({ name, columns }) => {
    option(writer, name, (given) => writer.string(given));
    writer.u8(0);
    list(writer, columns, (column) => writer.u16(column));
  });
  list(writer, table.sequences, (sequence) => writeSequence(writer, sequence));
  writer.u8(['System', 'User'].indexOf(table.tableType));
  writer.u8(['Public', 'Private'].indexOf(table.tableAccess));
  list(writer, table.defaultValues, ({ column, value }) => {
    writer.u16(column);
    writer.lengthPrefixed(value);
  });
  writer.bool(table.isEvent);
}

function writeIndex(writer: ByteWriter, { name, accessorName, algorithm }: RawIndexDef): void {
  option(writer, name, (given) => writer.string(given));
  option(writer, accessorName, (given) => writer.string(given));
  writer.u8(['BTree', 'Hash', 'Direct'].indexOf(algorithm.tag));
  if (algorithm.tag === 'Direct') writer.u16(algorithm.column);
  else list(writer, algorithm.columns, (column) => writer.u16(column));
}

function writeSequence(writer: ByteWriter, sequence: RawSequenceDef): void {
  option(writer, sequence.name, (given) => writer.string(given));
  writer.u16(sequence.column);
  for (const number of [sequence.start, sequence.minValue, sequence.maxValue]) {
    option(writer, number, (given) => writer.wide(given, 16));
  }
  writer.wide(sequence.increment, 16);
}

function writeView(writer: ByteWriter, view: RawViewDef): void {
  writer.string(view.name);
  writer.u32(view.index);
  writer.bool(view.isPublic);
  writer.bool(view.isAnonymous);
  writeProduct(writer, view.params);
  writeType(writer, view.returnType);
}

function writeProduct(writer: ByteWriter, product: ProductType): void {
  list(writer, product.elements, ({ name, type }) => {
    option(writer, name, (given) => writer.string(given));
    writeType(writer, type);
  });
}

function list<T>(writer: ByteWriter, elements: readonly T[], write: (element: T) => void): void {
  writer.u32(elements.length);
  for (const element of elements) write(element);
}

function option<T>(writer: ByteWriter, value: T | undefined, write: (value: T) => void): void {
  writer.u8(value === undefined ? 1 : 0);
  if (value !== undefined) write(value);
}
