// Mistakes in a module's source: the compiler says where and what, in a sentence.
import { expect, test } from 'vitest';
import { compileSource } from './support/compile.ts';

const imports =
  `import { AnonymousViewContext, autoInc, clientConnected, clientVisibilityFilter, defaultValue, httpHandler,
  HttpHandlerContext, HttpRequest, HttpResponse, index, init, Option, primaryKey, procedure, ProcedureContext, product,
  reducer, ReducerContext, route, ScheduleAt, SenderError, settings, sum, table, unique, variant, view, ViewContext }
  from "@lightcone/sdk-assemblyscript";`.replaceAll('\n', ' ');

const reducer = (code: string): string => `export class R { ${code} }`;
const row = (fields: string, decorators = '@table({})'): string => `${decorators} class Row { ${fields} }`;

// The mistake stands behind `»`, which is where the error has to point.
test.each([
  {
    mistake: 'an unsupported type',
    source: row('ids: »Map<u32, u32>;'),
    error: 'Row.ids: the database cannot store the type Map<u32, u32>',
  },
  {
    mistake: 'a class without a decorator as a type',
    source: `class P { x: i32; } ${row('p: »P;')}`,
    error: 'Row.p: the database cannot store the type P',
  },
  {
    mistake: 'an index over a floating-point number',
    source: row('@primaryKey »id: f64;'),
    error: 'id is f64, which no index can be over; bool, integers, string',
  },
  {
    mistake: 'an index over an array',
    source: row('@index »ids: u32[];'),
    error: 'ids is Array<u32>, which no index can be over',
  },
  {
    mistake: 'an index over several columns with an option',
    source: row('a: u32; »b: string | null;', '@table({}) @index({ accessor: "i", columns: ["a", "b"] })'),
    error: 'b is string | null, which no index can be over',
  },
  {
    mistake: 'a unique column of classes',
    source: `@product class P { x: i32; } ${row('@unique »p: P;')}`,
    error: 'p is P, which no index can be over',
  },
  { mistake: 'number', source: row('n: »number;'), error: '"number" is f64 in AssemblyScript' },
  {
    mistake: 'a number that may be null',
    source: row('n: »u32 | null;'),
    error: 'a number, boolean or enum cannot be null, write Option<u32',
  },
  {
    mistake: 'two tables of one name',
    source: '@table({ accessor: "t" }) class A { x: u32; } @table({ accessor: "t" }) class »B { x: u32; }',
    error: 'there are two tables or views called "t"',
  },
  {
    mistake: 'two reducers of one name',
    source:
      'class A { @reducer static a(ctx: ReducerContext): void {} } class B { @reducer static »a(ctx: ReducerContext): void {} }',
    error: 'there are two reducers, procedures or views called "a"',
  },
  {
    mistake: 'two columns of one name',
    source: row('someId: u32; »some_id: u32;'),
    error: 'there are two columns in Row called "some_id"',
  },
  {
    mistake: 'two primary keys',
    source: row('@primaryKey a: u32; @primaryKey »b: u32;'),
    error: 'Row has two primary keys',
  },
  { mistake: 'a table without columns', source: '@table({}) class »Row {}', error: 'the table Row has no columns' },
  {
    mistake: 'an index over a missing column',
    source: row('a: u32;', '@table({}) @index({ accessor: "i", columns: »["b"] })'),
    error: 'the index "i": Row has no column "b"',
  },
  {
    mistake: 'two indexes over the same columns',
    source: row('@index »a: u32;', '@table({}) @index({ accessor: "i", columns: ["a"] })'),
    error: 'Row has two btree indexes over the same columns',
  },
  {
    mistake: 'a table in a namespace',
    source: 'namespace inner { »@table({}) export class Row { a: u32; } }',
    error: 'what carries @table has to stand at the top level of a file',
  },
  {
    mistake: 'a reducer that is the default export',
    source: 'export default class R { »@reducer static f(ctx: ReducerContext): void {} }',
    error: 'what carries @reducer has to stand at the top level of a file',
  },
  {
    mistake: 'an index over a column twice',
    source: row('a: u32;', '@table({}) @index({ accessor: "i", columns: »["a", "a"] })'),
    error: 'the index "i" names the column "a" twice',
  },
  {
    mistake: 'an index without columns',
    source: row('a: u32;', '@table({}) »@index({ accessor: "i" })'),
    error: 'the @index of Row needs an accessor and columns',
  },
  {
    mistake: 'an unknown algorithm',
    source: row('@index({ algorithm: »"trie" }) a: u32;'),
    error: 'there is no index algorithm "trie"',
  },
  {
    mistake: 'a direct index over text',
    source: row('@index({ algorithm: "direct" }) »a: string;'),
    error: 'a direct index is over one column of type u8',
  },
  {
    mistake: 'an index with the name of a method',
    source: row('@unique »count: u32;'),
    error: 'Row has two things called "count"',
  },
  {
    mistake: 'text that counts up',
    source: row('@autoInc »a: string;'),
    error: 'Row.a counts up, so it must be an integer',
  },
  {
    mistake: 'a default of another type',
    source: row('@primaryKey a: u32; »@defaultValue("x") b: u32;'),
    error: 'the default of Row.b must be a literal value',
  },
  {
    mistake: 'a default out of range',
    source: row('»@defaultValue(256) b: u8;'),
    error: 'the default of Row.b must be a literal value',
  },
  { mistake: 'a private column', source: row('private »a: u32;'), error: 'Row.a is stored, so it cannot be private' },
  {
    mistake: 'an unknown option',
    source: row('a: u32;', '@table({ visible: »true })'),
    error: '@table has no option "visible"',
  },
  {
    mistake: 'an unknown access',
    source: row('a: u32;', '@table({ access: »"all" })'),
    error: 'access is "public" or "private"',
  },
  { mistake: 'an unknown decorator', source: row('»@primarykey a: u32;'), error: 'there is no decorator @primarykey' },
  { mistake: 'a decorator in the wrong place', source: row('»@table a: u32;'), error: '@table has no meaning here' },
  {
    mistake: 'a reducer without a context',
    source: reducer('@reducer static f(»a: u32): void {}'),
    error: 'the first parameter of f must be its context: ctx: ReducerContext',
  },
  {
    mistake: 'a reducer without parameters',
    source: reducer('@reducer static »f(): void {}'),
    error: 'the first parameter of f must be its context',
  },
  {
    mistake: 'a reducer with a result',
    source: reducer('@reducer static f(ctx: ReducerContext): »u32 { return 1; }'),
    error: 'the reducer f must return void',
  },
  {
    mistake: 'a reducer that is no static method',
    source: reducer('@reducer »f(ctx: ReducerContext): void {}'),
    error: 'f is called without an object, so it must be static',
  },
  {
    mistake: 'a reducer with an optional parameter',
    source: reducer('@reducer static f(ctx: ReducerContext, »a: u32 = 1): void {}'),
    error: 'the parameter a of f cannot be optional',
  },
  {
    mistake: 'a reducer of an unsupported argument',
    source: reducer('@reducer static f(ctx: ReducerContext, a: »Set<u32>): void {}'),
    error: 'the parameter a of f: the database cannot store',
  },
  {
    mistake: 'a reducer that is a view, too',
    source: reducer('@reducer »@view static f(ctx: ReducerContext): void {}'),
    error: 'f cannot be both @reducer and @view',
  },
  {
    mistake: 'two of one lifecycle',
    source: reducer('@init static a(ctx: ReducerContext): void {} @init static »b(ctx: ReducerContext): void {}'),
    error: 'the module has two @init reducers',
  },
  {
    mistake: 'a lifecycle reducer with arguments',
    source: reducer('@clientConnected static »a(ctx: ReducerContext, b: u32): void {}'),
    error: 'the @clientConnected reducer gets no arguments',
  },
  {
    mistake: 'a view of numbers',
    source: reducer('@view static f(ctx: ViewContext): »u32[] { return []; }'),
    error: 'a view returns Row[], Row | null or Query<Row>',
  },
  {
    mistake: 'a view with a missing key',
    source: `${row('a: u32;')} ${reducer('@view({ primaryKey: »"b" }) static f(ctx: ViewContext): Row[] { return []; }')}`,
    error: 'the rows of the view have no column "b"',
  },
  {
    mistake: 'a handler of another shape',
    source: reducer('@httpHandler static »f(ctx: HttpHandlerContext): void {}'),
    error: 'an HTTP handler is f(ctx: HttpHandlerContext, request: HttpRequest): HttpResponse',
  },
  {
    mistake: 'a route with a bad path',
    source: reducer(
      '@httpHandler »@route("GET", "/A b") static f(ctx: HttpHandlerContext, r: HttpRequest): HttpResponse { return new HttpResponse(); }',
    ),
    error: 'the path "/A b" must begin with /',
  },
  {
    mistake: 'a schedule for nothing',
    source: row('@primaryKey id: u64; at: ScheduleAt;', '@table({ scheduled: »"ring" })'),
    error: 'is scheduled for "ring", which is no reducer or procedure',
  },
  {
    mistake: 'a schedule without a time',
    source: `${row('@primaryKey id: u64;', '»@table({ scheduled: "f" })')} ${reducer('@reducer static f(ctx: ReducerContext, r: Row): void {}')}`,
    error: 'needs a column of type ScheduleAt',
  },
  {
    mistake: 'a schedule without a key',
    source: `${row('at: ScheduleAt;', '»@table({ scheduled: "f" })')} ${reducer('@reducer static f(ctx: ReducerContext, r: Row): void {}')}`,
    error: 'needs a primary key of type u64',
  },
  {
    mistake: 'a scheduled reducer without the row',
    source: `${row('@primaryKey id: u64; at: ScheduleAt;', '@table({ scheduled: "f" })')} ${reducer('@reducer static »f(ctx: ReducerContext): void {}')}`,
    error: 'f is scheduled, so its one argument must be a row: Row',
  },
  {
    mistake: 'an enum with values',
    source: `enum E { A = 1, B } ${row('e: E;')}`.replace('A =', '»A ='),
    error: 'E.A is stored as its position, 0',
  },
  {
    mistake: 'a variant of nothing',
    source: '@variant class »V {}',
    error: 'the variant V must extend a class with @sum',
  },
  {
    mistake: 'a variant with two values',
    source: '@sum class S {} @variant class »V extends S { a: u32; b: u32; }',
    error: 'the variant V carries more than one value',
  },
  { mistake: 'a sum without variants', source: '@sum class »S {}', error: 'S has no variants' },
  {
    mistake: 'a row that extends a class',
    source: 'class A {} @table({}) class Row extends »A { a: u32; }',
    error: 'Row cannot extend a class',
  },
  {
    mistake: 'a filter that is computed',
    source: 'const sql = "x"; class F { »@clientVisibilityFilter static readonly a: string = sql; }',
    error: 'the filter a must be a literal string with SQL',
  },
  {
    mistake: 'random numbers of the language',
    source: reducer('@reducer static f(ctx: ReducerContext): void { const x = »Math.random(); }'),
    error: 'ctx.rng gives numbers',
  },
  {
    mistake: 'the clock of the language',
    source: reducer('@reducer static f(ctx: ReducerContext): void { const x = »Date.now(); }'),
    error: 'ctx.timestamp is when the call began',
  },
  {
    mistake: 'a timer of the console',
    source: reducer('@reducer static f(ctx: ReducerContext): void { »console.time("x"); }'),
    error: 'new LogStopwatch',
  },
])('$mistake', async ({ source, error }) => {
  const column = `${imports} ${source}`.indexOf('»') + 1;
  const { wasm, messages } = await compileSource(`${imports} ${source}`.replace('»', ''));
  expect(messages).toContain(error);
  expect(messages).toContain(`in assembly/index.ts(1,${column})`);
  expect(wasm).toBeUndefined();
});

test('columns and arguments may have the names of what the library is made of', async () => {
  const source = `${imports}
@table({})
class Row { @index begin: u32; @index({ algorithm: "hash" }) room: string; }
class R {
  @reducer static f(ctx: ReducerContext, begin: u32, callSoon: string): void {
    ctx.db.row.begin.filter(begin);
    ctx.db.row.room.delete(callSoon);
    ctx.soon.f(begin, callSoon);
  }
}`;
  const { wasm, messages } = await compileSource(source);
  expect(messages).toBe('');
  expect(wasm).toBeDefined();
});

test('a mistake against the language is told at its place in the source, not in what is generated', async () => {
  const source = `${imports}
@table({})
class Row { @primaryKey id: u32; }
class R {
  @reducer static f(ctx: ReducerContext): void {
    ctx.db.row.insert({ id: "one" });
  }
}`;
  const { messages } = await compileSource(source);
  expect(messages).toContain('in assembly/index.ts(6,');
});

test('what the host does not have is not imported', async () => {
  const source = `${imports}
@external("env", "launch") declare function launch(): void;
class R { @reducer static f(ctx: ReducerContext): void { launch(); } }`;
  const { wasm, messages } = await compileSource(source);
  expect(messages).toContain('the module needs env.launch, which the host does not have');
  expect(wasm).toBeUndefined();
});
