// Small WebAssembly modules put together by hand, for what no compiler would produce.

const MAGIC_AND_VERSION = [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
const I32 = 0x7f;
const I64 = 0x7e;

export interface WasmParts {
  /** Functions of signature (i32, i32, i32) -> i32, in the order of their function indices from 0. */
  readonly imports?: readonly (readonly [module: string, name: string])[];
  /** Body of `__describe_module__`, without the final `end`; none: the export is missing. */
  readonly describe?: readonly number[] | undefined;
  /** Body of `__call_reducer__`, without the final `end`. */
  readonly callReducer?: readonly number[];
  /** Put at address 16. */
  readonly data?: Uint8Array;
  /** In pages of 64 KiB. */
  readonly memoryPages?: number;
}

/** A module with one memory and the exports that every module needs. */
export function wasmModule(parts: WasmParts): Uint8Array<ArrayBuffer> {
  const imports = parts.imports ?? [['spacetime_10.0', 'bytes_sink_write']];
  const describe = parts.describe === undefined && 'describe' in parts ? undefined : (parts.describe ?? [0x00]);
  const describeIndex = imports.length;
  const types = [
    signature([I32, I32, I32], [I32]),
    signature([I32], []),
    signature([I32, I64, I64, I64, I64, I64, I64, I64, I32, I32], [I32]),
  ];
  const exports = [
    [...text('memory'), 2, 0],
    ...(describe === undefined ? [] : [[...text('__describe_module__'), 0, ...leb(describeIndex)]]),
    [...text('__call_reducer__'), 0, ...leb(describeIndex + 1)],
  ];
  const data = parts.data ?? new Uint8Array();
  return Uint8Array.from([
    ...MAGIC_AND_VERSION,
    ...section(1, list(types)),
    ...section(2, list(imports.map(([module, name]) => [...text(module), ...text(name), 0, 0]))),
    ...section(3, list([[1], [2]])),
    ...section(5, list([[0, ...leb(parts.memoryPages ?? 1)]])),
    ...section(7, list(exports)),
    ...section(10, list([body(describe ?? [0x00]), body(parts.callReducer ?? [0x00])])),
    ...section(11, list([[0, 0x41, 16, 0x0b, ...leb(data.length), ...data]])),
  ]);
}

/** A module whose definition is these bytes. */
export function moduleDefinedBy(
  definition: Uint8Array,
  callReducer: readonly number[] = [0x00],
): Uint8Array<ArrayBuffer> {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(definition.length);
  return wasmModule({
    data: Buffer.concat([length, definition]),
    // bytes_sink_write(sink, 20, 16)
    describe: [0x20, 0, 0x41, 20, 0x41, 16, 0x10, 0, 0x1a],
    callReducer,
  });
}

function signature(parameters: number[], results: number[]): number[] {
  return [0x60, ...leb(parameters.length), ...parameters, ...leb(results.length), ...results];
}

function body(instructions: readonly number[]): number[] {
  const code = [0, ...instructions, 0x0b];
  return [...leb(code.length), ...code];
}

function section(id: number, content: readonly number[]): number[] {
  return [id, ...leb(content.length), ...content];
}

function list(items: readonly (readonly number[])[]): number[] {
  return [...leb(items.length), ...items.flat()];
}

function text(value: string): number[] {
  const bytes = Buffer.from(value);
  return [...leb(bytes.length), ...bytes];
}

function leb(value: number): number[] {
  const low = value & 0x7f;
  return value < 0x80 ? [low] : [low | 0x80, ...leb(value >>> 7)];
}
