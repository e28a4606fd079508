import { equalWords, hexText } from './words';

/** One connection of a client: 128 bits, all of them 0 for none. */
@final
export class ConnectionId {
  constructor(
    public word0: u64 = 0,
    public word1: u64 = 0,
  ) {}

  static at(from: usize): ConnectionId {
    return new ConnectionId(load<u64>(from), load<u64>(from, 8));
  }

  put(to: usize): void {
    memory.copy(to, changetype<usize>(this), 16);
  }

  equals(other: ConnectionId): bool {
    return equalWords(changetype<usize>(this), changetype<usize>(other), 2);
  }

  /** 32 digits in base 16. */
  toString(): string {
    return hexText(changetype<usize>(this), 2);
  }
}
