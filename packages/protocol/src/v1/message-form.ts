/**
 * One of the two encodings of v1, as `writeServerMessage` fills it: a message is described once, in
 * terms of its parts, and each form writes them its own way.
 */
export interface MessageForm<Rows, Value> {
  /** A variant with its payload: `write` writes one value. */
  variant(tag: number, name: string, write: () => void): void;
  unitVariant(tag: number, name: string): void;
  /** A product: `write` writes each field, `field` first. */
  product(write: () => void): void;
  field(name: string): void;
  list<Item>(items: readonly Item[], write: (item: Item) => void): void;
  /** A variant where the form has a choice of compressions, else the value itself. */
  uncompressed(write: () => void): void;
  u32(value: number): void;
  /** A safe integer. */
  u64(value: number): void;
  i64(value: bigint): void;
  u128(value: bigint): void;
  text(value: string): void;
  bytes(value: Uint8Array): void;
  /** An unsigned integer of 16 or 32 bytes, little-endian: one of 32 is hex text in JSON. */
  wide(value: Uint8Array): void;
  rows(rows: Rows): void;
  value(value: Value): void;
}
