import { ByteWriter } from '@lightcone/sats';
import { HostError } from '../errors.ts';
import { FunctionPrices, scanBody } from './function-prices.ts';
import { OP } from './instructions.ts';
import { patchSize, reserveSize, writeSigned, writeUnsigned } from './leb.ts';
import { ADDED_LOCALS, writeMeteredBody, writePrepaidBody } from './meter-body.ts';
import { SECTION, SECTION_ORDER } from './module-shape.ts';
import type { FunctionType, ModuleShape, Section } from './module-shape.ts';
import { BodyScanner } from './scan-body.ts';
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
const FUNCTION_TYPE = 0x60;
const EXPORT_GLOBAL = 3;
const MUTABLE = 1;
const HEADER_BYTES = 8;
// V8's limit: a function that is near it leaves no room for the meter's own locals.
const MAX_LOCALS = 50_000;
const MAX_TABLES = 16;
const MAX_TABLE_ELEMENTS = 1_000_000;
// Hints about code are at offsets that the rewriting shifts.
const CODE_METADATA = 'metadata.code.';

/**
 * Rewrites a module so that it counts the instructions that it executes and stops when its fuel is used up, and so
 * that its memory and tables stay within bounds: see `writeMeteredBody` for the code. Costs are those of basic
 * regions: an instruction costs 1, one that only gives structure nothing, and the few that take long more.
 *
 * Types, one global and locals are added behind the existing ones, so no index changes. `readModuleShape` and
 * `BodyScanner` refuse any index that would reach what is added. Whether operands have the right types is V8's to
 * check afterwards: nothing that is added makes a wrong module right.
 *
 * @throws HostError `HOST_MALFORMED_MODULE`, `HOST_UNSUPPORTED_MODULE`
 */
export function meterModule(shape: ModuleShape, options: MeterOptions): MeteredModule {
  checkSizes(shape, options);
  return new Meter(shape, options).run();
}

class Meter {
  readonly #shape: ModuleShape;
  readonly #options: MeterOptions;
  readonly #out: ByteWriter;
  readonly #scanner = new BodyScanner();
  readonly #fuelExport: string;
  /** Types whose results need a type `() -> results` added, in the order of their adding. */
  readonly #typesWithBlock: number[] = [];
  /** For each type, the type of a block with the same results, as it stands in code. */
  readonly #blockTypes: readonly Uint8Array[];

  constructor(shape: ModuleShape, options: MeterOptions) {
    this.#shape = shape;
    this.#options = options;
    this.#out = new ByteWriter(shape.bytes.length * 2);
    this.#fuelExport = freeName('__lightcone_fuel', shape);
    this.#blockTypes = shape.types.map((type, index) => this.#blockType(type, index));
  }

  run(): MeteredModule {
    const { bytes, sections } = this.#shape;
    this.#out.slice(bytes, 0, HEADER_BYTES);
    let place = 0;
    for (const section of sections) {
      if (section.id !== SECTION.custom) {
        const own = SECTION_ORDER.indexOf(section.id);
        this.#addMissing(place, own);
        place = own + 1;
        this.#rewrite(section);
      } else if (!section.name.startsWith(CODE_METADATA)) {
        this.#copy(section);
      }
    }
    this.#addMissing(place, SECTION_ORDER.length);
    return { bytes: this.#out.finish(), fuelExport: this.#fuelExport, canCatch: this.#scanner.hasSeenTry };
  }

  /** A function's type cannot stand for a block's when it has parameters, and a single result needs no type. */
  #blockType(type: FunctionType, index: number): Uint8Array {
    const { types, bytes } = this.#shape;
    if (type.results.length === 0) return Uint8Array.of(EMPTY_BLOCK);
    if (type.results.length === 1) return bytes.subarray(type.resultsStart, type.resultsEnd);
    const added = types.length + this.#typesWithBlock.length;
    if (type.params.length > 0) this.#typesWithBlock.push(index);
    const writer = new ByteWriter();
    writeSigned(writer, type.params.length > 0 ? added : index);
    return writer.finish();
  }

  /** The meter needs a global and an export: it adds their sections at places `from..to` if the module has none. */
  #addMissing(from: number, to: number): void {
    for (let place = from; place < to; place++) {
      if (SECTION_ORDER[place] === SECTION.global) this.#globals(undefined);
      if (SECTION_ORDER[place] === SECTION.export) this.#exports(undefined);
    }
  }

  #rewrite(section: Section): void {
    switch (section.id) {
      case SECTION.type:
        this.#types(section);
        break;
      case SECTION.table:
        this.#tables(section);
        break;
      case SECTION.memory:
        this.#memories(section);
        break;
      case SECTION.global:
        this.#globals(section);
        break;
      case SECTION.export:
        this.#exports(section);
        break;
      case SECTION.code:
        this.#code();
        break;
      default:
        this.#copy(section);
    }
  }

  #copy({ id, start, end }: Section): void {
    this.#out.u8(id);
    writeUnsigned(this.#out, end - start);
    this.#out.slice(this.#shape.bytes, start, end);
  }

  /** Writes a section whose list is the old one, copied, and what `writeAdded` writes. */
  #extend(id: number, section: Section | undefined, addedCount: number, writeAdded: () => void): void {
    this.#section(id, () => {
      const out = this.#out;
      if (section === undefined) {
        writeUnsigned(out, addedCount);
      } else {
        const reader = new WasmReader(this.#shape.bytes, section.start, section.end);
        writeUnsigned(out, reader.u32() + addedCount);
        out.slice(this.#shape.bytes, reader.at, section.end);
      }
      writeAdded();
    });
  }

  #section(id: number, writeContent: () => void): void {
    this.#out.u8(id);
    const size = reserveSize(this.#out);
    writeContent();
    patchSize(this.#out, size);
  }

  #types(section: Section): void {
    const out = this.#out;
    const { types, bytes } = this.#shape;
    this.#extend(SECTION.type, section, this.#typesWithBlock.length, () => {
      for (const index of this.#typesWithBlock) {
        const { results, resultsStart, resultsEnd } = types[index]!; // collected from this list
        out.u8(FUNCTION_TYPE);
        writeUnsigned(out, 0);
        writeUnsigned(out, results.length);
        out.slice(bytes, resultsStart, resultsEnd);
      }
    });
  }

  #globals(section: Section | undefined): void {
    const out = this.#out;
    this.#extend(SECTION.global, section, 1, () => {
      out.u8(I64);
      out.u8(MUTABLE);
      out.u8(OP.i64Const);
      writeSigned(out, this.#options.initialFuel);
      out.u8(OP.end);
    });
  }

  #exports(section: Section | undefined): void {
    const out = this.#out;
    this.#extend(SECTION.export, section, 1, () => {
      const name = new TextEncoder().encode(this.#fuelExport);
      writeUnsigned(out, name.length);
      out.raw(name);
      out.u8(EXPORT_GLOBAL);
      writeUnsigned(out, this.#shape.globalCount);
    });
  }

  #memories(section: Section): void {
    this.#section(section.id, () => {
      const { memories } = this.#shape;
      writeUnsigned(this.#out, memories.length);
      for (const { min, max } of memories) this.#limits(min, max, this.#options.maxMemoryPages);
    });
  }

  #tables(section: Section): void {
    const out = this.#out;
    const { bytes, tables } = this.#shape;
    this.#section(section.id, () => {
      const own = tables.filter(({ start }) => start >= section.start); // not the imported ones
      writeUnsigned(out, own.length);
      for (const { start, limitsStart, limitsEnd, end, limits } of own) {
        out.slice(bytes, start, limitsStart);
        this.#limits(limits.min, limits.max, MAX_TABLE_ELEMENTS);
        out.slice(bytes, limitsEnd, end);
      }
    });
  }

  #limits(min: number, max: number | undefined, most: number): void {
    this.#out.u8(1); // a maximum follows
    writeUnsigned(this.#out, min);
    writeUnsigned(this.#out, Math.min(max ?? most, most));
  }

  #code(): void {
    const out = this.#out;
    const { bytes, bodies, functionTypes, importedFunctionCount, globalCount, tagCount } = this.#shape;
    const prices = FunctionPrices.of(this.#shape);
    const context = { bytes, out, fuel: globalCount, hasExceptions: tagCount > 0 };
    this.#section(SECTION.code, () => {
      writeUnsigned(out, bodies.length);
      for (const [i, body] of bodies.entries()) {
        const index = importedFunctionCount + i;
        if (prices.isFree(index)) {
          writeUnsigned(out, body.end - body.start);
          out.slice(bytes, body.start, body.end);
          continue;
        }
        const isPrepaid = prices.isPrepaid(index);
        scanBody(this.#scanner, this.#shape, index, body, prices, isPrepaid);
        const { edits } = this.#scanner;
        if (edits.localCount + ADDED_LOCALS > MAX_LOCALS) {
          const text = `the function at byte ${body.start} has ${edits.localCount} locals`;
          throw new HostError('HOST_UNSUPPORTED_MODULE', `${text}; the most is ${MAX_LOCALS - ADDED_LOCALS}`);
        }
        const size = reserveSize(out);
        const typeIndex = functionTypes[index]!; // there are as many bodies as functions
        if (isPrepaid) writePrepaidBody(context, body, edits);
        else writeMeteredBody(context, body, edits, this.#blockTypes[typeIndex]!); // one per type
        patchSize(out, size);
      }
    });
  }
}

function checkSizes({ memories, tables }: ModuleShape, { maxMemoryPages }: MeterOptions): void {
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
    throw new HostError('HOST_UNSUPPORTED_MODULE', `the module has ${tables.length} tables; the most is ${MAX_TABLES}`);
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

function freeName(wanted: string, shape: ModuleShape): string {
  const taken = new Set(shape.exports.map(({ name }) => name));
  let name = wanted;
  while (taken.has(name)) name += '_';
  return name;
}
