/** A value of a model column: whole numbers of every width are bigints. */
export type Value = bigint | string;

export type ColumnType = 'U8' | 'U16' | 'U32' | 'U64' | 'I8' | 'I32' | 'I64' | 'I128' | 'String';

/** BSATN, written the obvious way. */
export function encodeValue(type: ColumnType, value: Value): Buffer {
  if (typeof value === 'string') {
    const text = Buffer.from(value);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(text.length);
    return Buffer.concat([length, text]);
  }
  const bytes = Buffer.alloc(widthOf(type));
  let rest = BigInt.asUintN(bytes.length * 8, value);
  for (let i = 0; i < bytes.length; i++, rest >>= 8n) bytes[i] = Number(rest & 255n);
  return bytes;
}

/** Reads a value and says where it ends. */
export function decodeValue(type: ColumnType, bytes: Buffer, at: number): { value: Value; end: number } {
  if (type === 'String') {
    const end = at + 4 + bytes.readUInt32LE(at);
    if (end > bytes.length) throw new Error(`a string at ${at} ends at ${end} of ${bytes.length} bytes`);
    return { value: bytes.toString('utf8', at + 4, end), end };
  }
  const end = at + widthOf(type);
  let value = 0n;
  for (let i = end - 1; i >= at; i--) value = (value << 8n) | BigInt(bytes.readUInt8(i));
  return { value: type.startsWith('I') ? BigInt.asIntN((end - at) * 8, value) : value, end };
}

/** The order of the types' values: numbers by size, texts by their UTF-8 bytes. */
export function compareValues(a: Value, b: Value): number {
  if (typeof a === 'string' || typeof b === 'string')
    return Buffer.compare(Buffer.from(String(a)), Buffer.from(String(b)));
  return a < b ? -1 : a > b ? 1 : 0;
}

function widthOf(type: ColumnType): number {
  return Number(type.slice(1)) / 8;
}
