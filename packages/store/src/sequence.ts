import type { AlgebraicType, RowType } from '@lightcone/sats';
import type { SequenceDefinition } from './definitions.ts';
import { StoreError } from './errors.ts';

/** What `fill` did to a column. */
export const NOT_ZERO = 0;
export const FILLED = 1;
export const EXHAUSTED = 2;

/**
 * Hands out the values of an auto-increment column.
 *
 * Values are reserved in blocks: `allocated` is the boundary that has to be saved before a value
 * below it may be relied on, and the next value after a restart. Values are not given back when a
 * transaction rolls back. Past `max` the sequence goes on at `min`; a value that does not fit the
 * column is never made: the sequence is exhausted.
 */
export class Sequence {
  readonly definition: SequenceDefinition;
  readonly columnBytes: number;
  /** Whether `allocated` moved since it was last saved. */
  isUnsaved: boolean;
  readonly #columnTag: AlgebraicType['tag'];
  readonly #columnMin: bigint;
  readonly #columnMax: bigint;
  readonly #blockSize: bigint;
  #next: bigint;
  #allocated: bigint;

  // A run of values that need no more checks: numbers, so that handing one out allocates nothing.
  #runNext = 0;
  #runLeft = 0;
  readonly #runStep: number;

  /** @param before a sequence of the same values that this one goes on from, rather than from `definition.allocated` */
  constructor(definition: SequenceDefinition, row: RowType, before?: Sequence) {
    const column = row.columns[definition.column];
    const integer = column === undefined ? undefined : integerOf(column.type.type);
    if (integer === undefined || definition.increment === 0n || definition.min > definition.max) {
      throw new StoreError(
        'STORE_INVALID_DEFINITION',
        `sequence ${definition.id}: needs an integer column (column ${definition.column} is none), an increment that is not 0, and min <= max`,
      );
    }
    this.#columnTag = column!.type.type.tag; // an integer column is there
    const { bytes, isSigned } = integer;
    const bits = BigInt(bytes * 8);
    this.definition = definition;
    this.columnBytes = bytes;
    this.#columnMin = isSigned ? -(1n << (bits - 1n)) : 0n;
    this.#columnMax = (1n << (isSigned ? bits - 1n : bits)) - 1n;
    // A block is lost at every restart: of a narrow column it must not be all there is.
    this.#blockSize = bytes === 1 ? 1n : bytes === 2 ? 64n : 4096n;
    this.#next = before?.next ?? definition.allocated;
    this.#allocated = before?.allocated ?? definition.allocated;
    this.isUnsaved = this.#allocated !== definition.allocated;
    this.#runStep = Number(definition.increment);
  }

  /** Whether its column has the same type in another row type. */
  isFor(row: RowType): boolean {
    return row.columns[this.definition.column]?.type.type.tag === this.#columnTag;
  }

  /** The boundary of the values that may have been handed out. */
  get allocated(): bigint {
    return this.#allocated;
  }

  /** The value that is handed out next. */
  get next(): bigint {
    return this.#runLeft > 0 ? BigInt(this.#runNext) : this.#next;
  }

  /** Writes the next value to the column at `at` if it is zero: NOT_ZERO, FILLED or EXHAUSTED. */
  fill(bytes: Uint8Array, at: number): number {
    for (let i = 0; i < this.columnBytes; i++) if (bytes[at + i] !== 0) return NOT_ZERO;
    if (this.#runLeft === 0 && !this.#startRun()) return EXHAUSTED;
    if (this.#runLeft > 0) {
      this.#writeNumber(bytes, at, this.#runNext);
      this.#runNext += this.#runStep;
      this.#runLeft--;
      if (this.#runLeft === 0) this.#next = this.#step(BigInt(this.#runNext) - this.definition.increment);
    } else {
      this.#writeWide(bytes, at, this.#next);
      this.#next = this.#step(this.#next);
    }
    return FILLED;
  }

  /** Checks `#next` and finds out how many values can follow it unchecked. False if it does not fit the column. */
  #startRun(): boolean {
    const { min, max, increment } = this.definition;
    const next = this.#next;
    if (next < this.#columnMin || next > this.#columnMax) return false;
    if (next === this.#allocated) this.#allocate();

    const isAscending = increment > 0n;
    const limit = isAscending ? least(max, this.#columnMax) : -least(-min, -this.#columnMin);
    let run = (limit - next) / increment + 1n;
    const toBoundary = this.#allocated - next;
    if (toBoundary > 0n === isAscending) run = least(run, toBoundary / increment);
    run = least(run, this.#blockSize);
    if (run > 0n && isSafe(next) && isSafe(next + run * increment)) {
      this.#runNext = Number(next);
      this.#runLeft = Number(run);
    }
    return true;
  }

  #allocate(): void {
    this.isUnsaved = true;
    const { min, max, increment } = this.definition;
    const end = this.#next + this.#blockSize * increment;
    if (this.#next >= min && this.#next <= max && end >= min && end <= max) {
      this.#allocated = end;
      return;
    }
    // Near the end of the range: one step after the other, but not all the way round.
    let boundary = this.#next;
    for (let i = 0n; i < this.#blockSize; i++) {
      const next = this.#step(boundary);
      if (next === this.#next) break;
      boundary = next;
    }
    this.#allocated = boundary;
  }

  #step(value: bigint): bigint {
    const { min, max, increment } = this.definition;
    const next = value + increment;
    const range = max - min + 1n;
    if (next > max) return min + ((next - max - 1n) % range);
    if (next < min) return max - ((min - next - 1n) % range);
    return next;
  }

  #writeNumber(bytes: Uint8Array, at: number, value: number): void {
    let rest = value;
    for (let i = 0; i < this.columnBytes; i++) {
      const upper = Math.floor(rest / 256);
      bytes[at + i] = rest - upper * 256;
      rest = upper;
    }
  }

  #writeWide(bytes: Uint8Array, at: number, value: bigint): void {
    for (let i = 0; i < this.columnBytes; i++) bytes[at + i] = Number((value >> BigInt(i * 8)) & 255n);
  }
}

function integerOf(type: AlgebraicType): { bytes: number; isSigned: boolean } | undefined {
  const match = /^([IU])(\d+)$/.exec(type.tag);
  return match === null ? undefined : { bytes: Number(match[2]) / 8, isSigned: match[1] === 'I' };
}

function least(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

function isSafe(value: bigint): boolean {
  return value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER);
}
