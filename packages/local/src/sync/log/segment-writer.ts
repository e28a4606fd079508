import type { Change, FieldValue } from '../../change.ts';
import { ByteWriter } from '../wire/byte-writer.ts';
import { writeUuid } from '../wire/uuid-bytes.ts';
import { HEADER_BYTES, KIND, SEGMENT_MAGIC, TAG_AT, sha256 } from './segment-format.ts';

/** Integers up to here are written as a varuint of twice their distance from zero. */
const MAX_SMALL = 2n ** 52n;

/** Gathers changes for a segment. */
export class SegmentWriter {
  readonly #body = new ByteWriter();
  readonly #placeByText = new Map<string, number>();
  #changes = 0;

  get changes(): number {
    return this.#changes;
  }

  /** About how many bytes the segment will have. */
  get length(): number {
    return this.#body.length;
  }

  reset(): void {
    this.#body.reset();
    this.#placeByText.clear();
    this.#changes = 0;
  }

  add(change: Change): void {
    this.#changes++;
    this.#idOrText(change.id);
    this.#repeated(change.authorId);
    this.#repeated(change.entityType);
    this.#idOrText(change.entityId);
    this.#body.varuint(change.fields.length);
    for (const { name, value } of change.fields) {
      this.#repeated(name);
      this.#value(value);
    }
  }

  /** The segment of what was added; more may be added, or the same be finished for another place. */
  async finish(from: number, to: number, tag: Uint8Array): Promise<Uint8Array> {
    const head = new ByteWriter();
    head.text(SEGMENT_MAGIC);
    head.reserve(HEADER_BYTES - head.length);
    head.room.set(tag, TAG_AT);
    head.varuint(from);
    head.varuint(to);
    head.varuint(this.#changes);
    const bytes = new Uint8Array(head.length + this.#body.length);
    bytes.set(head.written());
    bytes.set(this.#body.written(), head.length);
    bytes.set(await sha256(bytes.subarray(TAG_AT)), SEGMENT_MAGIC.length);
    return bytes;
  }

  /** A varuint: 0 is a UUID, anything else one more than the length of a text. */
  #idOrText(text: string): void {
    const before = this.#body.length;
    this.#body.varuint(0);
    const at = this.#body.reserve(16);
    if (writeUuid(text, this.#body.room, at)) return;
    this.#body.truncate(before);
    this.#text(text, 1);
  }

  #repeated(text: string): void {
    const place = this.#placeByText.get(text);
    if (place !== undefined) {
      this.#body.varuint(place);
      return;
    }
    this.#placeByText.set(text, this.#placeByText.size + 1);
    this.#body.varuint(0);
    this.#text(text, 0);
  }

  #text(text: string, more: number): void {
    // Most are short and ASCII: their length takes one byte, which is written when it is known.
    const at = this.#body.reserve(1);
    const length = this.#body.text(text);
    if (length + more < 0x80) {
      this.#body.room[at] = length + more;
      return;
    }
    this.#body.truncate(at);
    this.#body.varuint(length + more);
    this.#body.text(text);
  }

  #value(value: FieldValue): void {
    if (value === null) this.#body.u8(KIND.null);
    else if (typeof value === 'string') this.#textValue(value);
    else if (typeof value === 'bigint') this.#integer(value);
    else if (typeof value === 'number') {
      this.#body.u8(KIND.real);
      this.#body.f64(value);
    } else {
      this.#body.u8(KIND.blob);
      this.#body.varuint(value.length);
      this.#body.bytes(value);
    }
  }

  #textValue(value: string): void {
    if (value.length === 36) {
      const before = this.#body.length;
      this.#body.u8(KIND.uuid);
      const at = this.#body.reserve(16);
      if (writeUuid(value, this.#body.room, at)) return;
      this.#body.truncate(before);
    }
    this.#body.u8(KIND.text);
    this.#text(value, 0);
  }

  #integer(value: bigint): void {
    if (value >= -MAX_SMALL && value < MAX_SMALL) {
      this.#body.u8(KIND.integer);
      const small = Number(value);
      this.#body.varuint(small < 0 ? -small * 2 - 1 : small * 2);
    } else {
      this.#body.u8(KIND.bigInteger);
      this.#body.u64(value);
    }
  }
}
