import { type AlgebraicType, type ByteWriter, type ProductType, SCALAR_SIZES } from '@lightcone/sats';
import { invalidSnapshot } from './invalid-snapshot.ts';

/** Where the var-length values of a page are. */
export interface VarLengthValues {
  /** The bytes of a value, of which `bytes[at..at + 4]` says where they are. They are valid until the next call. */
  read(bytes: Uint8Array, at: number): Uint8Array;
}

/** How values of a type lie in a page of SpacetimeDB's, and how they are written as BSATN. */
export interface Layout {
  readonly size: number;
  readonly alignment: number;
  write(writer: ByteWriter, bytes: Uint8Array, at: number, values: VarLengthValues): void;
}

/** A row has at least this many bytes: a free slot holds the position of the next one. */
const MIN_ROW_BYTES = 2;

/**
 * The layout of rows (file 33 §10.1 of the specification): fields in order, each aligned to its size; a product has the
 * alignment of its largest member; a sum has its tag at 0 and its payload at the payload's alignment. Integers are
 * little-endian, as in BSATN.
 */
export function rowLayout(type: ProductType): Layout {
  const layout = layoutOf(type);
  return { ...layout, size: Math.max(MIN_ROW_BYTES, layout.size) };
}

function layoutOf(type: AlgebraicType): Layout {
  const scalarBytes: number | undefined = (SCALAR_SIZES as Partial<Record<AlgebraicType['tag'], number>>)[type.tag];
  if (scalarBytes !== undefined) {
    return {
      size: scalarBytes,
      alignment: scalarBytes,
      write: (writer, bytes, at) => writer.slice(bytes, at, at + scalarBytes),
    };
  }
  switch (type.tag) {
    case 'String':
      return {
        ...VAR_LENGTH,
        write(writer, bytes, at, values) {
          const text = values.read(bytes, at);
          writer.u32(text.length);
          writer.raw(text);
        },
      };
    case 'Array':
      return {
        ...VAR_LENGTH,
        write(writer, bytes, at, values) {
          // It is there with its count, as BSATN has it.
          const array = values.read(bytes, at);
          if (array.length === 0) writer.u32(0);
          else writer.raw(array);
        },
      };
    case 'Product':
      return productLayout(type.elements.map((element) => layoutOf(element.type)));
    case 'Sum':
      return sumLayout(type.variants.map((variant) => layoutOf(variant.type)));
    default:
      throw invalidSnapshot(`a column has a type of kind ${type.tag}, which has no layout`);
  }
}

/** Length u16 and position u16. */
const VAR_LENGTH = { size: 4, alignment: 2 } as const;

function productLayout(fields: readonly Layout[]): Layout {
  const offsets: number[] = [];
  let end = 0;
  for (const field of fields) {
    const offset = aligned(end, field.alignment);
    offsets.push(offset);
    end = offset + field.size;
  }
  const alignment = largestAlignment(fields);
  return {
    size: aligned(end, alignment),
    alignment,
    write(writer, bytes, at, values) {
      for (let i = 0; i < fields.length; i++) fields[i]!.write(writer, bytes, at + offsets[i]!, values);
    },
  };
}

function sumLayout(variants: readonly Layout[]): Layout {
  const alignment = largestAlignment(variants);
  const payloadAt = aligned(1, alignment);
  const payloadBytes = variants.reduce((most, { size }) => Math.max(most, size), 0);
  return {
    size: aligned(payloadAt + payloadBytes, alignment),
    alignment,
    write(writer, bytes, at, values) {
      const tag = bytes[at]!; // in the row
      const variant = variants[tag];
      if (variant === undefined) throw invalidSnapshot(`a value has variant ${tag} of ${variants.length}`);
      writer.u8(tag);
      variant.write(writer, bytes, at + payloadAt, values);
    },
  };
}

function largestAlignment(parts: readonly Layout[]): number {
  return parts.reduce((largest, { alignment }) => Math.max(largest, alignment), 1);
}

function aligned(position: number, alignment: number): number {
  return Math.ceil(position / alignment) * alignment;
}
