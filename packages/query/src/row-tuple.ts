/** The rows that a join has put together, by their position: a row is `bytes[i]` from `starts[i]` to `ends[i]`. */
export class RowTuple {
  readonly bytes: Uint8Array[];
  readonly starts: number[];
  readonly ends: number[];

  constructor(size: number) {
    this.bytes = Array.from({ length: size }, () => NO_BYTES);
    this.starts = Array.from({ length: size }, () => 0);
    this.ends = Array.from({ length: size }, () => 0);
  }

  set(position: number, bytes: Uint8Array, start: number, end: number): void {
    this.bytes[position] = bytes;
    this.starts[position] = start;
    this.ends[position] = end;
  }
}

const NO_BYTES = new Uint8Array(0);
