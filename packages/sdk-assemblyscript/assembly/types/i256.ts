import { addWords, compareSignedWords, equalWords, multiplyWords, signedDecimalText, subtractWords } from './words';

/** A signed integer of 256 bits, as 64-bit words, the lowest first. Arithmetic wraps around. */
@final
export class i256 {
  constructor(
    public word0: u64 = 0,
    public word1: u64 = 0,
    public word2: u64 = 0,
    public word3: i64 = 0,
  ) {}

  static from(value: i64): i256 {
    return new i256(<u64>value, <u64>(value >> 63), <u64>(value >> 63), <i64>(value >> 63));
  }

  static at(from: usize): i256 {
    return new i256(load<u64>(from, 0), load<u64>(from, 8), load<u64>(from, 16), load<i64>(from, 24));
  }

  put(to: usize): void {
    store<u64>(to, this.word0, 0);
    store<u64>(to, this.word1, 8);
    store<u64>(to, this.word2, 16);
    store<i64>(to, this.word3, 24);
  }

  plus(other: i256): i256 {
    const sum = new i256();
    addWords(changetype<usize>(sum), changetype<usize>(this), changetype<usize>(other), 4);
    return sum;
  }

  minus(other: i256): i256 {
    const difference = new i256();
    subtractWords(changetype<usize>(difference), changetype<usize>(this), changetype<usize>(other), 4);
    return difference;
  }

  times(other: i256): i256 {
    const product = new i256();
    multiplyWords(changetype<usize>(product), changetype<usize>(this), changetype<usize>(other), 4);
    return product;
  }

  /** Negative if this is less than `other`, 0 if both are equal, else positive. */
  compare(other: i256): i32 {
    return compareSignedWords(changetype<usize>(this), changetype<usize>(other), 4);
  }

  equals(other: i256): bool {
    return equalWords(changetype<usize>(this), changetype<usize>(other), 4);
  }

  /** The digits in base 10. */
  toString(): string {
    return signedDecimalText(changetype<usize>(this), 4);
  }
}
