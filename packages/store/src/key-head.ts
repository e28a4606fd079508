import type { AlgebraicType, KeyType } from '@lightcone/sats';

/**
 * The head of a key: a number that orders like the key, as far as it goes.
 *
 * If `head(a) < head(b)` then `a < b`; equal heads say nothing unless they are below `exactBelow` in
 * magnitude, where they mean equal keys. An ordered index keeps the heads beside the row pointers,
 * so that most comparisons touch no row.
 */
export interface KeyHeads {
  readonly exactBelow: number;
  ofRow(row: Uint8Array, rowStart: number): number;
  ofKey(key: Uint8Array, keyStart: number): number;
}

/** Heads by the value of a key's first column. */
export class ColumnHeads implements KeyHeads {
  readonly exactBelow: number;
  readonly #key: KeyType;
  /** Of the first column in every row, or -1. */
  readonly #offset: number;
  readonly #head: ReadHead;

  constructor(key: KeyType) {
    const first = key.columns[0]!; // an index has at least one column
    const { read, exactBelow } = headOfType(first.type.type);
    this.#key = key;
    this.#offset = first.staticOffset ?? -1;
    this.#head = read;
    this.exactBelow = key.columns.length === 1 ? exactBelow : 0;
  }

  ofRow(row: Uint8Array, rowStart: number): number {
    const at = this.#offset >= 0 ? rowStart + this.#offset : this.#key.columns[0]!.start(row, rowStart);
    return this.#head(row, at);
  }

  ofKey(key: Uint8Array, keyStart: number): number {
    return this.#head(key, keyStart);
  }
}

/** Hashes as heads: equal keys lie together, in no useful order, and a head decides nothing more. */
export class HashHeads implements KeyHeads {
  /** Nothing but the hash is compared; whoever looks keys up compares them. */
  readonly exactBelow: number = Infinity;
  readonly #key: KeyType;

  constructor(key: KeyType) {
    this.#key = key;
  }

  ofRow(row: Uint8Array, rowStart: number): number {
    return this.#key.hashRow(row, rowStart);
  }

  ofKey(key: Uint8Array, keyStart: number): number {
    return this.#key.hashKey(key, keyStart);
  }
}

type ReadHead = (bytes: Uint8Array, at: number) => number;

interface TypeHead {
  readonly read: ReadHead;
  readonly exactBelow: number;
}

function headOfType(type: AlgebraicType): TypeHead {
  switch (type.tag) {
    case 'Bool':
    case 'U8':
      return { read: u8, exactBelow: Infinity };
    case 'I8':
      return { read: i8, exactBelow: Infinity };
    case 'U16':
      return { read: u16, exactBelow: Infinity };
    case 'I16':
      return { read: i16, exactBelow: Infinity };
    case 'U32':
      return { read: u32, exactBelow: Infinity };
    case 'I32':
      return { read: i32, exactBelow: Infinity };
    case 'U64':
      return { read: u64, exactBelow: 2 ** 53 };
    case 'I64':
      return { read: i64, exactBelow: 2 ** 53 };
    case 'U128':
      return { read: u128, exactBelow: 0 };
    case 'I128':
      return { read: i128, exactBelow: 0 };
    case 'U256':
      return { read: u256, exactBelow: 0 };
    case 'I256':
      return { read: i256, exactBelow: 0 };
    // NaN and infinity share a head, which is not below Infinity.
    case 'F32':
      return { read: f32, exactBelow: Infinity };
    case 'F64':
      return { read: f64, exactBelow: Infinity };
    case 'String':
      return { read: text, exactBelow: 0 };
    case 'Array':
      return { read: type.element.tag === 'U8' ? text : none, exactBelow: 0 };
    case 'Sum':
      return { read: u8, exactBelow: type.variants.every(({ type: payload }) => isUnit(payload)) ? Infinity : 0 };
    case 'Product': {
      const [first, ...rest] = type.elements;
      if (first === undefined) return { read: none, exactBelow: Infinity };
      const { read, exactBelow } = headOfType(first.type);
      return { read, exactBelow: rest.length === 0 ? exactBelow : 0 };
    }
    case 'Ref':
      return { read: none, exactBelow: 0 };
  }
}

function isUnit(type: AlgebraicType): boolean {
  return type.tag === 'Product' && type.elements.length === 0;
}

// The offsets below lie in bytes that were validated.

function none(): number {
  return 0;
}
function u8(bytes: Uint8Array, at: number): number {
  return bytes[at]!;
}
function i8(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) >> 24;
}
function u16(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8);
}
function i16(bytes: Uint8Array, at: number): number {
  return (u16(bytes, at) << 16) >> 16;
}
function i32(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}
function u32(bytes: Uint8Array, at: number): number {
  return i32(bytes, at) >>> 0;
}
// One rounding of an exact sum, so the order survives it.
function u64(bytes: Uint8Array, at: number): number {
  return u32(bytes, at + 4) * 2 ** 32 + u32(bytes, at);
}
function i64(bytes: Uint8Array, at: number): number {
  return i32(bytes, at + 4) * 2 ** 32 + u32(bytes, at);
}
// Of wide integers the upper 48 bits: identities and uuids differ there.
function u128(bytes: Uint8Array, at: number): number {
  return u32(bytes, at + 12) * 2 ** 16 + u16(bytes, at + 10);
}
function i128(bytes: Uint8Array, at: number): number {
  return i32(bytes, at + 12) * 2 ** 16 + u16(bytes, at + 10);
}
function u256(bytes: Uint8Array, at: number): number {
  return u128(bytes, at + 16);
}
function i256(bytes: Uint8Array, at: number): number {
  return i128(bytes, at + 16);
}

const floatBytes = new DataView(new ArrayBuffer(8));

function f32(bytes: Uint8Array, at: number): number {
  floatBytes.setInt32(0, i32(bytes, at), true);
  return floatHead(floatBytes.getFloat32(0, true));
}
function f64(bytes: Uint8Array, at: number): number {
  floatBytes.setInt32(0, i32(bytes, at), true);
  floatBytes.setInt32(4, i32(bytes, at + 4), true);
  return floatHead(floatBytes.getFloat64(0, true));
}
/** NaN is the largest value. */
function floatHead(value: number): number {
  return value === value ? value : Infinity;
}

/** The first six bytes after the length, as if zeros followed the end. */
function text(bytes: Uint8Array, at: number): number {
  const length = u32(bytes, at);
  const start = at + 4;
  let head = 0;
  for (let i = 0; i < 6; i++) head = head * 256 + (i < length ? bytes[start + i]! : 0);
  return head;
}
