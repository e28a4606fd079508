// Mistakes in a module are errors of the compiler, in a sentence that names the place.
import { expect, test } from 'vitest';
import { complaintsAbout, isCompilerMissing } from './support/compiler.ts';

interface BadSource {
  readonly mistake: string;
  readonly source: string;
  readonly says: string | RegExp;
}

/** What every case begins with: a table with a struct that is fine. */
const GOOD = `
  struct Row { uint64_t id; std::string name; std::vector<uint8_t> bytes; float ratio; Timestamp at; };
  SPACETIMEDB_STRUCT(Row, id, name, bytes, ratio, at)
  SPACETIMEDB_TABLE(Row, row, Public)
`;

const BAD_SOURCES: readonly BadSource[] = [
  {
    mistake: 'a column of a type that the database does not have',
    source: 'struct Bad { char letter; }; SPACETIMEDB_STRUCT(Bad, letter) SPACETIMEDB_TABLE(Bad, bad, Public)',
    says: 'this type cannot be in a table, parameter or result',
  },
  {
    mistake: 'an argument of a struct that is not registered',
    source: 'struct Unknown {}; SPACETIMEDB_REDUCER(take, ReducerContext ctx, Unknown value) { return Ok(); }',
    says: 'register a struct with SPACETIMEDB_STRUCT',
  },
  {
    mistake: 'a table of a struct that is not registered',
    source: 'struct Unknown { int32_t x; }; SPACETIMEDB_TABLE(Unknown, unknown, Public)',
    says: "SPACETIMEDB_TABLE(Unknown, unknown, ...): register the struct's fields first",
  },
  {
    mistake: 'a field that is forgotten',
    source: 'struct Bad { int32_t x; int32_t y; }; SPACETIMEDB_STRUCT(Bad, x)',
    says: 'SPACETIMEDB_STRUCT(Bad, ...): the struct has more fields than are listed',
  },
  {
    mistake: 'a field that does not exist',
    source: 'struct Bad { int32_t x; }; SPACETIMEDB_STRUCT(Bad, x, y)',
    says: "no member named 'y'",
  },
  {
    mistake: 'a struct without default constructor',
    source: `struct Bad { int32_t x; explicit Bad(int32_t x) : x(x) {} }; SPACETIMEDB_STRUCT(Bad, x)
      SPACETIMEDB_REDUCER(take, ReducerContext ctx, Bad value) { return Ok(); }`,
    says: 'needs a default constructor',
  },
  {
    mistake: 'a variant of an enum with a value of its own',
    source: 'SPACETIMEDB_ENUM(Colour, Red = 4, Green)',
    says: 'SPACETIMEDB_ENUM(Colour, ...): a variant is a name alone, its value is its position',
  },
  { mistake: 'a struct that is registered twice', source: 'SPACETIMEDB_STRUCT(Row, id)', says: 'redefinition of' },
  {
    mistake: 'two tables of one name',
    source: 'SPACETIMEDB_TABLE(Row, row, Private)',
    says: "redefinition of 'spacetimedb_table_row'",
  },
  {
    mistake: 'a primary key on a missing field',
    source: 'FIELD_PrimaryKey(row, ident)',
    says: 'FIELD_PrimaryKey(row, ident): the row of the table has no such field',
  },
  {
    mistake: 'an index over a missing field',
    source: 'FIELD_Index(row, nmae)',
    says: 'FIELD_Index(row, nmae): the row of the table has no such field',
  },
  {
    mistake: 'an index over several columns, one of which is missing',
    source: 'FIELD_MultiColumnIndex(row, by_both, id, nmae)',
    says: 'FIELD_MultiColumnIndex(row, nmae): the row of the table has no such field',
  },
  {
    mistake: 'an index of a missing table',
    source: 'FIELD_Index(rows, id)',
    says: 'spacetimedb_table_rows',
  },
  {
    mistake: 'an index over a list',
    source: 'FIELD_Index(row, bytes)',
    says: 'FIELD_Index(row, bytes): a column of this type cannot be looked up',
  },
  {
    mistake: 'a unique column of floats',
    source: 'FIELD_Unique(row, ratio)',
    says: 'FIELD_Unique(row, ratio): a column of this type cannot be looked up',
  },
  {
    mistake: 'a direct index over texts',
    source: 'FIELD_Index(row, name, Direct)',
    says: 'FIELD_Index(row, name): a direct index needs an unsigned integer',
  },
  {
    mistake: 'a text that counts by itself',
    source: 'FIELD_AutoInc(row, name)',
    says: 'FIELD_AutoInc(row, name): only an integer can count by itself',
  },
  {
    mistake: 'two primary keys',
    source: 'FIELD_PrimaryKey(row, id) FIELD_PrimaryKey(row, name)',
    says: "redefinition of 'spacetimedb_only_one_primary_key_of_row'",
  },
  {
    mistake: 'a column that is unique twice',
    source: 'FIELD_PrimaryKey(row, id) FIELD_Unique(row, id)',
    says: "redefinition of 'row_id'",
  },
  {
    mistake: 'a default of another type than its column',
    source: 'FIELD_Default(row, name, 5)',
    says: /error: .*(?:conversion|cast|matching)/,
  },
  {
    mistake: 'a schedule by a column that is none',
    source: 'SPACETIMEDB_SCHEDULE(row, at, tick)',
    says: 'SPACETIMEDB_SCHEDULE(row, at, tick): the row of the table has no such field of type ScheduleAt',
  },
  {
    mistake: 'a reducer without context',
    source: 'SPACETIMEDB_REDUCER(add, int32_t left, int32_t right) { return Ok(); }',
    says: 'the reducer add has a wrong signature: its first parameter must be a ::SpacetimeDB::ReducerContext',
  },
  {
    mistake: 'a reducer with the context of a procedure',
    source: 'SPACETIMEDB_REDUCER(add, ProcedureContext ctx) { return Ok(); }',
    says: 'the reducer add has a wrong signature',
  },
  {
    mistake: 'an argument without a name',
    source: 'SPACETIMEDB_REDUCER(add, ReducerContext ctx, std::string) { return Ok(); }',
    says: 'the reducer add has an argument without a name',
  },
  {
    mistake: 'a reducer that returns a value',
    source: 'SPACETIMEDB_REDUCER(add, ReducerContext ctx) { return 5; }',
    says: 'a reducer returns Ok() or Err(',
  },
  {
    mistake: 'two reducers of one name',
    source: `SPACETIMEDB_REDUCER(add, ReducerContext ctx) { return Ok(); }
      SPACETIMEDB_REDUCER(add, ReducerContext ctx, int32_t x) { return Ok(); }`,
    says: "redefinition of 'spacetimedb_reducer_add'",
  },
  {
    mistake: 'a procedure with the context of a reducer',
    source: 'SPACETIMEDB_PROCEDURE(int32_t, ask, ReducerContext ctx) { return 1; }',
    says: 'the procedure ask has a wrong signature',
  },
  {
    mistake: 'a view with an argument',
    source: 'SPACETIMEDB_VIEW(std::vector<Row>, rows, Public, ViewContext ctx, int32_t x) { return {}; }',
    says: 'the view rows has a wrong signature: its only parameter must be',
  },
  {
    mistake: 'a view of numbers',
    source: 'SPACETIMEDB_VIEW(std::vector<int32_t>, rows, Public, ViewContext ctx) { return {}; }',
    says: 'the view rows has a wrong return type',
  },
  {
    mistake: 'a view that writes',
    source: `SPACETIMEDB_VIEW(std::vector<Row>, rows, Public, ViewContext ctx) { ctx.db[row].clear(); return {}; }`,
    says: 'a view can only read',
  },
  {
    mistake: 'an HTTP handler without request',
    source: 'SPACETIMEDB_HTTP_HANDLER(hello, HandlerContext ctx) { return {}; }',
    says: 'the HTTP handler hello has a wrong signature',
  },
  {
    mistake: 'a look-up by a value of another type',
    source: `FIELD_Unique(row, name)
      SPACETIMEDB_REDUCER(find, ReducerContext ctx) { ctx.db[row_name].find(5); return Ok(); }`,
    says: "a look-up needs a value of its column's type",
  },
  {
    mistake: 'a range of a hash index',
    source: `FIELD_Index(row, id, Hash)
      SPACETIMEDB_REDUCER(find, ReducerContext ctx) { ctx.db[row_id].filter(range_from(5u)); return Ok(); }`,
    says: 'a hash index finds whole keys only',
  },
  {
    mistake: 'a random number between fractions',
    source: `SPACETIMEDB_REDUCER(roll, ReducerContext ctx) { return Err(text(ctx.rng().between(0.5, 1.5))); }`,
    says: 'between takes whole numbers of at most 64 bits',
  },
  {
    mistake: 'a table that a local variable hides',
    source: `SPACETIMEDB_REDUCER(add, ReducerContext ctx) { Row row; ctx.db[row].insert(row); return Ok(); }`,
    says: 'perhaps a local variable of the same name hides it',
  },
];

/** Each in a namespace and function of its own, so that the compiler starts once and tells of all. */
const inNamespace = (source: BadSource): string =>
  `#line 1 "${source.mistake}"\nnamespace {${GOOD}${source.source}\n}\n`;

test.skipIf(isCompilerMissing)('what is good is compiled without a word', { timeout: 120_000 }, () => {
  expect(complaintsAbout(`#include <spacetimedb.h>\nusing namespace SpacetimeDB;\n${GOOD}`)).toBe('');
});

test.skipIf(isCompilerMissing)('every mistake is told', { timeout: 240_000 }, () => {
  const parts = BAD_SOURCES.map((source, i) => inNamespace(source).replace('namespace {', `namespace case_${i} {`));
  const said = complaintsAbout(`#include <spacetimedb.h>\nusing namespace SpacetimeDB;\n${parts.join('')}`);
  for (const [i, { mistake, says }] of BAD_SOURCES.entries()) {
    // From the first line that speaks of the case to the next error.
    const about = said
      .split(/^(?=\S[^\n]*error:)/mu)
      .filter((text) => text.includes(`case_${i}`) || text.includes(mistake));
    const isTold = about.some((text) => (typeof says === 'string' ? text.includes(says) : says.test(text)));
    expect.soft(isTold, `${mistake}: ${about.join('').slice(0, 2000)}`).toBe(true);
  }
});
