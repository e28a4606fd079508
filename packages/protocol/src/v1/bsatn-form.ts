import type { ByteWriter } from '@lightcone/sats';
import type { MessageForm } from './message-form.ts';

/** Writes messages as BSATN. */
export class BsatnForm<Rows> implements MessageForm<Rows, Uint8Array> {
  readonly #writer: ByteWriter;
  readonly #writeRows: (writer: ByteWriter, rows: Rows) => void;

  constructor(writer: ByteWriter, writeRows: (writer: ByteWriter, rows: Rows) => void) {
    this.#writer = writer;
    this.#writeRows = writeRows;
  }

  variant(tag: number, _name: string, write: () => void): void {
    this.#writer.u8(tag);
    write();
  }
  unitVariant(tag: number): void {
    this.#writer.u8(tag);
  }
  product(write: () => void): void {
    write();
  }
  field(): void {}
  list<Item>(items: readonly Item[], write: (item: Item) => void): void {
    this.#writer.u32(items.length);
    for (const item of items) write(item);
  }
  uncompressed(write: () => void): void {
    this.#writer.u8(0);
    write();
  }
  u32(value: number): void {
    this.#writer.u32(value);
  }
  u64(value: number): void {
    this.#writer.u64Number(value);
  }
  i64(value: bigint): void {
    this.#writer.i64(value);
  }
  u128(value: bigint): void {
    this.#writer.wide(value, 16);
  }
  text(value: string): void {
    this.#writer.string(value);
  }
  bytes(value: Uint8Array): void {
    this.#writer.lengthPrefixed(value);
  }
  wide(value: Uint8Array): void {
    this.#writer.raw(value);
  }
  rows(rows: Rows): void {
    this.#writeRows(this.#writer, rows);
  }
  value(value: Uint8Array): void {
    this.#writer.lengthPrefixed(value);
  }
}
