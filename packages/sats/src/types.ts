import type {
  AlgebraicType,
  ArrayType,
  NamedType,
  ProductType,
  RefType,
  ScalarTag,
  SumType,
} from './algebraic-type.ts';

type Field = readonly [name: string | undefined, type: AlgebraicType];

const named = (fields: readonly Field[]): NamedType[] => fields.map(([name, type]) => ({ name, type }));
const product = (fields: readonly Field[]): ProductType => ({ tag: 'Product', elements: named(fields) });
const sum = (variants: readonly Field[]): SumType => ({ tag: 'Sum', variants: named(variants) });
const array = (element: AlgebraicType): ArrayType => ({ tag: 'Array', element });

type ScalarName = Lowercase<ScalarTag>;

const scalars: { readonly [name in ScalarName]: AlgebraicType } = {
  bool: { tag: 'Bool' },
  i8: { tag: 'I8' },
  u8: { tag: 'U8' },
  i16: { tag: 'I16' },
  u16: { tag: 'U16' },
  i32: { tag: 'I32' },
  u32: { tag: 'U32' },
  i64: { tag: 'I64' },
  u64: { tag: 'U64' },
  i128: { tag: 'I128' },
  u128: { tag: 'U128' },
  i256: { tag: 'I256' },
  u256: { tag: 'U256' },
  f32: { tag: 'F32' },
  f64: { tag: 'F64' },
};

const unit = product([]);
const timestamp = product([['__timestamp_micros_since_unix_epoch__', scalars.i64]]);
const timeDuration = product([['__time_duration_micros__', scalars.i64]]);

interface TypeConstructors extends Readonly<typeof scalars> {
  readonly string: AlgebraicType;
  /** Array of U8. */
  readonly bytes: ArrayType;
  /** The product without fields: one value, of no bytes. */
  readonly unit: ProductType;
  /** The sum without variants: no value. */
  readonly never: SumType;
  readonly identity: ProductType;
  readonly connectionId: ProductType;
  readonly timestamp: ProductType;
  readonly timeDuration: ProductType;
  readonly uuid: ProductType;
  readonly scheduleAt: SumType;
  readonly product: (fields: readonly Field[]) => ProductType;
  readonly sum: (variants: readonly Field[]) => SumType;
  readonly array: (element: AlgebraicType) => ArrayType;
  readonly option: (some: AlgebraicType) => SumType;
  readonly result: (ok: AlgebraicType, err: AlgebraicType) => SumType;
  readonly ref: (ref: number) => RefType;
}

/** Constructors of algebraic types: `types.product([['id', types.u64], ['tags', types.array(types.string)]])`. */
export const types: TypeConstructors = {
  ...scalars,
  string: { tag: 'String' },
  bytes: array(scalars.u8),
  unit,
  never: sum([]),
  identity: product([['__identity__', scalars.u256]]),
  connectionId: product([['__connection_id__', scalars.u128]]),
  timestamp,
  timeDuration,
  uuid: product([['__uuid__', scalars.u128]]),
  scheduleAt: sum([
    ['Interval', timeDuration],
    ['Time', timestamp],
  ]),
  product,
  sum,
  array,
  option: (some) =>
    sum([
      ['some', some],
      ['none', unit],
    ]),
  result: (ok, err) =>
    sum([
      ['ok', ok],
      ['err', err],
    ]),
  ref: (ref) => ({ tag: 'Ref', ref }),
};
