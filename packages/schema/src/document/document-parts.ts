import { type AlgebraicType, type JsonValue, type ProductType, type Typespace, typeToJson } from '@lightcone/sats';
import type { IndexAlgorithm, Lifecycle, SequenceDef, TableDef, TypeDef } from '../module-def.ts';
import { compareNames } from '../names/compare-names.ts';

/** The unit of the host's own structures. */
const UNIT: JsonValue = [];

export function option(some: JsonValue | undefined): JsonValue {
  return some === undefined ? { none: UNIT } : { some };
}

/** A variant without payload. */
export function variant(name: string): JsonValue {
  return { [name]: UNIT };
}

function numbers(values: readonly number[]): JsonValue {
  return values.map(BigInt);
}

/** A product without the tag of an algebraic type. */
export function params(product: ProductType): JsonValue {
  return {
    elements: product.elements.map(({ name, type }) => ({ name: option(name), algebraic_type: typeToJson(type) })),
  };
}

export function typespace(types: Typespace): JsonValue {
  return { types: types.map((type: AlgebraicType) => typeToJson(type)) };
}

export function algorithm({ kind, columns }: IndexAlgorithm): JsonValue {
  switch (kind) {
    case 'btree':
      return { BTree: numbers(columns) };
    case 'hash':
      return { Hash: numbers(columns) };
    case 'direct':
      return { Direct: BigInt(columns[0]!) }; // a direct index has one column
  }
}

export function constraintData(columns: readonly number[]): JsonValue {
  return { Unique: { columns: numbers(columns) } };
}

/** All fields of a sequence but its name, which each version calls differently. */
export function sequenceNumbers({
  column,
  start,
  minValue,
  maxValue,
  increment,
}: SequenceDef): Record<string, JsonValue> {
  return {
    column: BigInt(column),
    start: option(start),
    min_value: option(minValue),
    max_value: option(maxValue),
    increment,
  };
}

export function primaryKey({ primaryKey: column }: TableDef): JsonValue {
  return column === undefined ? [] : [BigInt(column)];
}

export function tableType(table: TableDef): JsonValue {
  return variant(table.tableType === 'system' ? 'System' : 'User');
}

export function tableAccess(table: TableDef): JsonValue {
  return variant(table.access === 'public' ? 'Public' : 'Private');
}

export function lifecycle(event: Lifecycle): JsonValue {
  return variant({ init: 'Init', onConnect: 'OnConnect', onDisconnect: 'OnDisconnect' }[event]);
}

/** By scope, unscoped ones first, then by name. */
export function sortedTypes(types: readonly TypeDef[]): TypeDef[] {
  return types.toSorted((a, b) => compareScopes(a.scope, b.scope) || compareNames(a.name, b.name));
}

function compareScopes(a: readonly string[], b: readonly string[]): number {
  for (const [position, segment] of a.entries()) {
    const other = b[position];
    if (other === undefined) return 1;
    const order = compareNames(segment, other);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

export function sortedByName<Part extends { readonly name: string }>(parts: readonly Part[]): Part[] {
  return parts.toSorted((a, b) => compareNames(a.name, b.name));
}
