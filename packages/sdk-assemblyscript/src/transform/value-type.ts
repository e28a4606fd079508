import type { Range } from 'assemblyscript';

/** Scalars of AssemblyScript, with their size in bytes. */
export const scalarSizes = {
  bool: 1,
  i8: 1,
  u8: 1,
  i16: 2,
  u16: 2,
  i32: 4,
  u32: 4,
  i64: 8,
  u64: 8,
  f32: 4,
  f64: 8,
} as const;

/** Classes of the library whose BSATN has a fixed size, with that size in bytes. */
export const fixedClassSizes = {
  u128: 16,
  i128: 16,
  u256: 32,
  i256: 32,
  Identity: 32,
  ConnectionId: 16,
  Timestamp: 8,
  TimeDuration: 8,
  ScheduleAt: 9,
  Uuid: 16,
} as const;

export type ScalarName = keyof typeof scalarSizes;
export type FixedClassName = keyof typeof fixedClassSizes;

/** A type that columns, arguments and results can have. */
export type ValueType =
  | { readonly kind: 'scalar'; readonly name: ScalarName }
  | { readonly kind: 'string' }
  | { readonly kind: 'bytes' }
  | { readonly kind: 'unit' }
  | { readonly kind: 'fixed'; readonly name: FixedClassName }
  | { readonly kind: 'array'; readonly element: ValueType }
  /** `isNullable`: written `T | null`, else `Option<T>`. */
  | { readonly kind: 'option'; readonly some: ValueType; readonly isNullable: boolean }
  | { readonly kind: 'result'; readonly ok: ValueType; readonly err: ValueType }
  | { readonly kind: 'named'; readonly declared: DeclaredType };

/** A type that the module declares and that gets a place in the typespace. */
export type DeclaredType = ProductDeclaration | SumDeclaration | EnumDeclaration;

export interface Field {
  /** As in the source. */
  readonly property: string;
  /** As in the module definition. */
  readonly name: string;
  readonly type: ValueType;
  readonly range: Range;
}

interface Declaration {
  /** The type's name in the definition. */
  readonly name: string;
  /** How generated code spells it. */
  readonly code: string;
  /** The file that declares it, without ending, and its name there. */
  readonly path: string;
  readonly localName: string;
}

export interface ProductDeclaration extends Declaration {
  readonly kind: 'product';
  fields: readonly Field[];
}

export interface Variant {
  readonly name: string;
  /** How generated code spells the class of the variant. */
  readonly code: string;
  /** The one value that it carries, if any. */
  readonly payload: Field | undefined;
}

export interface SumDeclaration extends Declaration {
  readonly kind: 'sum';
  variants: readonly Variant[];
}

export interface EnumDeclaration extends Declaration {
  readonly kind: 'enum';
  readonly variants: readonly string[];
}

/** The size of its BSATN in bytes, if that is the same for all values and known without decoding. */
export function fixedSize(type: ValueType): number | undefined {
  switch (type.kind) {
    case 'scalar':
      return scalarSizes[type.name];
    case 'fixed':
      return fixedClassSizes[type.name];
    case 'named':
      return type.declared.kind === 'enum' ? 1 : undefined;
    default:
      return undefined;
  }
}

/** True if AssemblyScript can say `T | null`. */
export function isReference(type: ValueType): boolean {
  return type.kind !== 'scalar' && !(type.kind === 'named' && type.declared.kind === 'enum');
}

/** The type as AssemblyScript spells it; `spell` says how declared types are called there. */
export function typeCode(type: ValueType, spell: (declared: DeclaredType) => string): string {
  switch (type.kind) {
    case 'scalar':
    case 'fixed':
      return type.name;
    case 'string':
      return 'string';
    case 'bytes':
      return 'Uint8Array';
    case 'unit':
      return 'Unit';
    case 'array':
      return `Array<${typeCode(type.element, spell)}>`;
    case 'option': {
      const some = typeCode(type.some, spell);
      return type.isNullable ? `${some} | null` : `Option<${some}>`;
    }
    case 'result':
      return `Result<${typeCode(type.ok, spell)}, ${typeCode(type.err, spell)}>`;
    case 'named':
      return spell(type.declared);
  }
}
