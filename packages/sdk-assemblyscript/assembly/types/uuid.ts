import { equalWords, hexText } from './words';

/** A UUID (RFC 9562) as the 128-bit integer that its bytes spell, the highest byte first. */
@final
export class Uuid {
  constructor(
    public word0: u64 = 0,
    public word1: u64 = 0,
  ) {}

  static at(from: usize): Uuid {
    return new Uuid(load<u64>(from), load<u64>(from, 8));
  }

  put(to: usize): void {
    memory.copy(to, changetype<usize>(this), 16);
  }

  equals(other: Uuid): bool {
    return equalWords(changetype<usize>(this), changetype<usize>(other), 2);
  }

  toString(): string {
    const digits = hexText(changetype<usize>(this), 2);
    const head = digits.slice(0, 8) + '-' + digits.slice(8, 12) + '-' + digits.slice(12, 16);
    return head + '-' + digits.slice(16, 20) + '-' + digits.slice(20);
  }
}
