import type { DeclaredType, Field, ScalarName, ValueType } from '../value-type.ts';
import { BsatnWriter } from './bsatn-writer.ts';

/** Tags of AlgebraicType. */
const REF = 0;
const SUM = 1;
const PRODUCT = 2;
const ARRAY = 3;
const STRING = 4;

const scalarTags: Readonly<Record<ScalarName, number>> = {
  bool: 5,
  i8: 6,
  u8: 7,
  i16: 8,
  u16: 9,
  i32: 10,
  u32: 11,
  i64: 12,
  u64: 13,
  f32: 18,
  f64: 19,
};
const wideTags = { i128: 14, u128: 15, i256: 16, u256: 17 } as const;

/** Classes that are products with one field of a name that the host knows. */
const specialProducts = {
  Identity: ['__identity__', wideTags.u256],
  ConnectionId: ['__connection_id__', wideTags.u128],
  Timestamp: ['__timestamp_micros_since_unix_epoch__', scalarTags.i64],
  TimeDuration: ['__time_duration_micros__', scalarTags.i64],
  Uuid: ['__uuid__', wideTags.u128],
} as const;

/** Gives declared types their places, in the order in which they are first met, and writes types as BSATN. */
export class Typespace {
  readonly #declared: DeclaredType[] = [];
  readonly #encoded: Uint8Array[] = [];
  readonly #refs = new Map<DeclaredType, number>();

  get declared(): readonly DeclaredType[] {
    return this.#declared;
  }

  ref(declared: DeclaredType): number {
    const known = this.#refs.get(declared);
    if (known !== undefined) return known;
    const ref = this.#declared.length;
    // The place is taken before the members are looked at, as they may lead back here.
    this.#refs.set(declared, ref);
    this.#declared.push(declared);
    this.#encoded.push(new Uint8Array());
    const writer = new BsatnWriter();
    this.#writeDeclared(writer, declared);
    this.#encoded[ref] = writer.written();
    return ref;
  }

  writeTypes(writer: BsatnWriter): void {
    writer.array(this.#encoded, (bytes) => writer.raw(bytes));
  }

  #writeDeclared(writer: BsatnWriter, declared: DeclaredType): void {
    switch (declared.kind) {
      case 'product':
        return this.writeProduct(writer, declared.fields);
      case 'sum':
        return this.#writeSum(
          writer,
          declared.variants.map(({ name, payload }) => [name, payload?.type ?? unit]),
        );
      case 'enum':
        return this.#writeSum(
          writer,
          declared.variants.map((name) => [name, unit]),
        );
    }
  }

  writeProduct(writer: BsatnWriter, fields: readonly Pick<Field, 'name' | 'type'>[]): void {
    writer.u8(PRODUCT);
    this.writeElements(writer, fields);
  }

  /** A product without the tag, as parameters are written. */
  writeElements(writer: BsatnWriter, fields: readonly Pick<Field, 'name' | 'type'>[]): void {
    writer.array(fields, ({ name, type }) => {
      writer.option(name, (text) => writer.string(text));
      this.write(writer, type);
    });
  }

  #writeSum(writer: BsatnWriter, variants: readonly (readonly [string, ValueType])[]): void {
    writer.u8(SUM);
    writer.array(variants, ([name, type]) => {
      writer.option(name, (text) => writer.string(text));
      this.write(writer, type);
    });
  }

  write(writer: BsatnWriter, type: ValueType): void {
    switch (type.kind) {
      case 'scalar':
        return writer.u8(scalarTags[type.name]);
      case 'string':
        return writer.u8(STRING);
      case 'unit':
        return this.writeProduct(writer, []);
      case 'bytes':
        writer.u8(ARRAY);
        return writer.u8(scalarTags.u8);
      case 'array':
        writer.u8(ARRAY);
        return this.write(writer, type.element);
      case 'option':
        return this.#writeSum(writer, [
          ['some', type.some],
          ['none', unit],
        ]);
      case 'result':
        return this.#writeSum(writer, [
          ['ok', type.ok],
          ['err', type.err],
        ]);
      case 'fixed':
        return this.#writeFixed(writer, type.name);
      case 'named': {
        const ref = this.ref(type.declared);
        writer.u8(REF);
        return writer.u32(ref);
      }
    }
  }

  #writeFixed(writer: BsatnWriter, name: Extract<ValueType, { kind: 'fixed' }>['name']): void {
    if (name === 'ScheduleAt') {
      return this.#writeSum(writer, [
        ['Interval', { kind: 'fixed', name: 'TimeDuration' }],
        ['Time', { kind: 'fixed', name: 'Timestamp' }],
      ]);
    }
    if (name in wideTags) return writer.u8(wideTags[name as keyof typeof wideTags]);
    const [field, tag] = specialProducts[name as keyof typeof specialProducts];
    writer.u8(PRODUCT);
    writer.u32(1);
    writer.option(field, (text) => writer.string(text));
    writer.u8(tag);
  }

  /** The return type of a view whose rows a query finds: a product with the one field `__query__`. */
  writeQuery(writer: BsatnWriter, row: DeclaredType): void {
    this.writeProduct(writer, [{ name: '__query__', type: { kind: 'named', declared: row } }]);
  }
}

const unit: ValueType = { kind: 'unit' };
