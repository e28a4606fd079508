/**
 * A segment: changes as one object of the log layout, and as one part of a pack.
 *
 * ```
 *  0   4  'LCS1'
 *  4  32  SHA-256 of all that follows
 * 36  16  tag: random, tells a segment from another that somebody tries to put in the same place
 * 52      from, to: which positions of the log it has, those behind `from` up to `to`   varuint each
 *         number of changes                                                             varuint
 *         changes: id, author, table, row, number of fields, fields (name, value)       see segment-writer.ts
 * ```
 *
 * Author, table and names of fields repeat, so each is a number: 0 and the text the first time, then its place among
 * those that came. UUIDs take 16 bytes.
 */
export const SEGMENT_MAGIC = 'LCS1';
export const TAG_AT = 36;
export const TAG_BYTES = 16;
export const HEADER_BYTES: number = TAG_AT + TAG_BYTES;

/** What a value of a field begins with. */
export const KIND = { null: 0, integer: 1, bigInteger: 2, real: 3, text: 4, uuid: 5, blob: 6 } as const;

export async function sha256(bytes: Uint8Array): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>));
}

export function areEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
