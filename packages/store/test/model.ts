import {
  type AlgebraicType,
  type AlgebraicValue,
  ByteReader,
  ByteWriter,
  type RowType,
  type SumValue,
  bytesToHex,
} from '@lightcone/sats';
import type { IndexDefinition, SequenceDefinition } from '../src/index.ts';

/** A row as the model knows it. */
export interface ModelRow {
  readonly hex: string;
  readonly values: readonly AlgebraicValue[];
}

export type ModelOutcome =
  | { readonly kind: 'done' | 'unchanged'; readonly row: ModelRow; readonly generated: readonly GeneratedValue[] }
  | { readonly kind: 'uniqueViolation'; readonly index: IndexDefinition }
  | { readonly kind: 'sequenceExhausted' | 'noSuchRow' | 'indexNotUnique' };

/** What a sequence put into a column. */
export interface GeneratedValue {
  readonly column: number;
  readonly value: AlgebraicValue;
}

/** One end of a range over decoded values. */
export interface ModelBound {
  readonly kind: 'included' | 'excluded' | 'unbounded';
  readonly value: AlgebraicValue;
}

/** The rules of a table, said as plainly as possible: a map of rows and linear scans. */
export class ModelTable {
  readonly isEvent: boolean;
  type: RowType;
  indexes: readonly IndexDefinition[];
  /** In the order of their columns. */
  sequences: readonly ModelSequence[];
  committed: ReadonlyMap<string, ModelRow> = new Map();
  visible = new Map<string, ModelRow>();

  constructor(
    type: RowType,
    isEvent: boolean,
    indexes: readonly IndexDefinition[],
    sequences: readonly SequenceDefinition[],
  ) {
    this.type = type;
    this.isEvent = isEvent;
    this.indexes = indexes;
    this.sequences = inColumnOrder(sequences.map((sequence) => new ModelSequence(sequence, type)));
  }

  /** A table with one more column, the same in all rows, that takes this one's place. */
  rebuilt(
    type: RowType,
    indexes: readonly IndexDefinition[],
    sequences: readonly SequenceDefinition[],
    addition: AlgebraicValue,
  ): ModelTable {
    const successor = new ModelTable(type, this.isEvent, indexes, sequences);
    for (const [i, sequence] of successor.sequences.entries()) sequence.next = this.sequences[i]!.next;
    for (const { values } of this.visible.values()) {
      const row = successor.row([...values, addition]);
      successor.visible.set(row.hex, row);
    }
    this.visible.clear();
    return successor;
  }

  row(values: readonly AlgebraicValue[]): ModelRow {
    const writer = new ByteWriter();
    for (const [i, column] of this.type.columns.entries()) column.type.encode(writer, values[i]!);
    return { hex: bytesToHex(writer.written()), values };
  }

  decode(bytes: Uint8Array): ModelRow {
    const reader = new ByteReader(bytes);
    return { hex: bytesToHex(bytes), values: this.type.columns.map((column) => column.type.decode(reader)) };
  }

  insert(given: readonly AlgebraicValue[]): ModelOutcome {
    const generated = this.#generate(given);
    if (generated === undefined) return { kind: 'sequenceExhausted' };
    const { row } = generated;
    if (this.visible.has(row.hex)) return { kind: 'unchanged', ...generated };
    const index = this.#violated(row, undefined);
    if (index !== undefined) return { kind: 'uniqueViolation', index };
    this.visible.set(row.hex, row);
    return { kind: 'done', ...generated };
  }

  update(index: IndexDefinition, given: readonly AlgebraicValue[]): ModelOutcome {
    if (!index.isUnique) return { kind: 'indexNotUnique' };
    const generated = this.#generate(given);
    if (generated === undefined) return { kind: 'sequenceExhausted' };
    const { row } = generated;
    const [old] = this.withKey(index, this.keyOf(index, row));
    if (old === undefined) return { kind: 'noSuchRow' };
    if (old.hex === row.hex) return { kind: 'unchanged', ...generated };
    const violated = this.#violated(row, old);
    if (violated !== undefined) return { kind: 'uniqueViolation', index: violated };
    this.visible.delete(old.hex);
    this.visible.set(row.hex, row);
    return { kind: 'done', ...generated };
  }

  keyOf(index: IndexDefinition, row: ModelRow): AlgebraicValue[] {
    return index.columns.map((column) => row.values[column]!);
  }

  withKey(index: IndexDefinition, key: readonly AlgebraicValue[]): ModelRow[] {
    return [...this.visible.values()].filter((row) => this.compareKeys(index, this.keyOf(index, row), key) === 0);
  }

  inRange(index: IndexDefinition, prefix: readonly AlgebraicValue[], lower: ModelBound, upper: ModelBound): ModelRow[] {
    return [...this.visible.values()].filter((row) => {
      const key = this.keyOf(index, row);
      if (this.compareKeys(index, key.slice(0, prefix.length), prefix) !== 0) return false;
      const type = this.type.columns[index.columns[prefix.length]!]!.type.type;
      const toLower = lower.kind === 'unbounded' ? 1 : compareValues(type, key[prefix.length]!, lower.value);
      const toUpper = upper.kind === 'unbounded' ? -1 : compareValues(type, key[prefix.length]!, upper.value);
      const isAbove = lower.kind === 'excluded' ? toLower > 0 : toLower >= 0;
      const isBelow = upper.kind === 'excluded' ? toUpper < 0 : toUpper <= 0;
      return isAbove && isBelow;
    });
  }

  /** Compares the columns that both keys have. */
  compareKeys(index: IndexDefinition, a: readonly AlgebraicValue[], b: readonly AlgebraicValue[]): number {
    for (let i = 0; i < Math.min(a.length, b.length); i++) {
      const order = compareValues(this.type.columns[index.columns[i]!]!.type.type, a[i]!, b[i]!);
      if (order !== 0) return order;
    }
    return 0;
  }

  changes(): { inserts: string[]; deletes: string[] } {
    return {
      inserts: [...this.visible.keys()].filter((hex) => !this.committed.has(hex)).toSorted(),
      deletes: [...this.committed.keys()].filter((hex) => !this.visible.has(hex)).toSorted(),
    };
  }

  commit(): { inserts: string[]; deletes: string[] } {
    const changes = this.changes();
    if (this.isEvent) this.visible.clear();
    this.committed = new Map(this.visible);
    return changes;
  }

  rollback(): void {
    this.visible = new Map(this.committed);
  }

  #violated(row: ModelRow, except: ModelRow | undefined): IndexDefinition | undefined {
    return this.indexes.find(
      (index) => index.isUnique && this.withKey(index, this.keyOf(index, row)).some((other) => other !== except),
    );
  }

  #generate(given: readonly AlgebraicValue[]): { row: ModelRow; generated: GeneratedValue[] } | undefined {
    const values = [...given];
    const generated: GeneratedValue[] = [];
    for (const sequence of this.sequences) {
      if (BigInt(values[sequence.column] as number | bigint) !== 0n) continue;
      const value = sequence.take();
      if (value === undefined) return undefined;
      const isBig = typeof values[sequence.column] === 'bigint';
      values[sequence.column] = isBig ? value : Number(value);
      generated.push({ column: sequence.column, value: values[sequence.column]! });
    }
    return { row: this.row(values), generated };
  }
}

/** A sequence as the specification words it, with the refusal to overflow the column. */
export class ModelSequence {
  readonly definition: SequenceDefinition;
  readonly column: number;
  readonly #fits: (value: bigint) => boolean;
  next: bigint;

  constructor(definition: SequenceDefinition, type: RowType) {
    this.definition = definition;
    this.column = definition.column;
    this.next = definition.allocated;
    const { tag } = type.columns[definition.column]!.type.type;
    const bits = Number(tag.slice(1));
    this.#fits = (value) => (tag.startsWith('I') ? BigInt.asIntN(bits, value) : BigInt.asUintN(bits, value)) === value;
  }

  take(): bigint | undefined {
    const value = this.next;
    if (!this.#fits(value)) return undefined;
    this.next = stepSequence(this.definition, value);
    return value;
  }
}

export function inColumnOrder(sequences: readonly ModelSequence[]): ModelSequence[] {
  return sequences.toSorted((a, b) => a.column - b.column);
}

export function stepSequence({ min, max, increment }: SequenceDefinition, value: bigint): bigint {
  const next = value + increment;
  const range = max - min + 1n;
  if (next > max) return min + ((next - max - 1n) % range);
  if (next < min) return max - ((min - next - 1n) % range);
  return next;
}

/** The SATS total order on decoded values. */
export function compareValues(type: AlgebraicType, a: AlgebraicValue, b: AlgebraicValue): number {
  switch (type.tag) {
    case 'F32':
    case 'F64':
      if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
      return a === b ? 0 : a < b ? -1 : 1;
    case 'String':
      return Buffer.compare(Buffer.from(a as string), Buffer.from(b as string));
    case 'Product':
      for (const [i, element] of type.elements.entries()) {
        const key = element.name ?? String(i);
        const order = compareValues(
          element.type,
          (a as Record<string, AlgebraicValue>)[key]!,
          (b as Record<string, AlgebraicValue>)[key]!,
        );
        if (order !== 0) return order;
      }
      return 0;
    case 'Sum': {
      const tagOf = (value: AlgebraicValue): number =>
        type.variants.findIndex((variant, i) => (variant.name ?? String(i)) === (value as SumValue).tag);
      if (tagOf(a) !== tagOf(b)) return tagOf(a) - tagOf(b);
      return compareValues(type.variants[tagOf(a)]!.type, (a as SumValue).value, (b as SumValue).value);
    }
    case 'Array': {
      const left = [...(a as readonly AlgebraicValue[])];
      const right = [...(b as readonly AlgebraicValue[])];
      for (let i = 0; i < Math.min(left.length, right.length); i++) {
        const order = compareValues(type.element, left[i]!, right[i]!);
        if (order !== 0) return order;
      }
      return left.length - right.length;
    }
    default:
      return a === b ? 0 : a < b ? -1 : 1;
  }
}
