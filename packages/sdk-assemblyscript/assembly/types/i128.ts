import { addWords, compareSignedWords, equalWords, multiplyWords, signedDecimalText, subtractWords } from './words';

/** A signed integer of 128 bits, as 64-bit words, the lowest first. Arithmetic wraps around. */
@final
export class i128 {
  constructor(
    public word0: u64 = 0,
    public word1: i64 = 0,
  ) {}

  static from(value: i64): i128 {
    return new i128(<u64>value, <i64>(value >> 63));
  }

  static at(from: usize): i128 {
    return new i128(load<u64>(from, 0), load<i64>(from, 8));
  }

  put(to: usize): void {
    store<u64>(to, this.word0, 0);
    store<i64>(to, this.word1, 8);
  }

  plus(other: i128): i128 {
    const sum = new i128();
    addWords(changetype<usize>(sum), changetype<usize>(this), changetype<usize>(other), 2);
    return sum;
  }

  minus(other: i128): i128 {
    const difference = new i128();
    subtractWords(changetype<usize>(difference), changetype<usize>(this), changetype<usize>(other), 2);
    return difference;
  }

  times(other: i128): i128 {
    const product = new i128();
    multiplyWords(changetype<usize>(product), changetype<usize>(this), changetype<usize>(other), 2);
    return product;
  }

  /** Negative if this is less than `other`, 0 if both are equal, else positive. */
  compare(other: i128): i32 {
    return compareSignedWords(changetype<usize>(this), changetype<usize>(other), 2);
  }

  equals(other: i128): bool {
    return equalWords(changetype<usize>(this), changetype<usize>(other), 2);
  }

  /** The digits in base 10. */
  toString(): string {
    return signedDecimalText(changetype<usize>(this), 2);
  }
}
