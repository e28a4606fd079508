import { ByteWriter } from '@lightcone/sats';
import { HostError } from '../errors.ts';
import { OP } from './instructions.ts';
import { patchSize, reserveUnsigned, writeSigned, writeUnsigned } from './leb.ts';
import { SECTION, SECTION_ORDER } from './module-shape.ts';
import type { FunctionType, ModuleShape, Section } from './module-shape.ts';
import { BodyScanner, EDIT } from './scan-body.ts';
import type { BodyEdits } from './scan-body.ts';
import { EMPTY_BLOCK } from './value-types.ts';
import { WasmReader } from './wasm-reader.ts';

export interface MeterOptions {
  /** The most pages of 64 KiB that the module's memory may have. */
  readonly maxMemoryPages: number;
  /** What the fuel starts with: it pays for the module's start function. */
  readonly initialFuel: number;
}

export interface MeteredModule {
  readonly bytes: Uint8Array;
  /** The export of the mutable i64 global that holds the fuel left; below zero it was used up. */
  readonly fuelExport: string;
  /** Whether the module has code that catches exceptions, which includes those that imports throw. */
  readonly canCatch: boolean;
}

const I64 = 0x7e;
const I32 = 0x7f;
const FUNCTION_TYPE = 0x60;
const EXPORT_GLOBAL = 3;
const MUTABLE = 1;
// V8's limit; a function that is there already leaves no room for the meter's own locals.
const MAX_LOCALS = 50_000;
const MAX_TABLES = 16;
const MAX_TABLE_ELEMENTS = 1_000_000;
/** Debt is settled in a loop when it exceeds this: often enough to stop a loop soon, too seldom to be noticed. */
const MAX_DEBT = 10_000;
/** Bytes, or elements, that a bulk instruction handles in the time of one ordinary one: 2^3. */
const BULK_SHIFT = 3;

/**
 * Rewrites a module so that it counts the instructions that it executes and stops when the fuel is used up, and so
 * that its memory and tables stay within bounds. In one pass over the code:
 *
 *     func(params) results              func(params) results
 *       locals                            locals, debt: i64
 *       A                                 block results
 *       loop                                debt += cost(A)
 *         B                                 A
 *         br_if 0                           loop
 *       end                                   debt += cost(B); if debt > MAX_DEBT { settle; debt = 0 }
 *       C                                     B
 *       return                                br_if 0
 *     end                                   end
 *                                           debt += cost(C)
 *                                           C
 *                                           br to the end
 *                                         end
 *                                         settle: fuel -= debt; if fuel < 0 { unreachable }
 *                                       end
 *
 * The debt is a local, which V8 keeps in a register, because a global costs a load and a store each time. Types,
 * globals and locals are added behind the existing ones, so no index changes; `readModuleShape` and the scanner
 * refuse every index that would reach what is added.
 */
export function meterModule(shape: ModuleShape, options: MeterOptions): MeteredModule {
  return new Meter(shape, options).run();
}

class Meter {
  readonly #shape: ModuleShape;
  readonly #options: MeterOptions;
  readonly #out: ByteWriter;
  readonly #scanner = new BodyScanner();
  readonly #fuelExport: string;
  /** The added types `() -> results` by the bytes of their results. */
  readonly #blockTypes = new Map<string, number>();

  constructor(shape: ModuleShape, options: MeterOptions) {
    this.#shape = shape;
    this.#options = options;
    this.#out = new ByteWriter(shape.bytes.length * 2);
    const names = new Set(shape.exports.map(({ name }) => name));
    let fuelExport = '__lightcone_fuel';
    while (names.has(fuelExport)) fuelExport += '_';
    this.#fuelExport = fuelExport;
  }

  run(): MeteredModule {
    const { bytes, sections } = this.#shape;
    this.#checkSizes();
    this.#addBlockTypes();
    this.#out.slice(bytes, 0, 8);
    // What must be there in the end, though the module may lack it.
    const added: readonly number[] = [SECTION.global, SECTION.export];
    let place = 0;
    for (const section of sections) {
      if (section.id !== SECTION.custom) {
        const own = SECTION_ORDER.indexOf(section.id);
        for (; place < own; place++) if (added.includes(SECTION_ORDER[place]!)) this.#section(SECTION_ORDER[place]!); // place < own
        place = own + 1;
        this.#section(section.id, section);
      } else if (!section.name.startsWith('metadata.code.')) {
        // Those hold offsets into the code, which is not the same any more.
        this.#copy(section);
      }
    }
    for (; place < SECTION_ORDER.length; place++) {
      if (added.includes(SECTION_ORDER[place]!)) this.#section(SECTION_ORDER[place]!); // place < length
    }
    return { bytes: this.#out.finish(), fuelExport: this.#fuelExport, canCatch: this.#scanner.hasSeenTry };
  }

  #checkSizes(): void {
    const { memories, tables } = this.#shape;
    const { maxMemoryPages } = this.#options;
    if (memories.length > 1) {
      throw new HostError('HOST_UNSUPPORTED_MODULE', `the module has ${memories.length} memories; one is supported`);
    }
    const pages = memories[0]?.min ?? 0;
    if (pages > maxMemoryPages) {
      throw new HostError(
        'HOST_UNSUPPORTED_MODULE',
        `the module's memory starts with ${pages} pages of 64 KiB; the most allowed is ${maxMemoryPages}`,
      );
    }
    if (tables.length > MAX_TABLES) {
      throw new HostError(
        'HOST_UNSUPPORTED_MODULE',
        `the module has ${tables.length} tables; the most is ${MAX_TABLES}`,
      );
    }
    for (const { limits } of tables) {
      if (limits.min > MAX_TABLE_ELEMENTS) {
        throw new HostError(
          'HOST_UNSUPPORTED_MODULE',
          `a table starts with ${limits.min} elements; the most is ${MAX_TABLE_ELEMENTS}`,
        );
      }
    }
  }

  /** A function with several results needs a type without parameters for the block around its code. */
  #addBlockTypes(): void {
    const { types, functionTypes } = this.#shape;
    for (const index of functionTypes) {
      const type = types[index]!; // the reader has checked it
      if (type.results.length > 1 && !this.#blockTypes.has(this.#resultsKey(type))) {
        this.#blockTypes.set(this.#resultsKey(type), types.length + this.#blockTypes.size);
      }
    }
  }

  #resultsKey(type: FunctionType): string {
    return String(this.#shape.bytes.subarray(type.resultsStart, type.resultsEnd));
  }

  /** Writes one section, from the module's own one if it has it. */
  #section(id: number, section?: Section): void {
    const out = this.#out;
    const changes = id === SECTION.type && this.#blockTypes.size > 0;
    switch (id) {
      case SECTION.table:
      case SECTION.memory:
      case SECTION.global:
      case SECTION.export:
      case SECTION.code:
        break;
      default:
        if (!changes) {
          if (section !== undefined) this.#copy(section);
          return;
        }
    }
    out.u8(id);
    const size = reserveUnsigned(out);
    switch (id) {
      case SECTION.type:
        this.#list(section, this.#blockTypes.size);
        for (const key of this.#blockTypes.keys()) this.#blockType(key.split(',').map(Number));
        break;
      case SECTION.table:
        if (section !== undefined) this.#tables(section);
        break;
      case SECTION.memory:
        if (section !== undefined) this.#memories();
        break;
      case SECTION.global:
        this.#list(section, 1);
        out.u8(I64);
        out.u8(MUTABLE);
        this.#constant(this.#options.initialFuel);
        out.u8(OP.end);
        break;
      case SECTION.export:
        this.#list(section, 1);
        this.#name(this.#fuelExport);
        out.u8(EXPORT_GLOBAL);
        writeUnsigned(out, this.#shape.globalCount);
        break;
      case SECTION.code:
        this.#code();
        break;
      default:
    }
    patchSize(out, size);
  }

  #copy({ id, start, end }: Section): void {
    this.#out.u8(id);
    writeUnsigned(this.#out, end - start);
    this.#out.slice(this.#shape.bytes, start, end);
  }

  /** Writes a section's list as it is, its length raised for the items that the caller will add. */
  #list(section: Section | undefined, added: number): void {
    if (section === undefined) {
      writeUnsigned(this.#out, added);
      return;
    }
    const reader = new WasmReader(this.#shape.bytes, section.start, section.end);
    writeUnsigned(this.#out, reader.u32() + added);
    this.#out.slice(this.#shape.bytes, reader.at, section.end);
  }

  #name(text: string): void {
    const bytes = new TextEncoder().encode(text);
    writeUnsigned(this.#out, bytes.length);
    this.#out.raw(bytes);
  }

  #blockType(results: readonly number[]): void {
    const out = this.#out;
    out.u8(FUNCTION_TYPE);
    out.u8(0);
    // Several results here; each is one type, of one byte or more.
    const raw = Uint8Array.from(results);
    const type = this.#shape.types.find(
      ({ resultsStart, resultsEnd }) => String(this.#shape.bytes.subarray(resultsStart, resultsEnd)) === String(raw),
    );
    writeUnsigned(out, type!.results.length); // the key was made from one of the types
    out.raw(raw);
  }

  #memories(): void {
    const out = this.#out;
    writeUnsigned(out, this.#shape.memories.length);
    for (const { min, max } of this.#shape.memories) this.#limits(min, max, this.#options.maxMemoryPages);
  }

  #tables(section: Section): void {
    const out = this.#out;
    const { bytes, tables } = this.#shape;
    const own = tables.filter(({ start }) => start >= section.start);
    writeUnsigned(out, own.length);
    for (const { start, limitsStart, limitsEnd, end, limits } of own) {
      out.slice(bytes, start, limitsStart);
      this.#limits(limits.min, limits.max, MAX_TABLE_ELEMENTS);
      out.slice(bytes, limitsEnd, end);
    }
  }

  #limits(min: number, max: number | undefined, most: number): void {
    // A maximum below the minimum is V8's to refuse: it stays.
    this.#out.u8(1);
    writeUnsigned(this.#out, min);
    writeUnsigned(this.#out, Math.min(max ?? most, most));
  }

  #code(): void {
    const out = this.#out;
    const { bytes, bodies, types, functionTypes, importedFunctionCount, globalCount } = this.#shape;
    const hasExceptions = this.#shape.tagCount > 0;
    writeUnsigned(out, bodies.length);
    for (let i = 0; i < bodies.length; i++) {
      const body = bodies[i]!; // i < length
      const type = types[functionTypes[importedFunctionCount + i]!]!; // as many as bodies, and checked
      this.#scanner.scan(bytes, body, {
        typeCount: types.length,
        globalCount,
        paramCount: type.params.length,
        hasExceptions,
      });
      const size = reserveUnsigned(out);
      this.#body(body.start, body.end, type, this.#scanner.edits);
      patchSize(out, size);
    }
  }

  #body(start: number, end: number, type: FunctionType, edits: BodyEdits): void {
    const out = this.#out;
    const { bytes } = this.#shape;
    const debt = edits.localCount;
    const length = debt + 1;
    if (length >= MAX_LOCALS) {
      throw new HostError('HOST_UNSUPPORTED_MODULE', `the function at byte ${start} has ${edits.localCount} locals`);
    }
    writeUnsigned(out, edits.localGroups + (edits.hasBulk ? 2 : 1));
    const groups = new WasmReader(bytes, start, end);
    groups.u32();
    out.slice(bytes, groups.at, edits.codeStart);
    writeUnsigned(out, 1);
    out.u8(I64);
    if (edits.hasBulk) {
      writeUnsigned(out, 1);
      out.u8(I32);
    }

    out.u8(OP.block);
    if (type.results.length === 0) out.u8(EMPTY_BLOCK);
    else if (type.results.length === 1) out.slice(bytes, type.resultsStart, type.resultsEnd);
    else writeUnsignedAsSigned(out, this.#blockTypes.get(this.#resultsKey(type))!); // added for every such function

    let copied = edits.codeStart;
    for (let i = 0; i < edits.at.length; i++) {
      const at = edits.at[i]!; // i < length, as below
      const cost = edits.cost[i]!;
      out.slice(bytes, copied, at);
      copied = at;
      switch (edits.kind[i]!) {
        case EDIT.charge:
          if (cost > 0) this.#charge(debt, cost);
          break;
        case EDIT.loop:
          this.#charge(debt, cost);
          this.#settleInLoop(debt);
          break;
        case EDIT.settle:
          this.#settle(debt);
          this.#constant(0);
          this.#local(OP.localSet, debt);
          break;
        case EDIT.return:
          out.u8(OP.br);
          writeUnsigned(out, cost);
          copied = at + 1;
          break;
        case EDIT.bulk:
          this.#bulk(debt, length);
          break;
      }
    }
    out.slice(bytes, copied, end);
    this.#settle(debt);
    out.u8(OP.end);
  }

  /** debt += cost */
  #charge(debt: number, cost: number): void {
    this.#local(OP.localGet, debt);
    this.#constant(cost);
    this.#out.u8(OP.i64Add);
    this.#local(OP.localSet, debt);
  }

  /** if (debt > MAX_DEBT) { settle; debt = 0 } */
  #settleInLoop(debt: number): void {
    const out = this.#out;
    this.#local(OP.localGet, debt);
    this.#constant(MAX_DEBT);
    out.u8(OP.i64GreaterThanSigned);
    out.u8(OP.if);
    out.u8(EMPTY_BLOCK);
    this.#settle(debt);
    this.#constant(0);
    this.#local(OP.localSet, debt);
    out.u8(OP.end);
  }

  /** fuel -= debt; if (fuel < 0) unreachable */
  #settle(debt: number): void {
    const out = this.#out;
    out.u8(OP.globalGet);
    writeUnsigned(out, this.#shape.globalCount);
    this.#local(OP.localGet, debt);
    out.u8(OP.i64Sub);
    this.#local(OP.localTee, debt);
    out.u8(OP.globalSet);
    writeUnsigned(out, this.#shape.globalCount);
    this.#local(OP.localGet, debt);
    this.#constant(0);
    out.u8(OP.i64LessThanSigned);
    out.u8(OP.if);
    out.u8(EMPTY_BLOCK);
    out.u8(OP.unreachable);
    out.u8(OP.end);
  }

  /** debt += length >> BULK_SHIFT, leaving the length on the stack */
  #bulk(debt: number, length: number): void {
    const out = this.#out;
    this.#local(OP.localTee, length);
    this.#local(OP.localGet, length);
    out.u8(OP.i64ExtendI32Unsigned);
    this.#constant(BULK_SHIFT);
    out.u8(OP.i64ShiftRightUnsigned);
    this.#local(OP.localGet, debt);
    out.u8(OP.i64Add);
    this.#local(OP.localSet, debt);
  }

  #local(opcode: number, index: number): void {
    this.#out.u8(opcode);
    writeUnsigned(this.#out, index);
  }

  #constant(value: number): void {
    this.#out.u8(OP.i64Const);
    writeSigned(this.#out, value);
  }
}

/** A type index in a block type is a signed number. */
function writeUnsignedAsSigned(writer: ByteWriter, value: number): void {
  writeSigned(writer, value);
}
