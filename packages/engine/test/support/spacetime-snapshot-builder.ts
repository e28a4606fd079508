import { type AlgebraicType, type AlgebraicValue, ByteWriter, compileType } from '@lightcone/sats';
import { blake3 } from '@noble/hashes/blake3.js';

/*
 * Writes snapshots as SpacetimeDB 2.8.3 does. CRAFTED from the specification (file 33 §10 and §10.1), not recorded, and
 * apart from the reader: layouts are worked out here once more.
 */

export interface BuiltTable {
  readonly id: number;
  readonly type: AlgebraicType & { readonly tag: 'Product' };
  readonly rows: readonly AlgebraicValue[];
}

export interface BuiltSnapshot {
  readonly manifest: Uint8Array;
  /** By hash in hex. */
  readonly objects: Map<string, Uint8Array>;
}

const ROW_DATA = 65_472;
const WIDTH: Record<string, number> = {
  Bool: 1,
  U8: 1,
  I8: 1,
  U16: 2,
  I16: 2,
  U32: 4,
  I32: 4,
  F32: 4,
  U64: 8,
  I64: 8,
  F64: 8,
  U128: 16,
  I128: 16,
  U256: 32,
  I256: 32, // prettier-ignore
};

function up(n: number, to: number): number {
  return n + ((to - (n % to)) % to);
}

/** Size and alignment. */
function shape(type: AlgebraicType): [size: number, alignment: number] {
  const width = WIDTH[type.tag];
  if (width !== undefined) return [width, width];
  if (type.tag === 'String' || type.tag === 'Array') return [4, 2];
  const parts = type.tag === 'Product' ? type.elements : type.tag === 'Sum' ? type.variants : [];
  const shapes = parts.map((part) => shape(part.type));
  const alignment = Math.max(1, ...shapes.map(([, each]) => each));
  if (type.tag === 'Sum')
    return [up(up(1, alignment) + Math.max(0, ...shapes.map(([size]) => size)), alignment), alignment];
  let end = 0;
  for (const [size, each] of shapes) end = up(end, each) + size;
  return [up(end, alignment), alignment];
}

function bsatn(type: AlgebraicType, value: AlgebraicValue): Uint8Array {
  const writer = new ByteWriter();
  compileType(type, []).encode(writer, value);
  return writer.finish();
}

/** A page that is being filled: rows from the front, granules from the end. */
class PageBuilder {
  readonly data: Buffer = Buffer.alloc(ROW_DATA, 0xee); // freed and padding bytes keep what they had
  readonly slots: number[] = [];
  readonly #rowBytes: number;
  readonly #type: BuiltTable['type'];
  readonly #snapshot: SnapshotBuilder;
  #firstUsed = ROW_DATA;

  constructor(table: BuiltTable, snapshot: SnapshotBuilder) {
    this.#type = table.type;
    this.#rowBytes = Math.max(2, shape(table.type)[0]);
    this.#snapshot = snapshot;
  }

  /** @param slot where the row goes; slots may be left free */
  add(row: AlgebraicValue, slot: number): boolean {
    const before = this.#firstUsed;
    const end = (slot + 1) * this.#rowBytes;
    // Room for the granules of the row, found out by placing them.
    const copy = Buffer.from(this.data);
    this.#place(this.#type, row, slot * this.#rowBytes);
    if (this.#firstUsed < end) {
      copy.copy(this.data);
      this.#firstUsed = before;
      return false;
    }
    this.slots.push(slot);
    return true;
  }

  finish(): Buffer {
    const head = Buffer.alloc(6);
    head.writeUInt16LE(0xffc0, 0);
    head.writeUInt16LE((Math.max(-1, ...this.slots) + 1) * this.#rowBytes, 2);
    head.writeUInt16LE(this.slots.length, 4);
    const words = Buffer.alloc(8 * Math.ceil(Math.floor(ROW_DATA / this.#rowBytes) / 64));
    for (const slot of this.slots) {
      const at = 8 * Math.floor(slot / 64);
      words.writeBigUInt64LE(words.readBigUInt64LE(at) | (1n << BigInt(slot % 64)), at);
    }
    const count = Buffer.alloc(4);
    count.writeUInt32LE(words.length / 8);
    const granules = Buffer.alloc(8);
    granules.writeUInt16LE(0xffc0, 0);
    granules.writeUInt16LE(this.#firstUsed === ROW_DATA ? 0 : this.#firstUsed, 4);
    granules.writeUInt16LE((ROW_DATA - this.#firstUsed) / 64, 6);
    const hash = blake3(Buffer.concat([this.data, head, words, granules]));
    const length = Buffer.alloc(4);
    length.writeUInt32LE(ROW_DATA);
    const page = Buffer.concat([
      head,
      count,
      words,
      granules,
      Buffer.from('0020000000', 'hex'),
      hash,
      length,
      this.data,
    ]);
    this.#snapshot.objects.set(Buffer.from(hash).toString('hex'), page);
    return Buffer.from(hash);
  }

  #place(type: AlgebraicType, value: AlgebraicValue, at: number): void {
    if (type.tag === 'Product') {
      const fields = value as Record<string, AlgebraicValue>;
      let offset = 0;
      for (const [i, element] of type.elements.entries()) {
        const [size, alignment] = shape(element.type);
        offset = up(offset, alignment);
        this.#place(element.type, fields[element.name ?? String(i)]!, at + offset);
        offset += size;
      }
    } else if (type.tag === 'Sum') {
      const { tag, value: payload } = value as { tag: string; value: AlgebraicValue };
      const variant = type.variants.findIndex(({ name }) => name === tag);
      this.data[at] = variant;
      const alignment = Math.max(1, ...type.variants.map((one) => shape(one.type)[1]));
      this.#place(type.variants[variant]!.type, payload, at + up(1, alignment));
    } else if (type.tag === 'String' || type.tag === 'Array') {
      const bytes = type.tag === 'String' ? Buffer.from(value as string) : bsatn(type, value);
      const isBlob = bytes.length > 992;
      const stored = isBlob ? this.#snapshot.blob(bytes) : bytes;
      const first = this.#granules(stored);
      this.data.writeUInt16LE(isBlob ? 0xffff : bytes.length, at);
      this.data.writeUInt16LE(first, at + 2);
    } else {
      Buffer.from(bsatn(type, value)).copy(this.data, at);
    }
  }

  /** Hands out granules from the end downwards. */
  #granules(bytes: Uint8Array): number {
    const positions: number[] = [];
    for (let at = 0; at < bytes.length; at += 62) positions.push((this.#firstUsed -= 64));
    if (this.#firstUsed < 0) return 0; // the row does not fit, as `add` finds
    for (const [i, position] of positions.entries()) {
      const part = bytes.subarray(i * 62, (i + 1) * 62);
      this.data.writeUInt16LE((positions[i + 1] ?? 0) | part.length, position);
      Buffer.from(part).copy(this.data, position + 2);
    }
    return positions[0] ?? 0;
  }
}

class SnapshotBuilder {
  readonly objects = new Map<string, Uint8Array>();
  readonly blobs: Buffer[] = [];

  /** Puts an object; @returns its hash */
  blob(bytes: Uint8Array): Uint8Array {
    const hash = Buffer.from(blake3(bytes));
    const key = hash.toString('hex');
    if (!this.objects.has(key)) this.blobs.push(hash);
    this.objects.set(key, bytes);
    return hash;
  }
}

/** @param databaseIdentity 32 bytes as stored */
export function buildSpacetimeSnapshot(
  databaseIdentity: Uint8Array,
  txOffset: number,
  tables: readonly BuiltTable[],
): BuiltSnapshot {
  const builder = new SnapshotBuilder();
  const pages = tables.map((table) => {
    const hashes: Buffer[] = [Buffer.alloc(32)]; // a page that is not there
    let page = new PageBuilder(table, builder);
    let slot = 0;
    for (const row of table.rows) {
      if (!page.add(row, slot)) {
        hashes.push(page.finish());
        page = new PageBuilder(table, builder);
        slot = 0;
        if (!page.add(row, slot)) throw new Error('the row is larger than a page');
      }
      slot += slot % 3 === 1 ? 2 : 1; // some slots are free
    }
    if (page.slots.length > 0) hashes.push(page.finish());
    return { id: table.id, hashes };
  });
  const u32 = (value: number): Buffer => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(value);
    return bytes;
  };
  const u64 = (value: number): Buffer => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE(BigInt(value));
    return bytes;
  };
  const hashes = (list: readonly Buffer[]): Buffer[] => list.flatMap((hash) => [u32(32), hash]);
  const content = Buffer.concat([
    Buffer.from('040000007478797a00', 'hex'),
    databaseIdentity,
    u64(1),
    Buffer.from('0200000007000000', 'hex'),
    u64(txOffset),
    u32(builder.blobs.length),
    ...builder.blobs.flatMap((hash) => [...hashes([hash]), u32(1)]),
    u32(pages.length),
    ...pages.flatMap((table) => [u32(table.id), u32(table.hashes.length), ...hashes(table.hashes)]),
  ]);
  return { manifest: Buffer.concat([blake3(content), content]), objects: builder.objects };
}
