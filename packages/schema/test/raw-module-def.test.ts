import { readFileSync } from 'node:fs';
import { ByteWriter, types } from '@lightcone/sats';
import { fc, test as property } from '@fast-check/vitest';
import { expect, test } from 'vitest';
import { SchemaError, decodeRawModuleDef, planMigration, schemaDocument, validateModuleDef } from '../src/index.ts';
import type { RawModuleDefV10 } from '../src/raw/raw-v10.ts';
import { encodeRawModuleDef } from './encode-raw-module-def.ts';
import { btree, oneTable, rawModule, rawReducer, rawTable, sequence, unique } from './raw-modules.ts';

const golden = JSON.parse(readFileSync(new URL('../vectors/module-def.json', import.meta.url), 'utf8')) as {
  readonly accepted: readonly { readonly name: string; readonly describe_hex: string }[];
};
const definitions = golden.accepted.map(({ name, describe_hex: hex }) => ({ name, bytes: Buffer.from(hex, 'hex') }));

function encode(raw: RawModuleDefV10): Uint8Array {
  const writer = new ByteWriter();
  encodeRawModuleDef(writer, raw);
  return writer.finish();
}

const full = rawModule({
  typespace: [types.product([['id', types.u64]]), types.sum([['a', types.unit]])],
  types: [{ scope: ['lib'], name: 'Row', ref: 0, customOrdering: true }],
  tables: [
    rawTable({
      primaryKey: [0],
      indexes: [
        btree(0),
        { name: 'h', accessorName: 'byId', algorithm: { tag: 'Hash', columns: [0] } },
        { name: 'd', accessorName: undefined, algorithm: { tag: 'Direct', column: 0 } },
      ],
      constraints: [unique(0)],
      sequences: [sequence({ start: -5n, minValue: -(1n << 127n), maxValue: (1n << 127n) - 1n, increment: -1n })],
      defaultValues: [{ column: 0, value: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8) }],
    }),
    rawTable({ name: 'events', isEvent: true, tableAccess: 'Private', tableType: 'System' }),
  ],
  reducers: [rawReducer('add', [['id', types.ref(0)]])],
  procedures: [{ name: 'p', params: types.unit, returnType: types.bytes, visibility: 'Private' }],
  views: [
    {
      name: 'v',
      index: 3,
      isPublic: true,
      isAnonymous: false,
      params: types.unit,
      returnType: types.option(types.ref(0)),
    },
  ],
  schedules: [{ name: undefined, tableName: 't', atColumn: 0, functionName: 'add' }],
  lifecycleReducers: [{ lifecycle: 'OnDisconnect', functionName: 'add' }],
  rowLevelSecurity: ['SELECT * FROM t'],
  caseConversionPolicy: 'SnakeCase',
  explicitNames: [{ kind: 'Index', sourceName: 'h', canonicalName: 'other' }],
  httpHandlers: ['h'],
  httpRoutes: [
    { handlerName: 'h', method: { tag: 'Any' }, path: '/a' },
    { handlerName: 'h', method: { tag: 'Patch' }, path: '/b' },
    { handlerName: 'h', method: { tag: 'Extension', name: 'FOO' }, path: '' },
  ],
  viewPrimaryKeys: [{ viewName: 'v', columns: ['id'] }],
  submodules: [{ namespace: 'inner', module: oneTable() }],
});

test('a definition of version 10 is read as it was written', () => {
  expect(decodeRawModuleDef(encode(full))).toEqual(full);
});

test('of two sections of a kind the first counts, and absent ones are empty', () => {
  // ExplicitNames twice: one name, then none.
  const bytes = Buffer.from('0202000000' + '0a01000000' + '00' + '0100000061' + '0100000062' + '0a00000000', 'hex');
  const raw = decodeRawModuleDef(bytes) as RawModuleDefV10;
  expect(raw.explicitNames).toEqual([{ kind: 'Table', sourceName: 'a', canonicalName: 'b' }]);
  expect(raw.caseConversionPolicy).toBe('SnakeCase');
  expect(raw.tables).toEqual([]);
});

test('the result keeps no view of the bytes, which a module may overwrite', () => {
  const bytes = encode(full);
  const raw = decodeRawModuleDef(bytes);
  bytes.fill(0xff);
  expect(raw).toEqual(full);
});

/** Bytes after a definition are no error, so what has some may be cut. */
const exact = [...definitions.filter(({ name }) => name !== 'trail'), { name: 'full', bytes: encode(full) }];

test.each(exact)('$name cut at any byte cannot be decoded', ({ bytes }) => {
  for (let end = 0; end < bytes.length; end++) {
    expect(tryAll(bytes.subarray(0, end))).toMatchObject({ code: 'SCHEMA_UNDECODABLE' });
  }
});

/** Everything that is done with a definition from outside. Only errors of this package may come out. */
function tryAll(bytes: Uint8Array): SchemaError | undefined {
  try {
    const module = validateModuleDef(decodeRawModuleDef(bytes));
    schemaDocument(module, 9);
    schemaDocument(module, 10);
    planMigration(module, module);
    return undefined;
  } catch (error) {
    if (error instanceof SchemaError) return error;
    throw error;
  }
}

const mutated = fc
  .record({
    definition: fc.constantFrom(...definitions.map(({ bytes }) => bytes), Buffer.from(encode(full))),
    changes: fc.array(fc.tuple(fc.nat(), fc.oneof(fc.constantFrom(0, 1, 2, 0x7f, 0xff), fc.nat(255))), {
      minLength: 1,
      maxLength: 6,
    }),
  })
  .map(({ definition, changes }) => {
    const bytes = Uint8Array.from(definition);
    for (const [at, value] of changes) bytes[at % bytes.length] = value;
    return bytes;
  });

const numRuns = Number(process.env['LIGHTCONE_TEST_RUNS'] ?? 2000);

property.prop([mutated], { numRuns })('a definition with wrong bytes is used or refused, never a crash', (bytes) => {
  tryAll(bytes);
});

property.prop([fc.uint8Array({ maxLength: 200, size: 'max' })], { numRuns })(
  'random bytes are refused, never a crash',
  (bytes) => {
    tryAll(bytes);
  },
);

test('a count is not believed', () => {
  // A typespace of four billion types in ten bytes.
  expect(tryAll(Buffer.from('020100000000ffffffff07', 'hex'))).toMatchObject({ code: 'SCHEMA_UNDECODABLE' });
});

test('nesting does not exhaust the stack', () => {
  const deepType = Buffer.concat([Buffer.from('02010000000001000000', 'hex'), Buffer.alloc(1_000_000, 3)]);
  expect(tryAll(deepType)).toMatchObject({ code: 'SCHEMA_UNDECODABLE', message: expect.stringContaining('deeper') });
  const submodule = Buffer.from('01000000' + '0e' + '01000000' + '0100000061', 'hex');
  const deepModule = Buffer.concat([Buffer.of(2), ...Array.from({ length: 10_000 }, () => submodule)]);
  expect(tryAll(deepModule)).toMatchObject({ code: 'SCHEMA_UNDECODABLE', message: expect.stringContaining('deeper') });
});

test('types that grow when their references are followed are refused', () => {
  const wide = Array.from({ length: 64 }, (_, i) =>
    types.product([
      ['a', i === 63 ? types.u8 : types.ref(i + 1)],
      ['b', i === 63 ? types.u8 : types.ref(i + 1)],
    ]),
  );
  const long = Array.from({ length: 50_000 }, (_, i) => types.array(types.ref(i + 2)));
  const declared = wide.map((_, ref) => ({ scope: [], name: `T${ref}`, ref, customOrdering: true }));
  expect(tryAll(encode(rawModule({ typespace: wide, types: declared, tables: [rawTable()] })))).toMatchObject({
    problems: expect.arrayContaining([expect.objectContaining({ code: 'TYPE_TOO_LARGE' })]),
  });
  const row = types.product([['x', types.ref(1)]]);
  expect(tryAll(encode(rawModule({ typespace: [row, ...long], tables: [rawTable()] })))).toMatchObject({
    problems: [expect.objectContaining({ code: 'TYPE_TOO_LARGE', where: 'table `t` column `x`' })],
  });
});

test('names that multiply are refused', () => {
  const indexes = Array.from({ length: 1000 }, (_, i) => ({ ...btree(0), name: `i${i}` }));
  expect(tryAll(encode(oneTable({ name: 'n'.repeat(100_000), indexes })))).toMatchObject({
    problems: [expect.objectContaining({ code: 'NAMES_TOO_LONG' })],
  });
});
