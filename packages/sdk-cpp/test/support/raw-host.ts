import { readFileSync } from 'node:fs';
import { decodeRawModuleDef, type RawModuleDef } from '@lightcone/schema';

/** What a function of the host answers: an errno, and what it writes through its last pointer. */
export interface HostAnswer {
  readonly code: number;
  readonly out?: readonly number[];
}

export interface RawCall {
  readonly result: number;
  /** What the module wrote into the sink. */
  readonly sink: Uint8Array;
}

type Wasm = (...args: readonly (number | bigint)[]) => number;

/**
 * A module with a host that is nothing but bytes: sources, sinks, the log, and answers laid out by the test. So a test
 * decides what each call of the module to its host meets with.
 */
export class RawHost {
  readonly definition: RawModuleDef;
  /** The modules from which functions are imported. */
  readonly imports: readonly string[];
  /** Lines as `<level> <text>`. */
  readonly log: string[] = [];
  /** The host's functions in the order in which the module called them, without those for bytes and the log. */
  readonly calls: string[] = [];
  readonly #exports: Record<string, WebAssembly.ExportValue>;
  readonly #answers = new Map<string, HostAnswer[]>();
  #sink: Uint8Array[] = [];
  #source: Uint8Array = new Uint8Array();

  constructor(program: Uint8Array) {
    const module = new WebAssembly.Module(program as BufferSource);
    this.imports = WebAssembly.Module.imports(module).map(({ module: from }) => from);
    const imports: Record<string, Record<string, (...args: number[]) => number>> = {};
    for (const { module: from, name } of WebAssembly.Module.imports(module)) {
      (imports[from] ??= {})[name] = (...args) => this.#answer(name, args);
    }
    this.#exports = new WebAssembly.Instance(module, imports).exports as Record<string, WebAssembly.ExportValue>;
    try {
      if ('_initialize' in this.#exports) this.#call('_initialize');
      for (const name of Object.keys(this.#exports)
        .filter((name) => name.startsWith('__preinit__'))
        .toSorted()) {
        this.#call(name);
      }
      this.#call('__describe_module__', 1);
    } catch (cause) {
      throw new Error(`the module does not start: ${this.log.join('\n')}`, { cause });
    }
    this.definition = decodeRawModuleDef(this.#takeSink());
  }

  static ofFile(path: string): RawHost {
    return new RawHost(new Uint8Array(readFileSync(path)));
  }

  /** Lays out what the next calls of a function answer, one after the other; 0 when there are none left. */
  will(name: string, ...answers: readonly HostAnswer[]): void {
    this.#answers.set(name, [...answers]);
  }

  reducer(name: string, args: Uint8Array): RawCall {
    return this.#function('__call_reducer__', this.#position('reducers', name), args);
  }

  procedure(name: string, args: Uint8Array): RawCall {
    return this.#function('__call_procedure__', this.#position('procedures', name), args);
  }

  #position(kind: 'reducers' | 'procedures', name: string): number {
    const functions = (this.definition as unknown as Record<string, readonly { name: string }[]>)[kind] ?? [];
    const position = functions.findIndex((candidate) => candidate.name === name);
    if (position < 0) throw new Error(`the module has no ${name} among its ${kind}`);
    return position;
  }

  #function(entry: string, position: number, args: Uint8Array): RawCall {
    this.#source = args;
    const sender = [1n, 2n, 3n, 4n];
    const connection = [5n, 0n];
    const timestamp = 1_700_000_000_000_000n;
    const result = this.#call(entry, position, ...sender, ...connection, timestamp, args.length > 0 ? 1 : 0, 1);
    return { result, sink: this.#takeSink() };
  }

  #call(name: string, ...args: readonly (number | bigint)[]): number {
    return (this.#exports[name] as unknown as Wasm)(...args);
  }

  #takeSink(): Uint8Array {
    return Buffer.concat(this.#sink.splice(0));
  }

  get #memory(): DataView {
    return new DataView((this.#exports['memory'] as WebAssembly.Memory).buffer);
  }

  #bytes(pointer: number, length: number): Uint8Array {
    return new Uint8Array(this.#memory.buffer, pointer >>> 0, length).slice();
  }

  #answer(name: string, args: readonly number[]): number {
    switch (name) {
      case 'bytes_sink_write':
        this.#sink.push(this.#bytes(args[1]!, this.#memory.getUint32(args[2]!, true)));
        return 0;
      case 'bytes_source_remaining_length':
        this.#memory.setUint32(args[1]!, this.#source.length, true);
        return 0;
      case 'bytes_source_read':
        return this.#readSource(args[1]!, args[2]!);
      case 'console_log':
        this.log.push(`${args[0]} ${Buffer.from(this.#bytes(args[6]!, args[7]!)).toString()}`);
        return 0;
      default:
        return this.#laidOut(name, args);
    }
  }

  /** As the host does it: −1 comes together with the last bytes. */
  #readSource(buffer: number, lengthPointer: number): number {
    const capacity = this.#memory.getUint32(lengthPointer, true);
    const part = this.#source.subarray(0, capacity);
    new Uint8Array(this.#memory.buffer, buffer, part.length).set(part);
    this.#memory.setUint32(lengthPointer, part.length, true);
    this.#source = this.#source.subarray(part.length);
    return this.#source.length === 0 ? -1 : 0;
  }

  /** Ids are found unless the test says otherwise; rows and counts are written where the function has them. */
  #laidOut(name: string, args: readonly number[]): number {
    this.calls.push(name);
    const isLookUp = name === 'table_id_from_name' || name === 'index_id_from_name';
    const { code, out } = this.#answers.get(name)?.shift() ?? { code: 0, out: isLookUp ? [9, 0, 0, 0] : [] };
    const [, second, third] = args;
    if (name === 'row_iter_bsatn_advance') {
      if (out !== undefined && code <= 0) new Uint8Array(this.#memory.buffer, second, out.length).set(out);
      // A chunk that does not fit tells its length instead.
      const length = code > 0 ? (out?.[0] ?? 0) * 0x10000 : (out?.length ?? 0);
      this.#memory.setUint32(third!, length, true);
    } else if (name === 'datastore_insert_bsatn' || name === 'datastore_update_bsatn') {
      const [row, length] = args.slice(-2) as [number, number];
      if (code === 0) {
        new Uint8Array(this.#memory.buffer, row, out?.length ?? 0).set(out ?? []);
        this.#memory.setUint32(length, out?.length ?? 0, true);
      }
    } else if (out !== undefined && args.length > 0) {
      new Uint8Array(this.#memory.buffer, args.at(-1)! >>> 0, out.length).set(out);
    }
    return code;
  }
}
