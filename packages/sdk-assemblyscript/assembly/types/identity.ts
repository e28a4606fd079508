import { equalWords, hexText } from './words';

/** Who calls: 256 bits, derived from the issuer and subject of the caller's token. Words as in BSATN, the lowest first. */
@final
export class Identity {
  constructor(
    public word0: u64 = 0,
    public word1: u64 = 0,
    public word2: u64 = 0,
    public word3: u64 = 0,
  ) {}

  static at(from: usize): Identity {
    return new Identity(load<u64>(from), load<u64>(from, 8), load<u64>(from, 16), load<u64>(from, 24));
  }

  put(to: usize): void {
    memory.copy(to, changetype<usize>(this), 32);
  }

  equals(other: Identity): bool {
    return equalWords(changetype<usize>(this), changetype<usize>(other), 4);
  }

  /** 64 digits in base 16. */
  toString(): string {
    return hexText(changetype<usize>(this), 4);
  }
}
