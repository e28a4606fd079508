import type { WasmReader } from './wasm-reader.ts';

const NAMES = new Map([
  [0x7f, 'i32'],
  [0x7e, 'i64'],
  [0x7d, 'f32'],
  [0x7c, 'f64'],
  [0x7b, 'v128'],
  [0x74, 'nullexnref'],
  [0x73, 'nullfuncref'],
  [0x72, 'nullexternref'],
  [0x71, 'nullref'],
  [0x70, 'funcref'],
  [0x6f, 'externref'],
  [0x6e, 'anyref'],
  [0x6d, 'eqref'],
  [0x6c, 'i31ref'],
  [0x6b, 'structref'],
  [0x6a, 'arrayref'],
  [0x69, 'exnref'],
]);
const REF_NULL = 0x63;
const REF = 0x64;
const LOWEST_ABSTRACT_HEAP_TYPE = 0x68;

/** Reads a value type and answers its name in the text format. */
export function readValueType(reader: WasmReader, typeCount: number): string {
  const { at } = reader;
  const code = reader.u8();
  if (code === REF_NULL || code === REF) {
    return `(ref ${code === REF_NULL ? 'null ' : ''}${readHeapType(reader, typeCount)})`;
  }
  const name = NAMES.get(code);
  if (name === undefined) throw reader.malformed(`0x${code.toString(16)} is not a value type`, at);
  return name;
}

/** Reads a heap type: an abstract one, or the index of a type. */
export function readHeapType(reader: WasmReader, typeCount: number): string {
  const { at } = reader;
  const code = reader.s33();
  if (code >= 0) {
    if (code >= typeCount) throw reader.malformed(`type index ${code} is out of range, there are ${typeCount}`, at);
    return String(code);
  }
  if (code + 0x80 < LOWEST_ABSTRACT_HEAP_TYPE) throw reader.malformed(`${code} is not a heap type`, at);
  return NAMES.get(code + 0x80) ?? String(code);
}

/** Moves past a block type: none, one value type, or the index of a function type. */
export function skipBlockType(reader: WasmReader, typeCount: number): void {
  const { at } = reader;
  const first = reader.u8();
  if (first === EMPTY_BLOCK) return;
  reader.at = at;
  if (first >= 0x40 && first < 0x80) {
    readValueType(reader, typeCount);
    return;
  }
  const index = reader.s33();
  if (index < 0 || index >= typeCount) throw reader.malformed(`block type ${index} is out of range`, at);
}

export const EMPTY_BLOCK = 0x40;
