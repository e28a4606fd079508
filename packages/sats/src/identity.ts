import { blake3 } from '@noble/hashes/blake3.js';
import { ByteReader } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';
import { equalBytes } from './equal-bytes.ts';
import { SatsError } from './errors.ts';
import { bytesToHex, hexToBytes } from './hex.ts';

/** Who someone is: a 256-bit number. Immutable; compare with `equals`, or by `toHex()` as a map key. */
export class Identity {
  static readonly BYTES = 32;
  /** All zeros: nobody can have it. */
  static readonly ZERO: Identity = new Identity(new Uint8Array(Identity.BYTES));
  /** Little-endian, as in BSATN. Not to be modified. */
  readonly bytes: Uint8Array;
  #hex: string | undefined;

  private constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  /**
   * Copies the 32 little-endian bytes at `at`.
   * @throws SatsError `SATS_UNEXPECTED_END`
   */
  static fromBytes(bytes: Uint8Array, at = 0): Identity {
    return new Identity(new ByteReader(bytes, at).raw(Identity.BYTES).slice());
  }

  /**
   * Reads 64 hex digits, most significant first, with or without `0x`.
   * @throws SatsError `SATS_INVALID_TEXT`
   */
  static fromHex(text: string): Identity {
    return new Identity(parseBigEndianHex(text, Identity.BYTES, 'an identity'));
  }

  static fromBigInt(value: bigint): Identity {
    const writer = new ByteWriter(Identity.BYTES);
    writer.wide(value, Identity.BYTES);
    return new Identity(writer.finish());
  }

  /** Derives the identity that an issuer's subject has everywhere. The claims count exactly as in the token. */
  static fromClaims(issuer: string, subject: string): Identity {
    const id = blake3(new TextEncoder().encode(`${issuer}|${subject}`)).subarray(0, 26);
    const bigEndian = new Uint8Array(Identity.BYTES);
    bigEndian.set([0xc2, 0x00]);
    bigEndian.set(id, 6);
    bigEndian.set(blake3(new Uint8Array([0xc2, 0x00, ...id])).subarray(0, 4), 2);
    return new Identity(bigEndian.reverse());
  }

  /** 64 lower-case hex digits, most significant first. */
  toHex(): string {
    return (this.#hex ??= bytesToHex(this.bytes.toReversed()));
  }

  toBigInt(): bigint {
    return new ByteReader(this.bytes).wideUnsigned(Identity.BYTES);
  }

  equals(other: Identity): boolean {
    return equalBytes(this.bytes, 0, other.bytes, 0, this.bytes.length);
  }

  toString(): string {
    return this.toHex();
  }
}

/** One connection of a client: a 128-bit number. Immutable. Zero stands for "none". */
export class ConnectionId {
  static readonly BYTES = 16;
  static readonly ZERO: ConnectionId = new ConnectionId(new Uint8Array(ConnectionId.BYTES));
  /** Little-endian, as in BSATN. Not to be modified. */
  readonly bytes: Uint8Array;
  #hex: string | undefined;

  private constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  /**
   * Copies the 16 little-endian bytes at `at`; from random bytes it makes a fresh id.
   * @throws SatsError `SATS_UNEXPECTED_END`
   */
  static fromBytes(bytes: Uint8Array, at = 0): ConnectionId {
    return new ConnectionId(new ByteReader(bytes, at).raw(ConnectionId.BYTES).slice());
  }

  /**
   * Reads 32 hex digits, most significant first, with or without `0x`.
   * @throws SatsError `SATS_INVALID_TEXT`
   */
  static fromHex(text: string): ConnectionId {
    return new ConnectionId(parseBigEndianHex(text, ConnectionId.BYTES, 'a connection id'));
  }

  static fromBigInt(value: bigint): ConnectionId {
    const writer = new ByteWriter(ConnectionId.BYTES);
    writer.wide(value, ConnectionId.BYTES);
    return new ConnectionId(writer.finish());
  }

  /** 32 lower-case hex digits, most significant first. */
  toHex(): string {
    return (this.#hex ??= bytesToHex(this.bytes.toReversed()));
  }

  toBigInt(): bigint {
    return new ByteReader(this.bytes).wideUnsigned(ConnectionId.BYTES);
  }

  isZero(): boolean {
    return this.bytes.every((byte) => byte === 0);
  }

  equals(other: ConnectionId): boolean {
    return equalBytes(this.bytes, 0, other.bytes, 0, this.bytes.length);
  }

  toString(): string {
    return this.toHex();
  }
}

/** The little-endian bytes of big-endian hex text. */
function parseBigEndianHex(text: string, size: number, what: string): Uint8Array {
  const digits = text.startsWith('0x') ? text.slice(2) : text;
  const bytes = digits.length === 2 * size ? hexToBytes(digits) : undefined;
  if (bytes === undefined) {
    throw new SatsError(
      'SATS_INVALID_TEXT',
      `${what} is ${2 * size} hex digits, given ${JSON.stringify(text.slice(0, 80))}`,
    );
  }
  return bytes.reverse();
}
