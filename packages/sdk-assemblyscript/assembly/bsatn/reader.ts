import { panic } from '../calls/panic';

// What is being decoded: arguments, or the rows of a scan. The host has checked the bytes against the module's
// definition; the checks here keep a module that was published with another host's mistakes from reading past them.

let at: usize = 0;
let end: usize = 0;

export function readFrom(start: usize, length: usize): void {
  at = start;
  end = start + length;
}

export function position(): usize {
  return at;
}

export function remaining(): usize {
  return end - at;
}

/** Moves past `count` bytes and returns where they start. */
export function take(count: usize): usize {
  const start = at;
  if (count > end - start) panic('BSATN ends in the middle of a value');
  at = start + count;
  return start;
}

export function readTag(): u32 {
  return load<u8>(take(1));
}

export function readLength(): i32 {
  return load<u32>(take(4));
}

export function unknownTag(tag: u32, type: string): void {
  panic(`${type} has no variant with the tag ${tag}`);
}

export function readString(): string {
  const length = <usize>readLength();
  return String.UTF8.decodeUnsafe(take(length), length);
}

export function readBytes(): Uint8Array {
  const length = readLength();
  const from = take(length);
  const bytes = new Uint8Array(length);
  memory.copy(bytes.dataStart, from, length);
  return bytes;
}

/** An array of scalars, whose BSATN is what memory holds. */
export function readScalars<T>(): Array<T> {
  const count = readLength();
  // 64 bits, as a length that lies must not wrap around into a small one.
  const size = <u64>(<u32>count) * sizeof<T>();
  if (size > remaining()) panic('BSATN ends in the middle of an array');
  const from = take(<usize>size);
  const values = new Array<T>(count);
  memory.copy(values.dataStart, from, <usize>size);
  return values;
}

/** The number of elements of an array, each of at least `elementSize` bytes. */
export function readCount(elementSize: usize): i32 {
  const count = readLength();
  if (<u64>(<u32>count) * elementSize > remaining()) panic('BSATN ends in the middle of an array');
  return count;
}
