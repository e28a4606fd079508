// Everything that goes to the host is written here: rows, keys, results. There is one buffer, which is reused: no user
// code runs between `begin` and the host call that takes the bytes.

let start: usize = 0;
let limit: usize = 0;
let end: usize = 0;

/** Forgets what was written before. */
export function begin(): void {
  end = start;
}

/** The first byte written; never 0, as the ABI forbids null pointers even for nothing. */
export function written(): usize {
  if (start == 0) grow(0);
  return start;
}

export function writtenLength(): usize {
  return end - start;
}

/** Moves the end past `count` bytes and returns where they start. The pointer is good until the next `room`. */
export function room(count: usize): usize {
  const at = end;
  // `limit` is 0 before the first use.
  if (at + count > limit) return grow(count);
  end = at + count;
  return at;
}

function grow(count: usize): usize {
  const length = end - start;
  let capacity = max<usize>((limit - start) << 1, 1024);
  while (capacity < length + count) capacity <<= 1;
  start = start == 0 ? heap.alloc(capacity) : heap.realloc(start, capacity);
  limit = start + capacity;
  end = start + length + count;
  return start + length;
}

export function writeTag(tag: u8): void {
  store<u8>(room(1), tag);
}

export function writeLength(length: i32): void {
  store<u32>(room(4), length);
}

export function writeString(text: string): void {
  const units = text.length;
  // One UTF-16 unit becomes at most three bytes of UTF-8.
  const at = room(4 + <usize>units * 3);
  // Half of a surrogate pair becomes U+FFFD, as in TextEncoder: the host takes nothing but UTF-8.
  const replace = String.UTF8.ErrorMode.REPLACE;
  const length = String.UTF8.encodeUnsafe(changetype<usize>(text), units, at + 4, false, replace);
  store<u32>(at, <u32>length);
  end = at + 4 + length;
}

export function writeBytes(bytes: Uint8Array): void {
  const length = <usize>bytes.length;
  const at = room(4 + length);
  store<u32>(at, <u32>length);
  memory.copy(at + 4, bytes.dataStart, length);
}

/** An array of scalars, whose memory is already BSATN. */
export function writeScalars<T>(values: Array<T>): void {
  const size = <usize>values.length * sizeof<T>();
  const at = room(4 + size);
  store<u32>(at, values.length);
  memory.copy(at + 4, values.dataStart, size);
}
