import { type AlgebraicType, ByteWriter, types } from '@lightcone/sats';
import { encodeRawModuleDef } from '../../../schema/test/encode-raw-module-def.ts';
import { rawModule, rawReducer, rawTable, sequence, unique } from '../../../schema/test/raw-modules.ts';
import { type ColumnType, type Value, decodeValue, encodeValue } from './values.ts';

export interface ModelSequence {
  readonly column: number;
  readonly min: bigint;
  /** Of the sequence, or the largest that the column holds: the sequence ends there instead of going round. */
  readonly max: bigint;
  readonly start: bigint;
  readonly goesRound: boolean;
  /** Values that a restart may skip. */
  readonly block: bigint;
}

export interface ModelIndex {
  readonly name: string;
  readonly kind: 'BTree' | 'Hash' | 'Direct';
  readonly columns: readonly number[];
}

export interface ModelTable {
  readonly name: string;
  readonly columns: readonly { readonly name: string; readonly type: ColumnType }[];
  readonly primaryKey: number | undefined;
  readonly indexes: readonly ModelIndex[];
  /** Column sets, ascending. */
  readonly unique: readonly (readonly number[])[];
  readonly sequences: readonly ModelSequence[];
  readonly isPrivate: boolean;
  readonly isEvent: boolean;
}

interface TableParts {
  readonly columns: Readonly<Record<string, ColumnType>>;
  readonly primaryKey?: number;
  readonly indexes?: readonly (readonly [kind: ModelIndex['kind'], ...columns: number[]])[];
  readonly unique?: readonly (readonly number[])[];
  readonly sequences?: readonly ModelSequence[];
  readonly isPrivate?: boolean;
  readonly isEvent?: boolean;
}

function table(name: string, parts: TableParts): ModelTable {
  return {
    name,
    columns: Object.entries(parts.columns).map(([column, type]) => ({ name: column, type })),
    primaryKey: parts.primaryKey,
    indexes: (parts.indexes ?? []).map(([kind, ...columns]) => {
      return { name: `${name}_${columns.join('_')}_${kind.toLowerCase()}`, kind, columns };
    }),
    unique: parts.unique ?? [],
    sequences: parts.sequences ?? [],
    isPrivate: parts.isPrivate ?? false,
    isEvent: parts.isEvent ?? false,
  };
}

const counting = (column: number, max: bigint, block: bigint): ModelSequence => {
  return { column, min: 1n, max, start: 1n, goesRound: false, block };
};

/** One table for each thing that can go wrong. */
export const TABLES: readonly ModelTable[] = [
  table('plain', { columns: { n: 'U32', s: 'String' } }),
  table('keyed', {
    columns: { id: 'U64', name: 'String', grp: 'U8' },
    primaryKey: 0,
    indexes: [
      ['BTree', 0],
      ['BTree', 1],
      ['BTree', 2],
      ['BTree', 2, 1],
    ],
    unique: [[0], [1]],
    sequences: [counting(0, (1n << 64n) - 1n, 4096n)],
  }),
  table('hashed', {
    columns: { code: 'String', num: 'U16', tag: 'I64' },
    primaryKey: 0,
    indexes: [
      ['Hash', 0],
      ['Direct', 1],
      ['Hash', 2],
      ['Hash', 2, 1],
    ],
    unique: [[0], [1]],
  }),
  table('narrow', {
    columns: { id: 'I8', v: 'I32' },
    primaryKey: 0,
    indexes: [['BTree', 0]],
    unique: [[0]],
    sequences: [counting(0, 127n, 1n)],
  }),
  table('ring', {
    columns: { id: 'U8', s: 'String' },
    primaryKey: 0,
    indexes: [['BTree', 0]],
    unique: [[0]],
    sequences: [{ column: 0, min: 2n, max: 6n, start: 4n, goesRound: true, block: 1n }],
  }),
  table('pair', {
    columns: { a: 'U8', b: 'I64', c: 'String' },
    indexes: [
      ['BTree', 0, 1],
      ['Hash', 1, 0],
      ['BTree', 2],
      ['BTree', 0, 2, 1],
    ],
    unique: [[0, 1]],
  }),
  table('twice', {
    columns: { serial: 'I128', id: 'U32', s: 'String' },
    primaryKey: 1,
    indexes: [['BTree', 1]],
    unique: [[1]],
    sequences: [counting(0, (1n << 127n) - 1n, 4096n), counting(1, 0xffff_ffffn, 4096n)],
  }),
  table('secret', {
    columns: { id: 'U16', s: 'String' },
    primaryKey: 0,
    indexes: [['Hash', 0]],
    unique: [[0]],
    sequences: [counting(0, 0xffffn, 64n)],
    isPrivate: true,
  }),
  table('event', {
    columns: { n: 'U32', s: 'String' },
    primaryKey: 0,
    indexes: [['BTree', 0]],
    unique: [[0]],
    isEvent: true,
  }),
];

/** A row of the model. Two rows are the same if their bytes are. */
export interface ModelRow {
  readonly values: readonly Value[];
  /** Its BSATN. */
  readonly hex: string;
}

export function modelRow(of: ModelTable, values: readonly Value[]): ModelRow {
  const bytes = Buffer.concat(of.columns.map(({ type }, i) => encodeValue(type, values[i]!))); // one per column
  return { values, hex: bytes.toString('hex') };
}

/** Splits the rows of a scan. */
export function decodeRows(of: ModelTable, bytes: Buffer): ModelRow[] {
  const rows: ModelRow[] = [];
  for (let at = 0; at < bytes.length;) {
    const values: Value[] = [];
    const start = at;
    for (const { type } of of.columns) {
      const { value, end } = decodeValue(type, bytes, at);
      values.push(value);
      at = end;
    }
    rows.push({ values, hex: bytes.toString('hex', start, at) });
  }
  return rows;
}

/** The reducer that runs scripts. */
export const REDUCER = 'run';

/** What the module of the model says of itself. */
export function describeTables(): Uint8Array {
  const writer = new ByteWriter();
  encodeRawModuleDef(
    writer,
    rawModule({
      typespace: TABLES.map(({ columns }) => types.product(columns.map(({ name, type }) => [name, typeOf(type)]))),
      types: TABLES.map(({ name }, ref) => ({ scope: [], name: `Row_${name}`, ref, customOrdering: true })),
      tables: TABLES.map((of, productTypeRef) =>
        rawTable({
          name: of.name,
          productTypeRef,
          primaryKey: of.primaryKey === undefined ? [] : [of.primaryKey],
          indexes: of.indexes.map(({ name, kind, columns }) => ({
            name,
            accessorName: undefined,
            algorithm:
              kind === 'Direct' ? { tag: 'Direct', column: columns[0]! } : { tag: kind, columns: [...columns] },
          })),
          constraints: of.unique.map((columns) => unique(...columns)),
          sequences: of.sequences.map(({ column, goesRound, min, max, start }) =>
            sequence(goesRound ? { column, minValue: min, maxValue: max, start } : { column }),
          ),
          tableAccess: of.isPrivate ? 'Private' : 'Public',
          isEvent: of.isEvent,
        }),
      ),
      reducers: [rawReducer(REDUCER, [['script', types.array(types.u8)]])],
    }),
  );
  return writer.finish();
}

function typeOf(type: ColumnType): AlgebraicType {
  return { tag: type };
}
