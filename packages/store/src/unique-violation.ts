import {
  type AlgebraicType,
  type AlgebraicValue,
  ByteReader,
  ByteWriter,
  type ColumnAccess,
  type SumValue,
  bytesToHex,
} from '@lightcone/sats';
import type { Table } from './table.ts';
import type { Index } from './table-index.ts';

/** Which key was there already. One object is reused: it tells of the last refusal only. */
export class UniqueViolation {
  table: Table | undefined;
  index: Index | undefined;
  /** The key: the BSATN of the index's columns. */
  readonly key: ByteWriter = new ByteWriter(64);

  /** Takes a copy of the key of the refused row, which is at `start`. */
  record(table: Table, index: Index, bytes: Uint8Array, start: number): void {
    this.table = table;
    this.index = index;
    this.key.reset();
    index.key.writeKey(this.key, bytes, start);
  }

  /** The sentence that modules and clients of SpacetimeDB know. */
  message(): string {
    if (this.table === undefined || this.index === undefined) return 'no unique constraint was violated';
    const { columns } = this.index.key;
    const names = columns.map((column, i) => column.name ?? String(this.index?.definition.columns[i]));
    return (
      `Unique constraint violation '${this.index.definition.name}' in table '${this.table.definition.name}': ` +
      `column(s): '${JSON.stringify(names)}' value: ${keyText(columns, this.key.written())}`
    );
  }
}

/** A key, the BSATN of some columns, as SATN: the values of one column, `(0 = …, 1 = …)` for more. */
export function keyText(columns: readonly ColumnAccess[], key: Uint8Array): string {
  const reader = new ByteReader(key);
  const values = columns.map((column) => formatValue(column.type.type, column.type.decode(reader)));
  return values.length === 1 ? values[0]! : formatFields(values);
}

/** SATN, as the reference prints values without their field names. */
function formatValue(type: AlgebraicType, value: AlgebraicValue): string {
  switch (type.tag) {
    case 'String':
      return JSON.stringify(value);
    case 'Product': {
      const fields = value as { readonly [field: string]: AlgebraicValue }; // a product decodes to an object
      return formatFields(
        type.elements.map((element, i) => formatValue(element.type, fields[element.name ?? String(i)]!)),
      );
    }
    case 'Sum': {
      const { tag, value: payload } = value as SumValue; // a sum decodes to a tag and a payload
      const variant = type.variants.findIndex((candidate, i) => (candidate.name ?? String(i)) === tag);
      return `(${tag} = ${formatValue(type.variants[variant]!.type, payload)})`;
    }
    case 'Array': {
      if (value instanceof Uint8Array) return `0x${bytesToHex(value)}`;
      const elements = value as readonly AlgebraicValue[]; // other arrays decode to arrays
      return `[${elements.map((element) => formatValue(type.element, element)).join(', ')}]`;
    }
    default:
      return String(value as boolean | number | bigint); // what scalars decode to
  }
}

function formatFields(values: readonly string[]): string {
  return `(${values.map((value, i) => `${i} = ${value}`).join(', ')})`;
}
