import { addWords, compareWords, equalWords, multiplyWords, decimalText, subtractWords } from './words';

/** An unsigned integer of 256 bits, as 64-bit words, the lowest first. Arithmetic wraps around. */
@final
export class u256 {
  constructor(
    public word0: u64 = 0,
    public word1: u64 = 0,
    public word2: u64 = 0,
    public word3: u64 = 0,
  ) {}

  static from(value: u64): u256 {
    return new u256(value);
  }

  static at(from: usize): u256 {
    return new u256(load<u64>(from, 0), load<u64>(from, 8), load<u64>(from, 16), load<u64>(from, 24));
  }

  put(to: usize): void {
    store<u64>(to, this.word0, 0);
    store<u64>(to, this.word1, 8);
    store<u64>(to, this.word2, 16);
    store<u64>(to, this.word3, 24);
  }

  plus(other: u256): u256 {
    const sum = new u256();
    addWords(changetype<usize>(sum), changetype<usize>(this), changetype<usize>(other), 4);
    return sum;
  }

  minus(other: u256): u256 {
    const difference = new u256();
    subtractWords(changetype<usize>(difference), changetype<usize>(this), changetype<usize>(other), 4);
    return difference;
  }

  times(other: u256): u256 {
    const product = new u256();
    multiplyWords(changetype<usize>(product), changetype<usize>(this), changetype<usize>(other), 4);
    return product;
  }

  /** Negative if this is less than `other`, 0 if both are equal, else positive. */
  compare(other: u256): i32 {
    return compareWords(changetype<usize>(this), changetype<usize>(other), 4);
  }

  equals(other: u256): bool {
    return equalWords(changetype<usize>(this), changetype<usize>(other), 4);
  }

  /** The digits in base 10. */
  toString(): string {
    return decimalText(changetype<usize>(this), 4);
  }
}
