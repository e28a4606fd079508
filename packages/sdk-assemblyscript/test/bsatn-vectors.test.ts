// Golden vectors of the reference through the generated codecs: what a module reads it writes as the same bytes.
import { readFileSync } from 'node:fs';
import { beforeAll, expect, test } from 'vitest';
import { compileSource } from './support/compile.ts';
import { FakeHost } from './support/fake-host.ts';

/** A type as SATS-JSON writes it. */
type Json = Readonly<Record<string, unknown>>;
interface Member {
  readonly name: { readonly some?: string };
  readonly algebraic_type: Json;
}

const vectorFile = new URL('../../sats/vectors/bsatn.json', import.meta.url);
const { values } = JSON.parse(readFileSync(vectorFile, 'utf8')) as {
  readonly values: readonly { readonly type: Json; readonly value: string; readonly hex: string }[];
};

/** The typespace of the vectors. */
const declarations = `
@product class Point { x: i32; y: i32; }
enum Color { Red, GreenApple, Blue }
@sum abstract class Shape {}
@variant class Circle extends Shape { radius: f64; }
@variant("Point") class PointShape extends Shape { point: Point; }
@variant class Named extends Shape { name: string; }
@variant class Nothing extends Shape {}
@product class Row { id: u64; name: string; a: Option<u32>; b: Option<u32>; c: bool; }
@product class Tree { tag: string; kids: Tree[]; }`;
const refs = ['Point', 'Color', 'Shape', 'Row', 'Tree'];

const specials: Readonly<Record<string, string>> = {
  __identity__: 'Identity',
  __connection_id__: 'ConnectionId',
  __timestamp_micros_since_unix_epoch__: 'Timestamp',
  __time_duration_micros__: 'TimeDuration',
  __uuid__: 'Uuid',
};

/** The type in AssemblyScript, or undefined for those that a column or an argument cannot have. */
function code(type: Json): string | undefined {
  const [[kind, content]] = Object.entries(type) as [[string, unknown]];
  if (kind === 'Ref') return refs[content as number];
  if (kind === 'Array') {
    const element = code(content as Json);
    return element && `Array<${element}>`;
  }
  if (kind === 'Product') {
    const { elements } = content as { readonly elements: readonly Member[] };
    return elements.length === 0 ? 'Unit' : specials[elements[0]?.name.some ?? ''];
  }
  if (kind !== 'Sum') return kind.toLowerCase();
  const { variants } = content as { readonly variants: readonly Member[] };
  const names = variants.map(({ name }) => name.some).join();
  if (names === 'Interval,Time') return 'ScheduleAt';
  const payloads = variants.map((variant) => code(variant.algebraic_type));
  if (payloads.includes(undefined)) return undefined;
  if (names === 'ok,err') return `Result<${payloads.join(', ')}>`;
  return names === 'some,none' ? `Option<${payloads[0]}>` : undefined;
}

const types = [...new Set(values.map(({ type }) => code(type)).filter((each) => each !== undefined))];
const name = (at: number): string => `echo${String(at).padStart(3, '0')}`;

let program: Uint8Array;
let host: FakeHost;
beforeAll(async () => {
  const echoes = types.map(
    (type, at) => `@procedure static ${name(at)}(ctx: ProcedureContext, value: ${type}): ${type} { return value; }`,
  );
  const library =
    'ConnectionId, i128, i256, Identity, Option, procedure, ProcedureContext, product, Result, ScheduleAt, sum, ' +
    'TimeDuration, Timestamp, u128, u256, Unit, Uuid, variant';
  const { wasm, messages } = await compileSource(
    `import { ${library} } from "@lightcone/sdk-assemblyscript";${declarations}\nclass Echo { ${echoes.join('\n')} }`,
  );
  expect(messages).toBe('');
  program = wasm ?? new Uint8Array();
  host = new FakeHost(program);
});

test('nearly all vectors are of types that modules can have', () => {
  expect(values.filter(({ type }) => code(type) !== undefined).length).toBeGreaterThan(values.length * 0.9);
});

const vectors = values.flatMap(({ type, value, hex }) => {
  const as = code(type);
  return as === undefined ? [] : [{ as, value, hex }];
});

test.each(vectors)('$as $value', ({ as, hex }) => {
  const { code: status, written } = host.callProcedure(types.indexOf(as), Buffer.from(hex, 'hex'));
  expect({ status, hex: Buffer.from(written).toString('hex') }).toEqual({ status: 0, hex });
});

test('bytes that end in the middle of a value end the call', () => {
  for (const { as, hex } of vectors) {
    const bytes = Buffer.from(hex, 'hex').subarray(0, -1);
    if (hex.length <= 2) continue;
    // After a trap an instance is of no use.
    const fresh = new FakeHost(program);
    expect(() => fresh.callProcedure(types.indexOf(as), bytes), `${as} ${hex}`).toThrow(WebAssembly.RuntimeError);
    expect(fresh.log.at(-1)?.message).toMatch(/BSATN ends|has no variant/);
  }
});
