import { addWords, compareWords, equalWords, multiplyWords, decimalText, subtractWords } from './words';

/** An unsigned integer of 128 bits, as 64-bit words, the lowest first. Arithmetic wraps around. */
@final
export class u128 {
  constructor(
    public word0: u64 = 0,
    public word1: u64 = 0,
  ) {}

  static from(value: u64): u128 {
    return new u128(value);
  }

  static at(from: usize): u128 {
    return new u128(load<u64>(from, 0), load<u64>(from, 8));
  }

  put(to: usize): void {
    store<u64>(to, this.word0, 0);
    store<u64>(to, this.word1, 8);
  }

  plus(other: u128): u128 {
    const sum = new u128();
    addWords(changetype<usize>(sum), changetype<usize>(this), changetype<usize>(other), 2);
    return sum;
  }

  minus(other: u128): u128 {
    const difference = new u128();
    subtractWords(changetype<usize>(difference), changetype<usize>(this), changetype<usize>(other), 2);
    return difference;
  }

  times(other: u128): u128 {
    const product = new u128();
    multiplyWords(changetype<usize>(product), changetype<usize>(this), changetype<usize>(other), 2);
    return product;
  }

  /** Negative if this is less than `other`, 0 if both are equal, else positive. */
  compare(other: u128): i32 {
    return compareWords(changetype<usize>(this), changetype<usize>(other), 2);
  }

  equals(other: u128): bool {
    return equalWords(changetype<usize>(this), changetype<usize>(other), 2);
  }

  /** The digits in base 10. */
  toString(): string {
    return decimalText(changetype<usize>(this), 2);
  }
}
