import type { Change, ChangeField, FieldValue } from '../../change.ts';
import { ByteReader, MalformedError } from '../wire/byte-reader.ts';
import { readUuid } from '../wire/uuid-bytes.ts';
import { HEADER_BYTES, KIND, SEGMENT_MAGIC, TAG_AT, TAG_BYTES, areEqual, sha256 } from './segment-format.ts';

/** A segment that is whole. */
export interface Segment {
  readonly tag: Uint8Array;
  readonly from: number;
  readonly to: number;
  /** Decoded while they are asked for, as there may be very many. Throws `MalformedError`. */
  readonly changes: Iterable<Change>;
}

/** @throws MalformedError unless the bytes are a whole segment */
export async function readSegment(bytes: Uint8Array): Promise<Segment> {
  const tag = readTag(bytes);
  const sum = await sha256(bytes.subarray(TAG_AT));
  if (!areEqual(sum, bytes.subarray(SEGMENT_MAGIC.length, TAG_AT))) {
    throw new MalformedError('its bytes are not those that were put: the checksum differs');
  }
  const reader = new ByteReader(bytes, HEADER_BYTES);
  const from = reader.varuint();
  const to = reader.varuint();
  return { tag, from, to, changes: readChanges(reader) };
}

/** The tag of a segment of which only the first `HEADER_BYTES` are there, maybe. @throws MalformedError */
export function readTag(bytes: Uint8Array): Uint8Array {
  if (bytes.length < HEADER_BYTES) {
    throw new MalformedError(`it is cut off: it has ${bytes.length} bytes, and the head alone has ${HEADER_BYTES}`);
  }
  const magic = String.fromCharCode(...bytes.subarray(0, SEGMENT_MAGIC.length));
  if (magic !== SEGMENT_MAGIC) {
    throw new MalformedError(`it begins with ${JSON.stringify(magic)}, not ${JSON.stringify(SEGMENT_MAGIC)}`);
  }
  return bytes.slice(TAG_AT, TAG_AT + TAG_BYTES);
}

function* readChanges(reader: ByteReader): Generator<Change> {
  const texts: string[] = [];
  for (let left = reader.count(reader.varuint(), 6); left > 0; left--) {
    const id = idOrText(reader);
    const authorId = repeated(reader, texts);
    const entityType = repeated(reader, texts);
    const entityId = idOrText(reader);
    const fields: ChangeField[] = [];
    for (let more = reader.count(reader.varuint(), 2); more > 0; more--) {
      fields.push({ name: repeated(reader, texts), value: readValue(reader) });
    }
    yield { id, authorId, entityType, entityId, fields };
  }
  if (reader.left > 0) throw new MalformedError(`${reader.left} bytes follow its last change`);
}

function idOrText(reader: ByteReader): string {
  const length = reader.varuint();
  return length === 0 ? uuid(reader) : reader.text(length - 1);
}

function uuid(reader: ByteReader): string {
  return readUuid(reader.bytes(16), 0);
}

function repeated(reader: ByteReader, texts: string[]): string {
  const place = reader.varuint();
  if (place === 0) {
    const text = reader.text(reader.varuint());
    texts.push(text);
    return text;
  }
  const text = texts[place - 1];
  if (text === undefined) throw new MalformedError(`text ${place} is referred to before it came`);
  return text;
}

function readValue(reader: ByteReader): FieldValue {
  const kind = reader.u8();
  switch (kind) {
    case KIND.null:
      return null;
    case KIND.integer: {
      const doubled = reader.varuint();
      return BigInt(doubled % 2 === 0 ? doubled / 2 : -(doubled + 1) / 2);
    }
    case KIND.bigInteger:
      return reader.i64();
    case KIND.real:
      return reader.f64();
    case KIND.text:
      return reader.text(reader.varuint());
    case KIND.uuid:
      return uuid(reader);
    case KIND.blob:
      return reader.bytes(reader.varuint()).slice();
    default:
      throw new MalformedError(`${kind} is no kind of value`);
  }
}
