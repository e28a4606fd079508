import { HostError } from '../errors.ts';
import { readHeapType, readValueType } from './value-types.ts';
import type { WasmReader } from './wasm-reader.ts';

/** The opcodes that this package names; every other one is known by its immediates alone. */
export const OP = {
  unreachable: 0x00,
  nop: 0x01,
  block: 0x02,
  loop: 0x03,
  if: 0x04,
  else: 0x05,
  try: 0x06,
  catch: 0x07,
  throw: 0x08,
  rethrow: 0x09,
  throwRef: 0x0a,
  end: 0x0b,
  br: 0x0c,
  brIf: 0x0d,
  brTable: 0x0e,
  return: 0x0f,
  call: 0x10,
  callIndirect: 0x11,
  returnCall: 0x12,
  returnCallIndirect: 0x13,
  callRef: 0x14,
  returnCallRef: 0x15,
  delegate: 0x18,
  catchAll: 0x19,
  select: 0x1b,
  selectTyped: 0x1c,
  tryTable: 0x1f,
  localGet: 0x20,
  localSet: 0x21,
  localTee: 0x22,
  globalGet: 0x23,
  globalSet: 0x24,
  tableGet: 0x25,
  tableSet: 0x26,
  memorySize: 0x3f,
  memoryGrow: 0x40,
  i32Const: 0x41,
  i64Const: 0x42,
  f32Const: 0x43,
  f64Const: 0x44,
  i64LessThanSigned: 0x53,
  i64GreaterThanSigned: 0x55,
  i32Add: 0x6a,
  i32Sub: 0x6b,
  i32Mul: 0x6c,
  i64Add: 0x7c,
  i64Sub: 0x7d,
  i64Mul: 0x7e,
  i64ShiftRightUnsigned: 0x88,
  i64ExtendI32Unsigned: 0xad,
  refNull: 0xd0,
  refFunc: 0xd2,
  brOnNull: 0xd5,
  brOnNonNull: 0xd6,
  gcPrefix: 0xfb,
  miscPrefix: 0xfc,
  simdPrefix: 0xfd,
  atomicPrefix: 0xfe,
} as const;

/** After `miscPrefix`. */
export const MISC = {
  memoryInit: 8,
  dataDrop: 9,
  memoryCopy: 10,
  memoryFill: 11,
  tableInit: 12,
  elementDrop: 13,
  tableCopy: 14,
  tableGrow: 15,
  tableSize: 16,
  tableFill: 17,
} as const;

const SIMD_CONST = 12;
const SIMD_SHUFFLE = 13;
const SIMD_LAST = 0x113;
const ATOMIC_FENCE = 0x03;
const ATOMIC_LAST = 0x4e;

/** Where the index spaces of a module, or of one function, end. What lies beyond them must stay out of reach. */
export interface IndexBounds {
  readonly typeCount: number;
  readonly globalCount: number;
  /** Parameters and locals of the function. */
  readonly localCount: number;
}

function unsupported(opcode: string, at: number): HostError {
  return new HostError('HOST_UNSUPPORTED_MODULE', `unsupported WebAssembly instruction ${opcode} at byte ${at}`);
}

function hex(value: number): string {
  return `0x${value.toString(16).padStart(2, '0')}`;
}

export function readIndex(reader: WasmReader, bound: number, what: string): number {
  const { at } = reader;
  const index = reader.u32();
  if (index >= bound) throw reader.malformed(`${what} index ${index} is out of range, there are ${bound}`, at);
  return index;
}

function skipMemoryArgument(reader: WasmReader): void {
  const alignment = reader.u32();
  if ((alignment & 0x40) !== 0) reader.skipLeb(32); // bit 6: a memory index follows
  reader.skipLeb(64);
}

/**
 * Moves past the immediates of an instruction that has no part in control flow; answers the sub-opcode of
 * `miscPrefix`, or -1.
 */
export function skipImmediates(reader: WasmReader, opcode: number, bounds: IndexBounds): number {
  const at = reader.at - 1;
  if (opcode >= 0x45 && opcode <= 0xc4) return -1;
  if (opcode >= 0x28 && opcode <= 0x3e) {
    skipMemoryArgument(reader);
    return -1;
  }
  switch (opcode) {
    case OP.nop:
    case 0x1a: // drop
    case OP.select:
    case 0xd1: // ref.is_null
    case 0xd3: // ref.eq
    case 0xd4: // ref.as_non_null
      return -1;
    case OP.localGet:
    case OP.localSet:
    case OP.localTee:
      readIndex(reader, bounds.localCount, 'local');
      return -1;
    case OP.globalGet:
    case OP.globalSet:
      readIndex(reader, bounds.globalCount, 'global');
      return -1;
    case OP.i32Const:
      reader.skipLeb(32);
      return -1;
    case OP.i64Const:
      reader.skipLeb(64);
      return -1;
    case OP.f32Const:
      reader.skip(4);
      return -1;
    case OP.f64Const:
      reader.skip(8);
      return -1;
    case OP.tableGet:
    case OP.tableSet:
    case OP.memorySize:
    case OP.memoryGrow:
    case OP.refFunc:
      reader.skipLeb(32);
      return -1;
    case OP.selectTyped: {
      const count = reader.count();
      for (let i = 0; i < count; i++) readValueType(reader, bounds.typeCount);
      return -1;
    }
    case OP.refNull:
      readHeapType(reader, bounds.typeCount);
      return -1;
    case OP.miscPrefix:
      return skipMisc(reader, at);
    case OP.simdPrefix:
      skipSimd(reader, at);
      return -1;
    case OP.atomicPrefix:
      skipAtomic(reader, at);
      return -1;
    case OP.gcPrefix:
      // The collector's heap has no limit per instance, so one module could end the whole process.
      throw new HostError(
        'HOST_UNSUPPORTED_MODULE',
        `unsupported WebAssembly instruction ${hex(opcode)} ${hex(reader.u32())} at byte ${at}: garbage-collected types are not supported`,
      );
    default:
      throw unsupported(hex(opcode), at);
  }
}

function skipMisc(reader: WasmReader, at: number): number {
  const sub = reader.u32();
  switch (sub) {
    case MISC.memoryInit:
    case MISC.memoryCopy:
    case MISC.tableInit:
    case MISC.tableCopy:
      reader.skipLeb(32);
      reader.skipLeb(32);
      return sub;
    case MISC.dataDrop:
    case MISC.memoryFill:
    case MISC.elementDrop:
    case MISC.tableGrow:
    case MISC.tableSize:
    case MISC.tableFill:
      reader.skipLeb(32);
      return sub;
    default:
      // 0 to 7 are the saturating truncations.
      if (sub > 7) throw unsupported(`0xfc ${hex(sub)}`, at);
      return sub;
  }
}

function skipSimd(reader: WasmReader, at: number): void {
  const sub = reader.u32();
  if (sub > SIMD_LAST) throw unsupported(`0xfd ${hex(sub)}`, at);
  if (sub < SIMD_CONST || sub === 92 || sub === 93) {
    skipMemoryArgument(reader); // loads and stores
  } else if (sub === SIMD_CONST || sub === SIMD_SHUFFLE) {
    reader.skip(16);
  } else if (sub >= 21 && sub <= 34) {
    reader.skip(1); // lanes
  } else if (sub >= 84 && sub <= 91) {
    skipMemoryArgument(reader); // loads and stores of one lane
    reader.skip(1);
  }
}

function skipAtomic(reader: WasmReader, at: number): void {
  const sub = reader.u32();
  if (sub > ATOMIC_LAST) throw unsupported(`0xfe ${hex(sub)}`, at);
  if (sub === ATOMIC_FENCE) reader.skip(1);
  else skipMemoryArgument(reader);
}

/** Moves past a constant expression, to behind its `end`. */
export function skipConstantExpression(reader: WasmReader, bounds: IndexBounds): void {
  for (;;) {
    const { at } = reader;
    const opcode = reader.u8();
    switch (opcode) {
      case OP.end:
        return;
      case OP.globalGet:
      case OP.i32Const:
      case OP.i64Const:
      case OP.f32Const:
      case OP.f64Const:
      case OP.i32Add:
      case OP.i32Sub:
      case OP.i32Mul:
      case OP.i64Add:
      case OP.i64Sub:
      case OP.i64Mul:
      case OP.refNull:
      case OP.refFunc:
      case OP.simdPrefix:
      case OP.gcPrefix:
        skipImmediates(reader, opcode, bounds);
        break;
      default:
        throw reader.malformed(`opcode ${hex(opcode)} in a constant expression`, at);
    }
  }
}
