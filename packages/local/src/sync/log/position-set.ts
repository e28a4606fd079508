/** Positions of a log behind `from`, up to `to`. */
export interface PositionRange {
  readonly from: number;
  readonly to: number;
}

/** Which positions of a log, from 1 on, somebody has: mostly all up to one, sometimes with gaps. */
export class PositionSet {
  /** Ascending, with gaps between them. */
  #ranges: PositionRange[] = [];

  constructor(ranges: Iterable<PositionRange> = []) {
    for (const range of ranges) this.add(range);
  }

  get ranges(): readonly PositionRange[] {
    return this.#ranges;
  }

  /** All up to here are there. */
  get contiguousTo(): number {
    const first = this.#ranges[0];
    return first?.from === 0 ? first.to : 0;
  }

  get max(): number {
    return this.#ranges.at(-1)?.to ?? 0;
  }

  has(position: number): boolean {
    return this.#ranges.some(({ from, to }) => from < position && position <= to);
  }

  add({ from, to }: PositionRange): void {
    if (to <= from) return;
    const before = this.#ranges.filter((range) => range.to < from);
    const after = this.#ranges.filter((range) => range.from > to);
    const touched = this.#ranges.slice(before.length, this.#ranges.length - after.length);
    const merged = {
      from: Math.min(from, touched[0]?.from ?? from),
      to: Math.max(to, touched.at(-1)?.to ?? to),
    };
    this.#ranges = [...before, merged, ...after];
  }
}
