import { type AlgebraicType, type ByteReader, type ProductType, readType } from '@lightcone/sats';
import {
  type Columns,
  type RawConstraintDef,
  type RawIndexDef,
  type RawLifecycle,
  type RawSequenceDef,
  type RawTableAccess,
  type RawTableType,
  type RawTypeDef,
  type RawViewDef,
  TABLE_ACCESSES,
  TABLE_TYPES,
  readConstraintDef,
  readIndexDef,
  readLifecycle,
  readProduct,
  readSequenceDef,
  readString,
  readTypeDef,
  readTypespace,
  readViewDef,
} from './raw-parts.ts';
import { readColumns, readList, readOption, readVariant } from './read-parts.ts';

/** The definition of modules built with bindings 1.x. */
export interface RawModuleDefV9 {
  readonly version: 9;
  readonly typespace: readonly AlgebraicType[];
  readonly tables: readonly RawTableDefV9[];
  readonly reducers: readonly RawReducerDefV9[];
  readonly types: readonly RawTypeDef[];
  readonly miscExports: readonly RawMiscExportV9[];
  /** SQL texts. */
  readonly rowLevelSecurity: readonly string[];
}

export interface RawTableDefV9 {
  readonly name: string;
  readonly productTypeRef: number;
  readonly primaryKey: Columns;
  readonly indexes: readonly RawIndexDef[];
  readonly constraints: readonly RawConstraintDef[];
  readonly sequences: readonly RawSequenceDef[];
  readonly schedule: RawScheduleDefV9 | undefined;
  readonly tableType: RawTableType;
  readonly tableAccess: RawTableAccess;
}

export interface RawScheduleDefV9 {
  readonly name: string | undefined;
  /** A reducer or a procedure. */
  readonly functionName: string;
  readonly atColumn: number;
}

export interface RawReducerDefV9 {
  readonly name: string;
  readonly params: ProductType;
  readonly lifecycle: RawLifecycle | undefined;
}

export type RawMiscExportV9 =
  | { readonly tag: 'ColumnDefaultValue'; readonly table: string; readonly column: number; readonly value: Uint8Array }
  | {
      readonly tag: 'Procedure';
      readonly name: string;
      readonly params: ProductType;
      readonly returnType: AlgebraicType;
    }
  | { readonly tag: 'View'; readonly view: RawViewDef };

export function readRawModuleDefV9(reader: ByteReader): RawModuleDefV9 {
  return {
    version: 9,
    typespace: readTypespace(reader),
    tables: readList(reader, readTable),
    reducers: readList(reader, readReducer),
    types: readList(reader, readTypeDef),
    miscExports: readList(reader, readMiscExport),
    rowLevelSecurity: readList(reader, readString),
  };
}

function readTable(reader: ByteReader): RawTableDefV9 {
  return {
    name: reader.string(),
    productTypeRef: reader.u32(),
    primaryKey: readColumns(reader),
    indexes: readList(reader, readIndexDef),
    constraints: readList(reader, readConstraintDef),
    sequences: readList(reader, readSequenceDef),
    schedule: readOption(reader, readSchedule),
    tableType: readVariant(reader, 'TableType', TABLE_TYPES),
    tableAccess: readVariant(reader, 'TableAccess', TABLE_ACCESSES),
  };
}

function readSchedule(reader: ByteReader): RawScheduleDefV9 {
  return { name: readOption(reader, readString), functionName: reader.string(), atColumn: reader.u16() };
}

function readReducer(reader: ByteReader): RawReducerDefV9 {
  return { name: reader.string(), params: readProduct(reader), lifecycle: readOption(reader, readLifecycle) };
}

function readMiscExport(reader: ByteReader): RawMiscExportV9 {
  const tag = readVariant(reader, 'RawMiscModuleExportV9', ['ColumnDefaultValue', 'Procedure', 'View']);
  switch (tag) {
    case 'ColumnDefaultValue':
      return { tag, table: reader.string(), column: reader.u16(), value: reader.lengthPrefixed().slice() };
    case 'Procedure':
      return { tag, name: reader.string(), params: readProduct(reader), returnType: readType(reader) };
    case 'View':
      return { tag, view: readViewDef(reader) };
  }
}
