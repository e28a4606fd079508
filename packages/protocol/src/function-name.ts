import type { ByteReader } from '@lightcone/sats';

/** What is kept of names, a power of two. */
const SLOTS = 64;
const LENGTH_BYTES = 4;
/** Longer names are not kept. */
const MAX_KEPT_BYTES = LENGTH_BYTES + 60;

interface KnownName {
  /** Its length and its UTF-8, as they come. */
  readonly encoded: Uint8Array;
  readonly text: string;
}

const known: (KnownName | undefined)[] = Array.from({ length: SLOTS }, () => undefined);

/**
 * Reads the name of a function that is called: a u32 length and UTF-8. Few names come again and again, so they are
 * recognized by their bytes: to decode one, and hash it to be looked up, takes a tenth of what a small call does.
 * @throws SatsError
 */
export function readFunctionName(reader: ByteReader): string {
  const { bytes, offset: start } = reader;
  // The length, the first and the last character tell most names of a module apart.
  const length = bytes[start] ?? 0;
  const first = bytes[start + LENGTH_BYTES] ?? 0;
  const last = bytes[start + LENGTH_BYTES - 1 + length] ?? 0;
  const slot = (length * 7 + first * 5 + last) % SLOTS;
  const candidate = known[slot];
  if (candidate !== undefined && isNext(candidate.encoded, reader)) {
    reader.take(candidate.encoded.length);
    return candidate.text;
  }
  const text = reader.string();
  if (reader.offset - start <= MAX_KEPT_BYTES) known[slot] = { encoded: bytes.slice(start, reader.offset), text };
  return text;
}

function isNext(encoded: Uint8Array, { bytes, offset, remaining }: ByteReader): boolean {
  if (encoded.length > remaining) return false;
  for (let i = 0; i < encoded.length; i++) if (encoded[i] !== bytes[offset + i]) return false;
  return true;
}
