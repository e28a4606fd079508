import type { PostgresError } from './postgres-error.ts';
import type { PostgresType } from './postgres-type.ts';

const FIRST_CAPACITY = 512;
const AUTHENTICATION_OK = 0;
const CLEARTEXT_PASSWORD = 3;
const TEXT_FORMAT = 0;

export interface ColumnDescription {
  readonly name: string;
  readonly type: PostgresType;
}

/**
 * Writes messages to a client, one behind the other: kind, length (big-endian i32 that counts itself), body.
 * Format: PostgreSQL manual, "Frontend/Backend Protocol", "Message Formats".
 */
export class BackendWriter {
  #bytes: Buffer = Buffer.alloc(FIRST_CAPACITY);
  #at = 0;

  authenticationOk(): this {
    return this.#message('R', () => this.#int32(AUTHENTICATION_OK));
  }

  authenticationCleartextPassword(): this {
    return this.#message('R', () => this.#int32(CLEARTEXT_PASSWORD));
  }

  /** Which minor version is spoken instead of the one asked for, and which options not at all. */
  negotiateProtocolVersion(minorVersion: number, unknownOptions: readonly string[]): this {
    return this.#message('v', () => {
      this.#int32(minorVersion);
      this.#int32(unknownOptions.length);
      for (const option of unknownOptions) this.#text(option);
    });
  }

  parameterStatus(name: string, value: string): this {
    return this.#message('S', () => {
      this.#text(name);
      this.#text(value);
    });
  }

  backendKeyData(processId: number, secret: number): this {
    return this.#message('K', () => {
      this.#int32(processId);
      this.#int32(secret);
    });
  }

  /** No transaction is open: there are none over this interface. */
  readyForQuery(): this {
    return this.#message('Z', () => this.#int8('I'.charCodeAt(0)));
  }

  emptyQueryResponse(): this {
    return this.#message('I', () => undefined);
  }

  error({ severity, code, message, hint }: PostgresError): this {
    return this.#message('E', () => {
      const fields = { S: severity, V: severity, C: code, M: message, ...(hint !== undefined && { H: hint }) };
      for (const [field, text] of Object.entries(fields)) {
        this.#int8(field.charCodeAt(0));
        this.#text(text);
      }
      this.#int8(0);
    });
  }

  rowDescription(columns: readonly ColumnDescription[]): this {
    return this.#message('T', () => {
      this.#int16(columns.length);
      for (const { name, type } of columns) {
        this.#text(name);
        this.#int32(0); // of no table
        this.#int16(0); // no column of a table
        this.#int32(type.oid);
        this.#int16(type.byteLength);
        this.#int32(-1); // no modifier
        this.#int16(TEXT_FORMAT);
      }
    });
  }

  /** Begins a row; as many `value`s follow, and `endRow`. @returns where it begins */
  beginRow(columnCount: number): number {
    const start = this.#begin('D');
    this.#int16(columnCount);
    return start;
  }

  value(text: string): void {
    const start = this.#at;
    this.#int32(0);
    this.#utf8(text);
    this.#bytes.writeInt32BE(this.#at - start - 4, start);
  }

  endRow(start: number): void {
    this.#finish(start);
  }

  commandComplete(tag: string): this {
    return this.#message('C', () => this.#text(tag));
  }

  /** Everything that was written. The writer is not to be used after it. */
  finish(): Uint8Array<ArrayBuffer> {
    // It is backed by memory of its own: `alloc` takes no pool.
    return this.#bytes.subarray(0, this.#at) as Uint8Array<ArrayBuffer>;
  }

  #message(kind: string, writeBody: () => void): this {
    const start = this.#begin(kind);
    writeBody();
    this.#finish(start);
    return this;
  }

  #begin(kind: string): number {
    const start = this.#at;
    this.#int8(kind.charCodeAt(0));
    this.#int32(0);
    return start;
  }

  #finish(start: number): void {
    this.#bytes.writeInt32BE(this.#at - start - 1, start + 1);
  }

  #int8(value: number): void {
    this.#reserve(1);
    this.#at = this.#bytes.writeUInt8(value, this.#at);
  }

  #int16(value: number): void {
    this.#reserve(2);
    this.#at = this.#bytes.writeInt16BE(value, this.#at);
  }

  #int32(value: number): void {
    this.#reserve(4);
    this.#at = this.#bytes.writeInt32BE(value, this.#at);
  }

  /** A text with a zero byte behind it. One inside, which would end it early, is replaced: texts of clients come back. */
  #text(text: string): void {
    this.#utf8(text.replaceAll('\0', '\uFFFD'));
    this.#int8(0);
  }

  #utf8(text: string): void {
    this.#reserve(3 * text.length); // what one UTF-16 unit takes at most
    this.#at += this.#bytes.write(text, this.#at);
  }

  #reserve(count: number): void {
    if (this.#at + count <= this.#bytes.length) return;
    const grown = Buffer.alloc(Math.max(2 * this.#bytes.length, this.#at + count));
    this.#bytes.copy(grown, 0, 0, this.#at);
    this.#bytes = grown;
  }
}
