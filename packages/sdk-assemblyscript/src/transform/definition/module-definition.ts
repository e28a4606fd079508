import { byKey } from '../by-key.ts';
import type {
  HttpRoute,
  Index,
  Lifecycle,
  ModuleModel,
  Parameter,
  Procedure,
  Reducer,
  Table,
  View,
} from '../module-model.ts';
import type { ValueType } from '../value-type.ts';
import { BsatnWriter } from './bsatn-writer.ts';
import { Typespace } from './typespace.ts';

/** Tag of version 10 in RawModuleDef, and of the sections in RawModuleDefV10. */
const VERSION_10 = 2;
const section = {
  typespace: 0,
  types: 1,
  tables: 2,
  reducers: 3,
  procedures: 4,
  views: 5,
  schedules: 6,
  lifecycleReducers: 7,
  rowLevelSecurity: 8,
  caseConversionPolicy: 9,
  explicitNames: 10,
  httpHandlers: 11,
  httpRoutes: 12,
  viewPrimaryKeys: 13,
} as const;

const lifecycleTags: Readonly<Record<Lifecycle, number>> = { Init: 0, OnConnect: 1, OnDisconnect: 2 };
const algorithmTags = { btree: 0, hash: 1, direct: 2 } as const;
const methods = ['Get', 'Head', 'Post', 'Put', 'Delete', 'Connect', 'Options', 'Trace', 'Patch'];

const unit: ValueType = { kind: 'unit' };
const text: ValueType = { kind: 'string' };

/**
 * The module definition, version 10, as `__describe_module__` gives it to the host.
 *
 * `model` is in the order of the definition; the numbers by which the host calls functions are their positions in it.
 */
export function encodeModuleDefinition(model: ModuleModel): Uint8Array {
  return new DefinitionWriter(model).write();
}

class DefinitionWriter {
  readonly #model: ModuleModel;
  readonly #types = new Typespace();
  readonly #sections: [number, BsatnWriter][] = [];

  constructor(model: ModuleModel) {
    this.#model = model;
  }

  write(): Uint8Array {
    const { tables, reducers, procedures, views } = this.#model;
    this.#placeTypes();
    const tableSection = this.#list(tables, (writer, table) => this.#writeTable(writer, table));
    const reducerSection = this.#list(reducers, (writer, reducer) => this.#writeReducer(writer, reducer));
    const procedureSection = this.#list(procedures, (writer, each) => this.#writeProcedure(writer, each));
    const viewSection = this.#views(views);

    const typespace = new BsatnWriter();
    this.#types.writeTypes(typespace);
    this.#sections.push([section.typespace, typespace]);
    this.#addList(section.types, this.#types.declared, this.#typeNames());
    this.#addList(section.tables, tables, tableSection);
    this.#explicitNames();
    this.#addList(section.reducers, reducers, reducerSection);
    this.#addList(section.procedures, procedures, procedureSection);
    this.#addList(section.views, views, viewSection);
    this.#schedules();
    this.#lifecycle();
    const filters = this.#model.visibilityFilters;
    this.#addList(
      section.rowLevelSecurity,
      filters,
      this.#list(filters, (writer, sql) => writer.string(sql)),
    );
    if (!this.#model.convertsCase) {
      const policy = new BsatnWriter();
      policy.u8(0);
      this.#sections.push([section.caseConversionPolicy, policy]);
    }
    this.#http();
    const keyedViews = views.filter((view) => view.primaryKey !== undefined);
    const viewKeys = this.#list(keyedViews, (writer, view) => {
      writer.string(view.sourceName);
      writer.array([view.primaryKey ?? ''], (column) => writer.string(column));
    });
    this.#addList(section.viewPrimaryKeys, keyedViews, viewKeys);

    const definition = new BsatnWriter();
    definition.u8(VERSION_10);
    definition.array(this.#sections, ([tag, content]) => {
      definition.u8(tag);
      definition.raw(content.written());
    });
    return definition.written();
  }

  /** Places types in the order in which the official Rust crate does: by the names of what uses them. */
  #placeTypes(): void {
    const { tables, reducers, procedures, views } = this.#model;
    const users = [
      ...tables.map((table) => [table.accessor, () => this.#types.ref(table.row)] as const),
      ...reducers.map((each) => [each.sourceName, () => this.#placeParameters(each.parameters)] as const),
      ...procedures.map((each) => [each.sourceName, () => this.#placeFunction(each)] as const),
      ...views.map((each) => [each.sourceName, () => this.#placeFunction(each)] as const),
    ];
    users.sort(byKey(([name]) => name));
    for (const [, place] of users) place();
  }

  #placeParameters(parameters: readonly Parameter[]): void {
    this.#types.writeElements(new BsatnWriter(), parameters);
  }

  #placeFunction({ parameters, returns }: Procedure | View): void {
    this.#placeParameters(parameters);
    if (returns !== undefined) this.#writeReturn(new BsatnWriter(), returns);
  }

  #writeReturn(writer: BsatnWriter, returns: View['returns']): void {
    if (returns.kind === 'query') this.#types.writeQuery(writer, returns.row);
    else this.#types.write(writer, returns);
  }

  #list<T>(items: readonly T[], write: (writer: BsatnWriter, item: T) => void): BsatnWriter {
    const writer = new BsatnWriter();
    writer.array(items, (item) => write(writer, item));
    return writer;
  }

  #addList(tag: number, items: readonly unknown[], content: BsatnWriter): void {
    if (items.length > 0) this.#sections.push([tag, content]);
  }

  #typeNames(): BsatnWriter {
    return this.#list(this.#types.declared, (writer, declared) => {
      writer.u32(0); // no scope
      writer.string(declared.name);
      writer.u32(this.#types.ref(declared));
      writer.bool(true); // members stand in the order of the source
    });
  }

  #writeTable(writer: BsatnWriter, table: Table): void {
    writer.string(table.accessor);
    writer.u32(this.#types.ref(table.row));
    writer.array(table.primaryKey === undefined ? [] : [table.primaryKey], (column) => writer.u16(column));
    writer.array(table.indexes, (index) => writeIndex(writer, index));
    writer.array(table.uniqueColumns, (column) => {
      writer.option(undefined, () => undefined);
      writer.u8(0); // Unique
      writer.array([column], (each) => writer.u16(each));
    });
    writer.array(table.autoIncColumns, (column) => {
      writer.option(undefined, () => undefined);
      writer.u16(column);
      for (let bound = 0; bound < 3; bound++) writer.option(undefined, () => undefined); // start, min, max
      writer.integer(1n, 16);
    });
    writer.u8(1); // User
    writer.u8(table.isPublic ? 0 : 1);
    writer.array(table.defaults, ({ column, bytes }) => {
      writer.u16(column);
      writer.bytes(bytes);
    });
    writer.bool(table.isEvent);
  }

  #writeReducer(writer: BsatnWriter, reducer: Reducer): void {
    writer.string(reducer.sourceName);
    this.#types.writeElements(writer, reducer.parameters);
    writer.u8(reducer.lifecycle === undefined ? 1 : 0); // ClientCallable, Private
    this.#types.write(writer, unit);
    this.#types.write(writer, text);
  }

  #writeProcedure(writer: BsatnWriter, procedure: Procedure): void {
    writer.string(procedure.sourceName);
    this.#types.writeElements(writer, procedure.parameters);
    this.#types.write(writer, procedure.returns ?? unit);
    writer.u8(1); // ClientCallable
  }

  #views(views: readonly View[]): BsatnWriter {
    const counts = { anonymous: 0, sender: 0 };
    return this.#list(views, (writer, view) => {
      writer.string(view.sourceName);
      writer.u32(view.isAnonymous ? counts.anonymous++ : counts.sender++);
      writer.bool(true); // public: there is no other kind yet
      writer.bool(view.isAnonymous);
      this.#types.writeElements(writer, view.parameters);
      this.#writeReturn(writer, view.returns);
    });
  }

  #schedules(): void {
    const scheduled = this.#model.tables.filter((table) => table.schedule !== undefined);
    const content = this.#list(scheduled, (writer, { accessor, schedule }) => {
      writer.option(undefined, () => undefined);
      writer.string(accessor);
      writer.u16(schedule?.column ?? 0);
      writer.string(schedule?.functionName ?? '');
    });
    this.#addList(section.schedules, scheduled, content);
  }

  #lifecycle(): void {
    const reducers = this.#model.reducers.filter((reducer) => reducer.lifecycle !== undefined);
    const content = this.#list(reducers, (writer, { lifecycle, sourceName }) => {
      writer.u8(lifecycleTags[lifecycle as Lifecycle]);
      writer.string(sourceName);
    });
    this.#addList(section.lifecycleReducers, reducers, content);
  }

  /** The section is there even when it is empty, as from the Rust crate. */
  #explicitNames(): void {
    const { tables, reducers, procedures, views } = this.#model;
    const entries = [
      ...tables.flatMap(({ accessor, name, indexes }) => [
        { user: accessor, tag: 0, sourceName: accessor, name },
        ...indexes.map((index) => ({ user: accessor, tag: 2, sourceName: index.sourceName, name: index.name })),
      ]),
      ...[...reducers, ...procedures, ...views].map(({ sourceName, name }) => ({
        user: sourceName,
        tag: 1,
        sourceName,
        name,
      })),
    ].filter(({ name }) => name !== undefined);
    entries.sort(byKey(({ user }) => user));
    const content = this.#list(entries, (writer, { tag, sourceName, name }) => {
      writer.u8(tag);
      writer.string(sourceName);
      writer.string(name ?? '');
    });
    this.#sections.push([section.explicitNames, content]);
  }

  #http(): void {
    const { httpHandlers, httpRoutes } = this.#model;
    const handlers = this.#list(httpHandlers, (writer, { sourceName }) => writer.string(sourceName));
    this.#addList(section.httpHandlers, httpHandlers, handlers);
    this.#addList(section.httpRoutes, httpRoutes, this.#list(httpRoutes, writeRoute));
  }
}

function writeIndex(writer: BsatnWriter, index: Index): void {
  writer.option(index.sourceName, (name) => writer.string(name));
  writer.option(index.accessor, (name) => writer.string(name));
  writer.u8(algorithmTags[index.algorithm]);
  if (index.algorithm === 'direct') writer.u16(index.columns[0] ?? 0);
  else writer.array(index.columns, (column) => writer.u16(column));
}

function writeRoute(writer: BsatnWriter, route: HttpRoute): void {
  writer.string(route.handlerName);
  writer.u8(route.method === undefined ? 0 : 1);
  if (route.method !== undefined) {
    const tag = methods.findIndex((method) => method.toUpperCase() === route.method);
    writer.u8(tag === -1 ? methods.length : tag);
    if (tag === -1) writer.string(route.method);
  }
  writer.string(route.path);
}
