// Arithmetic on little-endian integers of `count` 64-bit words in memory; `U128` and its siblings are such words.

export function equalWords(a: usize, b: usize, count: usize): bool {
  return memory.compare(a, b, count << 3) == 0;
}

export function compareWords(a: usize, b: usize, count: usize): i32 {
  for (let i = (count - 1) << 3; <isize>i >= 0; i -= 8) {
    const left = load<u64>(a + i);
    const right = load<u64>(b + i);
    if (left != right) return left < right ? -1 : 1;
  }
  return 0;
}

export function isNegativeWords(a: usize, count: usize): bool {
  return load<i64>(a + ((count - 1) << 3)) < 0;
}

export function compareSignedWords(a: usize, b: usize, count: usize): i32 {
  const isNegative = isNegativeWords(a, count);
  if (isNegative != isNegativeWords(b, count)) return isNegative ? -1 : 1;
  return compareWords(a, b, count);
}

export function addWords(target: usize, a: usize, b: usize, count: usize): void {
  let carry: u64 = 0;
  for (let i: usize = 0; i < count << 3; i += 8) {
    const left = load<u64>(a + i);
    const sum = left + load<u64>(b + i);
    const total = sum + carry;
    carry = u64(sum < left) | u64(total < sum);
    store<u64>(target + i, total);
  }
}

export function negateWords(target: usize, a: usize, count: usize): void {
  let carry: u64 = 1;
  for (let i: usize = 0; i < count << 3; i += 8) {
    const word = ~load<u64>(a + i) + carry;
    carry = u64(carry != 0 && word == 0);
    store<u64>(target + i, word);
  }
}

export function subtractWords(target: usize, a: usize, b: usize, count: usize): void {
  let borrow: u64 = 0;
  for (let i: usize = 0; i < count << 3; i += 8) {
    const left = load<u64>(a + i);
    const right = load<u64>(b + i);
    const difference = left - right;
    store<u64>(target + i, difference - borrow);
    borrow = u64(left < right) | u64(difference < borrow);
  }
}

/** The low words of the product; `target` must be neither `a` nor `b`. Halves of words keep each product in 64 bits. */
export function multiplyWords(target: usize, a: usize, b: usize, count: usize): void {
  memory.fill(target, 0, count << 3);
  const size = count << 3;
  for (let i: usize = 0; i < size; i += 4) {
    let carry: u64 = 0;
    for (let j: usize = 0; i + j < size; j += 4) {
      const at = target + i + j;
      const sum = <u64>load<u32>(a + i) * <u64>load<u32>(b + j) + <u64>load<u32>(at) + carry;
      store<u32>(at, <u32>sum);
      carry = sum >> 32;
    }
  }
}

/** Divides in place by a small number and returns the remainder. */
function divideSmall(target: usize, count: usize, divisor: u32): u32 {
  let remainder: u64 = 0;
  for (let i = (count << 3) - 4; <isize>i >= 0; i -= 4) {
    const value = (remainder << 32) | <u64>load<u32>(target + i);
    store<u32>(target + i, <u32>(value / divisor));
    remainder = value % divisor;
  }
  return <u32>remainder;
}

function isZeroWords(a: usize, count: usize): bool {
  for (let i: usize = 0; i < count << 3; i += 8) if (load<u64>(a + i) != 0) return false;
  return true;
}

const scratch: usize = memory.data(32, 8);

export function decimalText(a: usize, count: usize): string {
  memory.copy(scratch, a, count << 3);
  let text = '';
  do {
    const digits = divideSmall(scratch, count, 1_000_000_000).toString();
    text = (isZeroWords(scratch, count) ? digits : digits.padStart(9, '0')) + text;
  } while (!isZeroWords(scratch, count));
  return text;
}

export function signedDecimalText(a: usize, count: usize): string {
  if (!isNegativeWords(a, count)) return decimalText(a, count);
  const magnitude = changetype<usize>(new StaticArray<u64>(<i32>count));
  negateWords(magnitude, a, count);
  return '-' + decimalText(magnitude, count);
}

/** All digits of the integer in base 16, the highest first. */
export function hexText(a: usize, count: usize): string {
  let text = '';
  for (let i = (count - 1) << 3; <isize>i >= 0; i -= 8)
    text += load<u64>(a + i)
      .toString(16)
      .padStart(16, '0');
  return text;
}
