import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { SchemaError, decodeRawModuleDef, schemaDocument, validateModuleDef } from '../src/index.ts';
import type { ModuleDef, SchemaProblemCode } from '../src/index.ts';

interface Golden {
  readonly accepted: readonly { name: string; what: string; describe_hex: string; schema9: string; schema10: string }[];
  readonly rejected: readonly { name: string; describe_hex: string; reference_text: readonly string[] }[];
}
const golden = JSON.parse(readFileSync(new URL('../vectors/module-def.json', import.meta.url), 'utf8')) as Golden;

function load(hex: string): ModuleDef {
  return validateModuleDef(decodeRawModuleDef(Buffer.from(hex, 'hex')));
}

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** Lists whose order has no meaning in a version 10 document, there and in its submodules. */
const UNORDERED = new Set(['Types', 'Tables', 'indexes', 'constraints', 'RowLevelSecurity', 'entries']);

function sortUnordered(json: Json): Json {
  if (Array.isArray(json)) return json.map(sortUnordered);
  if (typeof json !== 'object' || json === null) return json;
  return Object.fromEntries(
    Object.entries(json).map(([key, value]) => {
      const sorted = sortUnordered(value);
      if (UNORDERED.has(key) && Array.isArray(sorted))
        sorted.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
      return [key, sorted];
    }),
  );
}

/** 2^127 - 1 stands in a document and is no double: integers become text before the parser sees them. */
function parse(document: string): Json {
  return JSON.parse(document.replaceAll(/(?<=[:[,])-?\d{16,}(?=[,\]}])/g, '"$&"')) as Json;
}

test.each(golden.accepted)('$name ($what): the version 9 document is that of the reference', (vector) => {
  expect(schemaDocument(load(vector.describe_hex), 9)).toBe(vector.schema9);
});

test.each(golden.accepted)('$name ($what): the version 10 document is that of the reference', (vector) => {
  expect(sortUnordered(parse(schemaDocument(load(vector.describe_hex), 10)))).toEqual(
    sortUnordered(parse(vector.schema10)),
  );
});

/** What each refused definition of the vectors breaks. */
const CODES: Readonly<Record<string, readonly SchemaProblemCode[]>> = {
  tyref: ['INVALID_TYPE_REF'],
  notdef: ['NOT_VALID_FOR_DEFINITION'],
  unordered: ['TYPE_HAS_INCORRECT_ORDERING'],
  duptype: ['DUPLICATE_TYPE_NAME'],
  inline: ['NOT_A_TYPE_USE'],
  unnamed: ['NAMELESS_TYPE_ELEMENT', 'UNNAMED_COLUMN'],
  nodef: ['NOT_A_TYPE_USE'],
  stname: ['TABLE_NAME_RESERVED'],
  badcol: ['COLUMN_NOT_FOUND'],
  dupcol: ['DUPLICATE_COLUMNS'],
  directbad: ['DIRECT_INDEX_ON_BAD_TYPE'],
  uqnoidx: ['UNIQUE_CONSTRAINT_WITHOUT_INDEX'],
  pk2: ['REPEATED_PRIMARY_KEY'],
  pknouq: ['MISSING_PRIMARY_KEY_UNIQUE_CONSTRAINT'],
  seqbad: ['INVALID_SEQUENCE_COLUMN_TYPE'],
  seq2: ['DUPLICATE_NAME', 'ONE_AUTO_INC'],
  seqrange: ['INVALID_SEQUENCE_RANGE'],
  defcol: ['COLUMN_NOT_FOUND'],
  defbad: ['COLUMN_DEFAULT_VALUE_MALFORMED'],
  duptable: ['DUPLICATE_NAME'],
  samenameidx: ['DUPLICATE_NAME'],
  badident: ['INVALID_IDENTIFIER'],
  emptyident: ['INVALID_IDENTIFIER'],
  dashident: ['INVALID_IDENTIFIER'],
  nfc: ['INVALID_IDENTIFIER'],
  fn2: ['DUPLICATE_FUNCTION_NAME'],
  fnproc: ['DUPLICATE_FUNCTION_NAME'],
  ret: ['INVALID_REDUCER_RETURN_TYPE'],
  lcmissing: ['LIFECYCLE_WITHOUT_REDUCER'],
  lcdup: ['DUPLICATE_LIFECYCLE'],
  paramunnamed: ['NAMELESS_PARAMETER'],
  paraminline: ['NOT_A_TYPE_USE'],
  schedcols: ['SCHEDULED_INCORRECT_COLUMNS'],
  // The reference stops at the columns; the function is missing as well.
  schedfn: ['MISSING_SCHEDULED_FUNCTION', 'SCHEDULED_INCORRECT_COLUMNS'],
  schedparams: ['INCORRECT_SCHEDULED_FUNCTION_PARAMS'],
  schedtable: ['TABLE_NOT_FOUND'],
  viewret: ['INVALID_VIEW_RETURN_TYPE'],
  viewname: ['DUPLICATE_NAME'],
  vpk: ['VIEW_PRIMARY_KEY_VIEW_NOT_FOUND'],
  vpkcol: ['VIEW_PRIMARY_KEY_COLUMN_NOT_FOUND'],
  vpk2: ['MULTIPLE_VIEW_PRIMARY_KEY_COLUMNS'],
  route: ['INVALID_HTTP_ROUTE_PATH'],
  route2: ['DUPLICATE_HTTP_ROUTE'],
  routeh: ['MISSING_HTTP_HANDLER'],
  hdup: ['DUPLICATE_HTTP_HANDLER_NAME'],
  sublc: ['LIFECYCLE_IN_SUBMODULE'],
};

/** Refused elsewhere: SQL is the engine's to parse, and an unknown tag cannot be decoded at all. */
const NOT_RULES = ['rlsbad', 'badtag'];

test.each(golden.rejected.filter(({ name }) => !NOT_RULES.includes(name)))(
  '$name is refused as by the reference',
  (vector) => {
    expect(problemCodes(vector.describe_hex)).toEqual(CODES[vector.name]);
  },
);

test('an unknown version of the definition cannot be decoded', () => {
  const hex = golden.rejected.find(({ name }) => name === 'badtag')?.describe_hex ?? '';
  expect(() => load(hex)).toThrow(
    expect.objectContaining({
      code: 'SCHEMA_UNDECODABLE',
      message: expect.stringContaining('unknown tag 0x5 for sum type RawModuleDef'),
    }),
  );
});

function problemCodes(hex: string): string[] {
  try {
    load(hex);
    return [];
  } catch (error) {
    if (!(error instanceof SchemaError)) throw error;
    return error.problems.map((problem) => problem.code).sort();
  }
}
