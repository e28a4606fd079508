import { fc } from '@fast-check/vitest';
import { type AlgebraicType, ByteWriter, compileType, types } from '@lightcone/sats';
import { TYPESPACE, valueOf } from '../../../sats/test/arbitrary.ts';
import { encodeRawModuleDef } from '../../../schema/test/encode-raw-module-def.ts';
import { rawModule, rawReducer, rawTable } from '../../../schema/test/raw-modules.ts';
import type { RawModuleDefV10, RawTableDefV10 } from '../../../schema/src/raw/raw-v10.ts';

/** Most are fit to be names; the rules refuse the others. */
const NAMES = ['a', 'b', 'camelCase', 'Größe', 'HTTPRequest', 'x1', 'select', 'table', 'constructor', 'a__b'];
const name = fc.oneof(
  { weight: 150, arbitrary: fc.constantFrom(...NAMES) },
  { weight: 1, arbitrary: fc.string({ maxLength: 4, unit: 'grapheme' }) },
);

const SIMPLE_TYPES = (['bool', 'u8', 'i8', 'u16', 'u32', 'i64', 'u64', 'i128', 'u256', 'f32', 'f64'] as const).map(
  (scalar): AlgebraicType => types[scalar],
);
const OTHER_TYPES = [types.string, types.bytes, types.identity, types.connectionId, types.timestamp];

const columnType: fc.Arbitrary<AlgebraicType> = fc.oneof(
  {
    weight: 20,
    arbitrary: fc.constantFrom(...SIMPLE_TYPES, ...OTHER_TYPES),
  },
  { weight: 3, arbitrary: fc.constantFrom(0, 1).map(types.ref) },
  // Types that contain themselves, and types that are not there.
  { weight: 1, arbitrary: fc.nat(TYPESPACE.length + 3).map(types.ref) },
  { weight: 1, arbitrary: fc.constantFrom(types.option(types.string), types.array(types.ref(0)), types.scheduleAt) },
);

interface TableParts {
  readonly table: RawTableDefV10;
  readonly row: AlgebraicType;
}

const DIRECT = /^U(8|16|32|64)$/;
const INTEGERS = /^[IU]\d/;

/** A table whose parts fit each other most times. */
const table: fc.Arbitrary<TableParts> = fc
  .record({
    name,
    columns: fc.uniqueArray(fc.tuple(name, columnType), { minLength: 1, maxLength: 5, selector: ([column]) => column }),
    keys: fc.array(
      fc.record({
        kind: fc.constantFrom('BTree' as const, 'BTree' as const, 'Hash' as const, 'Direct' as const),
        columns: fc.uniqueArray(fc.nat(4), { minLength: 1, maxLength: 3 }),
        isUnique: fc.boolean(),
      }),
      { maxLength: 4 },
    ),
    isEvent: fc.boolean(),
    isPrivate: fc.boolean(),
    hasPrimaryKey: fc.boolean(),
    hasSequence: fc.boolean(),
    sequence: fc.record({
      start: fc.constantFrom(undefined, undefined, 1n, 2n, 3n, 200n),
      minValue: fc.constantFrom(undefined, undefined, 1n, -5n, -300n),
      maxValue: fc.constantFrom(undefined, undefined, 3n, 100n, 300n),
      increment: fc.constantFrom(1n, 1n, 1n, 1n, -1n, 2n, -7n, 0n, 1n << 100n),
    }),
    defaultSeed: fc.option(fc.integer(), { nil: undefined }),
  })
  .map((parts) => {
    const { columns, keys } = parts;
    const used = new Map<string, (typeof keys)[number]>();
    for (const { kind, columns: over, isUnique } of keys) {
      const covered = [...new Set(over.map((column) => column % columns.length))];
      const isDirect = kind === 'Direct' && DIRECT.test(columns[covered[0]!]![1].tag);
      const fitting = kind === 'Direct' && !isDirect ? 'BTree' : kind;
      const key = { kind: fitting, columns: isDirect ? covered.slice(0, 1) : covered, isUnique };
      used.set(`${key.kind} ${key.columns.join()}`, key);
    }
    const indexes = [...used.values()];
    // One constraint for each set of columns, whatever their order.
    const unique = [
      ...new Map(
        indexes.filter(({ isUnique }) => isUnique).map((key) => [String(key.columns.toSorted((a, b) => a - b)), key]),
      ).values(),
    ];
    const primaryKey = unique.find((key) => key.columns.length === 1)?.columns;
    const counted = columns.findIndex(([, type]) => INTEGERS.test(type.tag));
    const [first, firstType] = [0, columns[0]![1]];
    return {
      row: types.product(columns),
      table: rawTable({
        name: parts.name,
        primaryKey: parts.hasPrimaryKey ? (primaryKey ?? []) : [],
        indexes: indexes.map(({ kind, columns: over }, i) => ({
          name: `${parts.name}_${i}`,
          accessorName: undefined,
          algorithm: kind === 'Direct' ? { tag: kind, column: over[0]! } : { tag: kind, columns: over },
        })),
        constraints: unique.map((key) => ({ name: undefined, columns: key.columns })),
        sequences: parts.hasSequence && counted >= 0 ? [{ name: undefined, column: counted, ...parts.sequence }] : [],
        tableAccess: parts.isPrivate ? 'Private' : 'Public',
        isEvent: parts.isEvent,
        defaultValues:
          parts.defaultSeed === undefined
            ? []
            : [{ column: first, value: randomValueBytes(firstType, parts.defaultSeed) }],
      }),
    };
  });

const SCHEDULED_ROW = types.product([
  ['scheduled_id', types.u64],
  ['at', types.scheduleAt],
]);
const SCHEDULED_TABLE = rawTable({
  name: 'due',
  primaryKey: [0],
  indexes: [{ name: 'due_id', accessorName: undefined, algorithm: { tag: 'BTree', columns: [0] } }],
  constraints: [{ name: undefined, columns: [0] }],
  sequences: [
    { name: undefined, column: 0, start: undefined, minValue: undefined, maxValue: undefined, increment: 1n },
  ],
});

/** Some tables, for each a reducer whose argument is a row of it, and now and then one of everything else. */
export const randomDefinition: fc.Arbitrary<RawModuleDefV10> = fc
  .record({
    tables: fc.uniqueArray(table, { maxLength: 3, selector: (parts) => parts.table.name }),
    policy: fc.constantFrom('None' as const, 'SnakeCase' as const),
    hasRule: rarely(),
    hasViews: rarely(),
    hasSchedule: rarely(),
    hasFunctions: rarely(),
    lifecycle: fc.constantFrom(undefined, undefined, 'Init' as const, 'OnConnect' as const, 'OnDisconnect' as const),
  })
  .map(({ tables: plain, policy, hasRule, hasViews, hasSchedule, hasFunctions, lifecycle }) => {
    const tables = hasSchedule ? [...plain, { table: SCHEDULED_TABLE, row: SCHEDULED_ROW }] : plain;
    const rowRef = (i: number): number => TYPESPACE.length + i;
    const viewNames = hasViews && tables.length > 0 ? ['seen_by_all', 'seen_by_one'] : [];
    return rawModule({
      typespace: [...TYPESPACE, ...tables.map(({ row }) => row)],
      types: [
        ...[0, 1, 2, 3, 4].map((ref) => ({ scope: [], name: `Type${ref}`, ref, customOrdering: true })),
        ...tables.map((_, i) => ({ scope: [], name: `Row${i}`, ref: rowRef(i), customOrdering: true })),
      ],
      tables: tables.map((parts, i) => ({ ...parts.table, productTypeRef: rowRef(i) })),
      reducers: [
        ...tables.map((_, i) => rawReducer(`put_${i}`, [['row', types.ref(rowRef(i))]])),
        ...(lifecycle === undefined ? [] : [rawReducer('on_event')]),
        ...(hasSchedule ? [rawReducer('run', [['row', types.ref(rowRef(plain.length))]])] : []),
      ],
      lifecycleReducers: lifecycle === undefined ? [] : [{ lifecycle, functionName: 'on_event' }],
      schedules: hasSchedule ? [{ name: undefined, tableName: 'due', atColumn: 1, functionName: 'run' }] : [],
      views: viewNames.map((viewName, i) => ({
        name: viewName,
        index: 0,
        isPublic: true,
        isAnonymous: i === 0,
        params: { tag: 'Product', elements: [] },
        returnType: types.array(types.ref(rowRef(0))),
      })),
      procedures: hasFunctions
        ? [{ name: 'wait', params: { tag: 'Product', elements: [] }, returnType: types.unit, visibility: 'Private' }]
        : [],
      httpHandlers: hasFunctions ? ['answer'] : [],
      httpRoutes: hasFunctions ? [{ handlerName: 'answer', method: { tag: 'Any' }, path: '/x' }] : [],
      caseConversionPolicy: policy,
      rowLevelSecurity: hasRule && plain.length > 0 ? [`SELECT * FROM "${plain[0]!.table.name}"`] : [],
    });
  });

function rarely(): fc.Arbitrary<boolean> {
  return fc.nat(4).map((value) => value === 4);
}

export function encodeDefinition(raw: RawModuleDefV10): Uint8Array {
  const writer = new ByteWriter();
  encodeRawModuleDef(writer, raw);
  return writer.finish();
}

function randomValueBytes(type: AlgebraicType, seed: number): Uint8Array {
  if (type.tag === 'Ref' && type.ref >= TYPESPACE.length) return Uint8Array.of(0);
  const writer = new ByteWriter();
  compileType(type, TYPESPACE).encode(writer, fc.sample(valueOf(type), { seed, numRuns: 1 })[0]!);
  return writer.finish();
}

/** Bytes of a definition with some of them changed, copied elsewhere, or gone. */
export function mutateBytes(bytes: Uint8Array, edits: readonly (readonly [at: number, value: number])[]): Uint8Array {
  const mutated = bytes.slice();
  if (mutated.length === 0) return mutated;
  for (const [at, value] of edits) {
    const place = at % mutated.length;
    if (value < 256) mutated[place] = value;
    else mutated.copyWithin(place, value % mutated.length, (value % mutated.length) + 1 + (value % 13));
  }
  return mutated;
}
