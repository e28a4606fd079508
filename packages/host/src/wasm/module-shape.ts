import { HostError } from '../errors.ts';
import { OP, readIndex, skipConstantExpression } from './instructions.ts';
import { COMPONENT_REFUSAL, programKind } from './program-kind.ts';
import { readValueType } from './value-types.ts';
import { WasmReader } from './wasm-reader.ts';

/** The numbers of the sections. */
export const SECTION = {
  custom: 0,
  type: 1,
  import: 2,
  function: 3,
  table: 4,
  memory: 5,
  global: 6,
  export: 7,
  start: 8,
  element: 9,
  code: 10,
  data: 11,
  dataCount: 12,
  tag: 13,
} as const;

/** In which order sections must come. */
export const SECTION_ORDER: readonly number[] = [
  SECTION.type,
  SECTION.import,
  SECTION.function,
  SECTION.table,
  SECTION.memory,
  SECTION.tag,
  SECTION.global,
  SECTION.export,
  SECTION.start,
  SECTION.element,
  SECTION.dataCount,
  SECTION.code,
  SECTION.data,
];

export type ExternalKind = 'function' | 'table' | 'memory' | 'global' | 'tag';
const KINDS: readonly ExternalKind[] = ['function', 'table', 'memory', 'global', 'tag'];

export interface Section {
  readonly id: number;
  /** Offsets of the content, without the section's number and size. */
  readonly start: number;
  readonly end: number;
  /** The name of a custom section, else empty. */
  readonly name: string;
}

export interface FunctionType {
  readonly params: readonly string[];
  readonly results: readonly string[];
  /** Offsets of the result types' bytes, without their count. */
  readonly resultsStart: number;
  readonly resultsEnd: number;
}

export interface ModuleImport {
  readonly module: string;
  readonly name: string;
  readonly kind: ExternalKind;
  /** Of the thing imported, among those of its kind. */
  readonly index: number;
}

export interface ModuleExport {
  readonly name: string;
  readonly kind: ExternalKind;
  readonly index: number;
}

/** The sizes of a table in elements, or of a memory in pages of 64 KiB. */
export interface SizeLimits {
  readonly min: number;
  readonly max: number | undefined;
}

export interface TableShape {
  readonly limits: SizeLimits;
  /** Offsets of the limits' bytes, and where the whole entry ends. */
  readonly start: number;
  readonly limitsStart: number;
  readonly limitsEnd: number;
  readonly end: number;
}

export interface FunctionBody {
  /** Offsets of the declarations of locals and the code, without the body's size. */
  readonly start: number;
  readonly end: number;
}

/** A module's index spaces and where things lie in its bytes. Types of operands are V8's to check. */
export interface ModuleShape {
  readonly bytes: Uint8Array;
  readonly sections: readonly Section[];
  readonly types: readonly FunctionType[];
  readonly imports: readonly ModuleImport[];
  /** The type of every function, imported ones first. */
  readonly functionTypes: readonly number[];
  readonly importedFunctionCount: number;
  readonly tables: readonly TableShape[];
  readonly memories: readonly SizeLimits[];
  readonly globalCount: number;
  readonly tagCount: number;
  readonly exports: readonly ModuleExport[];
  readonly bodies: readonly FunctionBody[];
  /** Functions that something else than a `call` can reach: exported, started, or referred to by a table or global. */
  readonly escapingFunctions: ReadonlySet<number>;
}

const FUNCTION_TYPE = 0x60;
const HEADER_BYTES = 8;

/**
 * Reads the structure of a module.
 *
 * @throws HostError `HOST_NOT_WASM`, `HOST_COMPONENT`, `HOST_MALFORMED_MODULE`, `HOST_UNSUPPORTED_MODULE`
 */
export function readModuleShape(bytes: Uint8Array): ModuleShape {
  return new ShapeReader(bytes).read();
}

/** The signature of a function in the form that messages and the table of imports use. */
export function functionSignature(shape: ModuleShape, functionIndex: number): string {
  const type = shape.types[shape.functionTypes[functionIndex] ?? -1];
  if (type === undefined) return 'an unknown type';
  const results = type.results.length === 1 ? type.results[0] : `(${type.results.join(', ')})`;
  return `(${type.params.join(', ')}) -> ${results}`;
}

class ShapeReader {
  readonly #reader: WasmReader;
  readonly #sections: Section[] = [];
  readonly #types: FunctionType[] = [];
  readonly #imports: ModuleImport[] = [];
  readonly #functionTypes: number[] = [];
  readonly #tables: TableShape[] = [];
  readonly #memories: SizeLimits[] = [];
  readonly #exports: ModuleExport[] = [];
  readonly #bodies: FunctionBody[] = [];
  readonly #escapingFunctions = new Set<number>();
  readonly #counts: Record<ExternalKind, number> = { function: 0, table: 0, memory: 0, global: 0, tag: 0 };
  #importedFunctionCount = 0;
  #typeCount = 0;

  constructor(bytes: Uint8Array) {
    this.#reader = new WasmReader(bytes);
  }

  read(): ModuleShape {
    const reader = this.#reader;
    this.#header();
    let order = -1;
    while (reader.at < reader.end) {
      const at = reader.at;
      const id = reader.u8();
      const size = reader.u32();
      const start = reader.at;
      const end = start + size;
      if (end > reader.end) throw reader.malformed(`section ${id} of ${size} bytes is cut off`, at);
      if (id === SECTION.custom) {
        const name = new WasmReader(reader.bytes, start, end).name();
        this.#sections.push({ id, start, end, name });
      } else {
        const place = SECTION_ORDER.indexOf(id);
        if (place < 0) throw reader.malformed(`unknown section ${id}`, at);
        if (place <= order) throw reader.malformed(`section ${id} comes twice or too late`, at);
        order = place;
        this.#sections.push({ id, start, end, name: '' });
        this.#section(id, new WasmReader(reader.bytes, start, end));
      }
      reader.at = end;
    }
    const { types, functionTypes } = { types: this.#types, functionTypes: this.#functionTypes };
    if (this.#bodies.length !== functionTypes.length - this.#importedFunctionCount) {
      throw reader.malformed(
        `${functionTypes.length - this.#importedFunctionCount} functions are declared, ${this.#bodies.length} have code`,
      );
    }
    return {
      bytes: reader.bytes,
      sections: this.#sections,
      types,
      imports: this.#imports,
      functionTypes,
      importedFunctionCount: this.#importedFunctionCount,
      tables: this.#tables,
      memories: this.#memories,
      globalCount: this.#counts.global,
      tagCount: this.#counts.tag,
      exports: this.#exports,
      bodies: this.#bodies,
      escapingFunctions: this.#escapingFunctions,
    };
  }

  #header(): void {
    const kind = programKind(this.#reader.bytes);
    if (kind.tag === 'component') throw new HostError('HOST_COMPONENT', COMPONENT_REFUSAL);
    if (kind.tag === 'other') throw new HostError('HOST_NOT_WASM', `not a WebAssembly module: ${kind.what}`);
    this.#reader.at = HEADER_BYTES;
  }

  #section(id: number, reader: WasmReader): void {
    switch (id) {
      case SECTION.type:
        this.#typeCount = reader.count();
        this.#repeat(this.#typeCount, () => this.#type(reader));
        break;
      case SECTION.import:
        this.#repeat(reader.count(), () => this.#import(reader));
        this.#importedFunctionCount = this.#functionTypes.length;
        break;
      case SECTION.function:
        this.#repeat(reader.count(), () => this.#functionTypes.push(this.#typeIndex(reader)));
        break;
      case SECTION.table:
        this.#repeat(reader.count(), () => this.#table(reader));
        break;
      case SECTION.memory:
        this.#repeat(reader.count(), () => this.#memories.push(this.#limits(reader, 'memory')));
        break;
      case SECTION.tag:
        this.#repeat(reader.count(), () => this.#tag(reader));
        break;
      case SECTION.global:
        this.#repeat(reader.count(), () => this.#global(reader));
        break;
      case SECTION.export:
        this.#repeat(reader.count(), () => this.#export(reader));
        break;
      case SECTION.element:
        this.#repeat(reader.count(), () => this.#element(reader));
        break;
      case SECTION.code:
        this.#repeat(reader.count(), () => this.#body(reader));
        break;
      case SECTION.data:
        this.#repeat(reader.count(), () => this.#data(reader));
        break;
      case SECTION.start:
        this.#escapingFunctions.add(reader.u32());
        break;
      default: // data count
        reader.u32();
    }
    if (reader.at !== reader.end) throw reader.malformed(`section ${id} is longer than its content`);
  }

  #repeat(count: number, read: () => void): void {
    for (let i = 0; i < count; i++) read();
  }

  #type(reader: WasmReader): void {
    const { at } = reader;
    const form = reader.u8();
    if (form !== FUNCTION_TYPE) {
      throw new HostError(
        'HOST_UNSUPPORTED_MODULE',
        `unsupported type form 0x${form.toString(16)} at byte ${at}: only function types are supported`,
      );
    }
    const params = this.#valueTypes(reader, reader.count());
    const resultCount = reader.count();
    const resultsStart = reader.at;
    const results = this.#valueTypes(reader, resultCount);
    this.#types.push({ params, results, resultsStart, resultsEnd: reader.at });
  }

  #valueTypes(reader: WasmReader, count: number): string[] {
    const types: string[] = [];
    this.#repeat(count, () => types.push(readValueType(reader, this.#typeCount)));
    return types;
  }

  #typeIndex(reader: WasmReader): number {
    return readIndex(reader, this.#typeCount, 'type');
  }

  #import(reader: WasmReader): void {
    const module = reader.name();
    const name = reader.name();
    const kind = this.#kind(reader);
    this.#imports.push({ module, name, kind, index: this.#counts[kind] });
    switch (kind) {
      case 'function':
        this.#functionTypes.push(this.#typeIndex(reader));
        this.#counts.function++;
        break;
      case 'table':
        this.#table(reader);
        break;
      case 'memory':
        this.#memories.push(this.#limits(reader, 'memory'));
        break;
      case 'global':
        readValueType(reader, this.#typeCount);
        reader.u8();
        this.#counts.global++;
        break;
      case 'tag':
        this.#tag(reader);
        break;
    }
  }

  #kind(reader: WasmReader): ExternalKind {
    const { at } = reader;
    const kind = KINDS[reader.u8()];
    if (kind === undefined) throw reader.malformed('unknown kind of import or export', at);
    return kind;
  }

  #table(reader: WasmReader): void {
    const start = reader.at;
    const hasInitializer = reader.bytes[start] === 0x40;
    if (hasInitializer) reader.skip(2);
    readValueType(reader, this.#typeCount);
    const limitsStart = reader.at;
    const limits = this.#limits(reader, 'table');
    const limitsEnd = reader.at;
    if (hasInitializer) this.#constantExpression(reader);
    this.#tables.push({ limits, start, limitsStart, limitsEnd, end: reader.at });
  }

  #limits(reader: WasmReader, what: 'table' | 'memory'): SizeLimits {
    const { at } = reader;
    const flags = reader.u8();
    // Waiting on shared memory would block the thread for ever; the ABI's pointers have 32 bits.
    if (flags > 1) {
      const why = flags < 4 ? `shared ${what}` : `a ${what} of another kind than 32 bits`;
      throw new HostError('HOST_UNSUPPORTED_MODULE', `unsupported ${why} at byte ${at}`);
    }
    const min = reader.u32();
    return { min, max: flags === 1 ? reader.u32() : undefined };
  }

  #tag(reader: WasmReader): void {
    reader.u8();
    this.#typeIndex(reader);
    this.#counts.tag++;
  }

  #global(reader: WasmReader): void {
    readValueType(reader, this.#typeCount);
    reader.u8();
    this.#constantExpression(reader);
    this.#counts.global++;
  }

  #export(reader: WasmReader): void {
    const name = reader.name();
    const kind = this.#kind(reader);
    const index = kind === 'global' ? readIndex(reader, this.#counts.global, 'global') : reader.u32();
    if (kind === 'function') this.#escapingFunctions.add(index);
    this.#exports.push({ name, kind, index });
  }

  #element(reader: WasmReader): void {
    const { at } = reader;
    const flags = reader.u32();
    if (flags > 7) throw reader.malformed(`unknown kind of element segment ${flags}`, at);
    const isActive = (flags & 1) === 0;
    const hasTableOrIsDeclared = (flags & 2) !== 0;
    const hasExpressions = (flags & 4) !== 0;
    if (isActive) {
      if (hasTableOrIsDeclared) reader.u32();
      this.#constantExpression(reader);
    }
    if (!isActive || hasTableOrIsDeclared) {
      if (hasExpressions) readValueType(reader, this.#typeCount);
      else reader.u8();
    }
    this.#repeat(reader.count(), () => {
      if (hasExpressions) this.#constantExpression(reader);
      else this.#escapingFunctions.add(reader.u32());
    });
  }

  #body(reader: WasmReader): void {
    const size = reader.u32();
    const start = reader.at;
    reader.skip(size);
    this.#bodies.push({ start, end: reader.at });
  }

  #data(reader: WasmReader): void {
    const { at } = reader;
    const flags = reader.u32();
    if (flags > 2) throw reader.malformed(`unknown kind of data segment ${flags}`, at);
    if (flags === 2) reader.u32();
    if (flags !== 1) this.#constantExpression(reader);
    reader.skip(reader.u32());
  }

  #constantExpression(reader: WasmReader): void {
    // An expression whose value is a function has nothing else in it. Code can only refer to functions that are
    // referred to out here.
    if (reader.bytes[reader.at] === OP.refFunc) {
      this.#escapingFunctions.add(new WasmReader(reader.bytes, reader.at + 1, reader.end).u32());
    }
    skipConstantExpression(reader, {
      typeCount: this.#typeCount,
      globalCount: this.#counts.global,
      localCount: 0,
    });
  }
}
