import { type AlgebraicType, type ByteReader, type ProductType, SatsError, readType } from '@lightcone/sats';
import type { HttpMethod } from '../module-def.ts';
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
  type RawVisibility,
  TABLE_ACCESSES,
  TABLE_TYPES,
  VISIBILITIES,
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

/**
 * The definition of modules built with bindings 2.x. On the wire it is a list of sections, in any
 * order, each of them optional; of a section that comes twice only the first counts.
 */
export interface RawModuleDefV10 {
  readonly version: 10;
  readonly typespace: readonly AlgebraicType[];
  readonly types: readonly RawTypeDef[];
  readonly tables: readonly RawTableDefV10[];
  readonly reducers: readonly RawReducerDefV10[];
  readonly procedures: readonly RawProcedureDefV10[];
  readonly views: readonly RawViewDef[];
  readonly schedules: readonly RawScheduleDefV10[];
  readonly lifecycleReducers: readonly RawLifecycleReducerDefV10[];
  /** SQL texts. */
  readonly rowLevelSecurity: readonly string[];
  readonly caseConversionPolicy: CaseConversionPolicy;
  readonly explicitNames: readonly RawExplicitName[];
  readonly httpHandlers: readonly string[];
  readonly httpRoutes: readonly RawHttpRouteDefV10[];
  readonly viewPrimaryKeys: readonly RawViewPrimaryKey[];
  readonly submodules: readonly RawSubmodule[];
}

export interface RawTableDefV10 {
  readonly name: string;
  readonly productTypeRef: number;
  readonly primaryKey: Columns;
  readonly indexes: readonly RawIndexDef[];
  readonly constraints: readonly RawConstraintDef[];
  readonly sequences: readonly RawSequenceDef[];
  readonly tableType: RawTableType;
  readonly tableAccess: RawTableAccess;
  readonly defaultValues: readonly RawColumnDefault[];
  readonly isEvent: boolean;
}

export interface RawColumnDefault {
  readonly column: number;
  /** BSATN of the column's type. */
  readonly value: Uint8Array;
}

export interface RawReducerDefV10 {
  readonly name: string;
  readonly params: ProductType;
  readonly visibility: RawVisibility;
  readonly okReturnType: AlgebraicType;
  readonly errReturnType: AlgebraicType;
}

export interface RawProcedureDefV10 {
  readonly name: string;
  readonly params: ProductType;
  readonly returnType: AlgebraicType;
  readonly visibility: RawVisibility;
}

export interface RawScheduleDefV10 {
  readonly name: string | undefined;
  readonly tableName: string;
  readonly atColumn: number;
  /** A reducer or a procedure. */
  readonly functionName: string;
}

export interface RawLifecycleReducerDefV10 {
  readonly lifecycle: RawLifecycle;
  readonly functionName: string;
}

export type CaseConversionPolicy = 'None' | 'SnakeCase';

export interface RawExplicitName {
  readonly kind: 'Table' | 'Function' | 'Index';
  readonly sourceName: string;
  readonly canonicalName: string;
}

const HTTP_METHODS = [
  'Get',
  'Head',
  'Post',
  'Put',
  'Delete',
  'Connect',
  'Options',
  'Trace',
  'Patch',
  'Extension',
] as const;

export interface RawHttpRouteDefV10 {
  readonly handlerName: string;
  readonly method: HttpMethod;
  readonly path: string;
}

export interface RawViewPrimaryKey {
  readonly viewName: string;
  readonly columns: readonly string[];
}

export interface RawSubmodule {
  readonly namespace: string;
  readonly module: RawModuleDefV10;
}

/** Submodules may be nested this deep: enough for any library, and little enough for the stack. */
const MAX_SUBMODULE_DEPTH = 32;

/** In the order of their tags. */
const SECTIONS = [
  'Typespace',
  'Types',
  'Tables',
  'Reducers',
  'Procedures',
  'Views',
  'Schedules',
  'LifeCycleReducers',
  'RowLevelSecurity',
  'CaseConversionPolicy',
  'ExplicitNames',
  'HttpHandlers',
  'HttpRoutes',
  'ViewPrimaryKeys',
  'Submodules',
] as const;
type Section = (typeof SECTIONS)[number];

const EMPTY: RawModuleDefV10 = {
  version: 10,
  typespace: [],
  types: [],
  tables: [],
  reducers: [],
  procedures: [],
  views: [],
  schedules: [],
  lifecycleReducers: [],
  rowLevelSecurity: [],
  caseConversionPolicy: 'SnakeCase',
  explicitNames: [],
  httpHandlers: [],
  httpRoutes: [],
  viewPrimaryKeys: [],
  submodules: [],
};

export function readRawModuleDefV10(reader: ByteReader, depth = 0): RawModuleDefV10 {
  if (depth > MAX_SUBMODULE_DEPTH) {
    throw new SatsError(
      'SATS_TOO_DEEP',
      `submodules nested deeper than ${MAX_SUBMODULE_DEPTH} at byte ${reader.offset}`,
    );
  }
  const module = { ...EMPTY };
  const seen = new Set<Section>();
  for (let left = reader.u32(); left > 0; left--) {
    const section = readVariant(reader, 'RawModuleDefV10Section', SECTIONS);
    const content = readSection(reader, section, depth);
    if (!seen.has(section)) Object.assign(module, content);
    seen.add(section);
  }
  return module;
}

function readSection(reader: ByteReader, section: Section, depth: number): Partial<RawModuleDefV10> {
  switch (section) {
    case 'Typespace':
      return { typespace: readTypespace(reader) };
    case 'Types':
      return { types: readList(reader, readTypeDef) };
    case 'Tables':
      return { tables: readList(reader, readTable) };
    case 'Reducers':
      return { reducers: readList(reader, readReducer) };
    case 'Procedures':
      return { procedures: readList(reader, readProcedure) };
    case 'Views':
      return { views: readList(reader, readViewDef) };
    case 'Schedules':
      return { schedules: readList(reader, readSchedule) };
    case 'LifeCycleReducers':
      return { lifecycleReducers: readList(reader, readLifecycleReducer) };
    case 'RowLevelSecurity':
      return { rowLevelSecurity: readList(reader, readString) };
    case 'CaseConversionPolicy':
      return { caseConversionPolicy: readVariant(reader, 'CaseConversionPolicy', ['None', 'SnakeCase']) };
    case 'ExplicitNames':
      return { explicitNames: readList(reader, readExplicitName) };
    case 'HttpHandlers':
      return { httpHandlers: readList(reader, readString) };
    case 'HttpRoutes':
      return { httpRoutes: readList(reader, readHttpRoute) };
    case 'ViewPrimaryKeys':
      return { viewPrimaryKeys: readList(reader, readViewPrimaryKey) };
    case 'Submodules':
      return { submodules: readList(reader, (submodule) => readSubmodule(submodule, depth + 1)) };
  }
}

function readSubmodule(reader: ByteReader, depth: number): RawSubmodule {
  return { namespace: reader.string(), module: readRawModuleDefV10(reader, depth) };
}

function readTable(reader: ByteReader): RawTableDefV10 {
  return {
    name: reader.string(),
    productTypeRef: reader.u32(),
    primaryKey: readColumns(reader),
    indexes: readList(reader, readIndexDef),
    constraints: readList(reader, readConstraintDef),
    sequences: readList(reader, readSequenceDef),
    tableType: readVariant(reader, 'TableType', TABLE_TYPES),
    tableAccess: readVariant(reader, 'TableAccess', TABLE_ACCESSES),
    defaultValues: readList(reader, (value) => ({ column: value.u16(), value: value.lengthPrefixed().slice() })),
    isEvent: reader.bool(),
  };
}

function readReducer(reader: ByteReader): RawReducerDefV10 {
  return {
    name: reader.string(),
    params: readProduct(reader),
    visibility: readVariant(reader, 'FunctionVisibility', VISIBILITIES),
    okReturnType: readType(reader),
    errReturnType: readType(reader),
  };
}

function readProcedure(reader: ByteReader): RawProcedureDefV10 {
  return {
    name: reader.string(),
    params: readProduct(reader),
    returnType: readType(reader),
    visibility: readVariant(reader, 'FunctionVisibility', VISIBILITIES),
  };
}

function readSchedule(reader: ByteReader): RawScheduleDefV10 {
  return {
    name: readOption(reader, readString),
    tableName: reader.string(),
    atColumn: reader.u16(),
    functionName: reader.string(),
  };
}

function readLifecycleReducer(reader: ByteReader): RawLifecycleReducerDefV10 {
  return { lifecycle: readLifecycle(reader), functionName: reader.string() };
}

function readExplicitName(reader: ByteReader): RawExplicitName {
  return {
    kind: readVariant(reader, 'ExplicitNameEntry', ['Table', 'Function', 'Index']),
    sourceName: reader.string(),
    canonicalName: reader.string(),
  };
}

function readHttpRoute(reader: ByteReader): RawHttpRouteDefV10 {
  return { handlerName: reader.string(), method: readHttpMethod(reader), path: reader.string() };
}

function readHttpMethod(reader: ByteReader): HttpMethod {
  const tag = readVariant(reader, 'MethodOrAny', ['Any', 'Method']);
  if (tag === 'Any') return { tag };
  const method = readVariant(reader, 'HttpMethod', HTTP_METHODS);
  return method === 'Extension' ? { tag: method, name: reader.string() } : { tag: method };
}

function readViewPrimaryKey(reader: ByteReader): RawViewPrimaryKey {
  return { viewName: reader.string(), columns: readList(reader, readString) };
}
