import { ByteReader, type ByteWriter, bytesToHex } from '@lightcone/sats';
import type { MessageForm } from './message-form.ts';

/** Writes messages as JSON text in UTF-8, without spaces. */
export class JsonForm<Rows> implements MessageForm<Rows, string> {
  readonly #writer: ByteWriter;
  readonly #writeRows: (writer: ByteWriter, rows: Rows) => void;
  /** Whether the product being written has no field yet. */
  #isFirst = true;

  constructor(writer: ByteWriter, writeRows: (writer: ByteWriter, rows: Rows) => void) {
    this.#writer = writer;
    this.#writeRows = writeRows;
  }

  variant(_tag: number, name: string, write: () => void): void {
    this.product(() => {
      this.field(name);
      write();
    });
  }
  unitVariant(_tag: number, name: string): void {
    this.#writer.text(`{"${name}":[]}`);
  }
  product(write: () => void): void {
    this.#writer.text('{');
    this.#isFirst = true;
    write();
    this.#isFirst = false;
    this.#writer.text('}');
  }
  field(name: string): void {
    this.#writer.text(this.#isFirst ? `"${name}":` : `,"${name}":`);
    this.#isFirst = false;
  }
  list<Item>(items: readonly Item[], write: (item: Item) => void): void {
    this.#writer.text('[');
    for (const [i, item] of items.entries()) {
      if (i > 0) this.#writer.text(',');
      write(item);
    }
    this.#writer.text(']');
  }
  uncompressed(write: () => void): void {
    write();
  }
  u32(value: number): void {
    this.#writer.text(String(value));
  }
  u64(value: number): void {
    this.#writer.text(String(value));
  }
  i64(value: bigint): void {
    this.#writer.text(String(value));
  }
  u128(value: bigint): void {
    this.#writer.text(String(value));
  }
  text(value: string): void {
    this.#writer.text(JSON.stringify(value));
  }
  bytes(value: Uint8Array): void {
    this.#writer.text(`"${bytesToHex(value)}"`);
  }
  wide(value: Uint8Array): void {
    const number = new ByteReader(value).wideUnsigned(value.length);
    this.#writer.text(value.length === 32 ? `"0x${number.toString(16)}"` : String(number));
  }
  rows(rows: Rows): void {
    this.#writeRows(this.#writer, rows);
  }
  value(value: string): void {
    this.text(value);
  }
}
