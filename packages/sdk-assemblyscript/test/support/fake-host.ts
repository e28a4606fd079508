/** One line of the module's log. */
export interface LogLine {
  readonly level: number;
  readonly file: string | undefined;
  readonly line: number;
  readonly message: string;
}

/** What a call came to. */
export interface Outcome {
  readonly code: number;
  /** What the module wrote into the sink: the text of an error, a result, rows. */
  readonly written: Uint8Array;
}

type HostFunction = (...args: (number | bigint)[]) => number | bigint | void;

/**
 * A host without a database: tables have ids, scans find the rows that were set, changes succeed and are forgotten. What
 * a real one refuses can be asked for by name with `answers`.
 */
export class FakeHost {
  /** Bytes of rows that every scan finds. */
  rows: Uint8Array = new Uint8Array();
  /** Return values of imports, instead of what they do. */
  readonly answers = new Map<string, number>();
  readonly log: LogLine[] = [];
  readonly calls: string[] = [];
  readonly #instance: WebAssembly.Instance;
  #source: Uint8Array = new Uint8Array();
  #sink: Uint8Array[] = [];
  #rowsLeft: Uint8Array = new Uint8Array();

  constructor(wasm: Uint8Array) {
    const module = new WebAssembly.Module(wasm as Uint8Array<ArrayBuffer>);
    const imports: WebAssembly.Imports = {};
    for (const { module: from, name } of WebAssembly.Module.imports(module)) {
      (imports[from] ??= {})[name] = (...args: (number | bigint)[]) => {
        this.calls.push(name);
        const answer = this.answers.get(name);
        if (answer !== undefined) return answer;
        return this.#functions[name]?.(...args) ?? 0;
      };
    }
    this.#instance = new WebAssembly.Instance(module, imports);
  }

  get memory(): WebAssembly.Memory {
    return this.#instance.exports['memory'] as WebAssembly.Memory;
  }

  get definition(): Uint8Array {
    this.#sink = [];
    this.#export('__describe_module__')(1);
    return Buffer.concat(this.#sink);
  }

  /** @throws WebAssembly.RuntimeError if the module panics; the reason is the last line of the log. */
  callReducer(id: number, args: Uint8Array = new Uint8Array()): Outcome {
    return this.#call('__call_reducer__', id, args);
  }

  callProcedure(id: number, args: Uint8Array = new Uint8Array()): Outcome {
    return this.#call('__call_procedure__', id, args);
  }

  /** As for `GET` without headers and body. */
  callHttpHandler(id: number): { readonly code: number; readonly body: Uint8Array } {
    // The method's tag, no headers, no timeout, an empty URI, HTTP 1.1.
    this.#source = Uint8Array.of(0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 2);
    this.#sink = [];
    const code = this.#export('__call_http_handler__')(id, 1_700_000_000_000_000n, 1, 0, 1, 2);
    // The first write is the response's head.
    return { code: Number(code), body: Buffer.concat(this.#sink.slice(1)) };
  }

  #call(name: string, id: number, args: Uint8Array): Outcome {
    this.#source = args;
    this.#sink = [];
    this.calls.length = 0;
    const source = args.length === 0 ? 0 : 1;
    const code = this.#export(name)(id, 1n, 2n, 3n, 4n, 5n, 6n, 1_700_000_000_000_000n, source, 1);
    return { code: Number(code), written: Buffer.concat(this.#sink) };
  }

  #export(name: string): HostFunction {
    return this.#instance.exports[name] as HostFunction;
  }

  #view(): DataView {
    return new DataView(this.memory.buffer);
  }

  #bytes(at: number, length: number): Uint8Array {
    return new Uint8Array(this.memory.buffer, at, length).slice();
  }

  #text(at: number, length: number): string | undefined {
    return at === 0 ? undefined : Buffer.from(this.#bytes(at, length)).toString();
  }

  /** Fills the buffer of a bytes source or a row iterator; −1 with the last bytes. */
  #fill(from: Uint8Array, at: number, lengthAt: number): Uint8Array {
    const capacity = this.#view().getUint32(lengthAt, true);
    const part = from.subarray(0, capacity);
    new Uint8Array(this.memory.buffer).set(part, at);
    this.#view().setUint32(lengthAt, part.length, true);
    return from.subarray(part.length);
  }

  readonly #functions: Readonly<Record<string, HostFunction>> = {
    table_id_from_name: (_name, _length, out) => this.#view().setUint32(Number(out), 4096, true),
    index_id_from_name: (_name, _length, out) => this.#view().setUint32(Number(out), 4097, true),
    datastore_table_row_count: (_table, out) => this.#view().setBigUint64(Number(out), 7n, true),
    datastore_clear: (_table, out) => this.#view().setBigUint64(Number(out), 7n, true),
    datastore_insert_bsatn: (_table, _row, length) => this.#view().setUint32(Number(length), 0, true),
    datastore_update_bsatn: (_table, _index, _row, length) => this.#view().setUint32(Number(length), 0, true),
    datastore_table_scan_bsatn: (_table, out) => this.#openScan(out),
    datastore_index_scan_point_bsatn: (_index, _point, _length, out) => this.#openScan(out),
    datastore_index_scan_range_bsatn: (...args) => this.#openScan(args.at(-1)),
    row_iter_bsatn_advance: (_iterator, buffer, length) => {
      this.#rowsLeft = this.#fill(this.#rowsLeft, Number(buffer), Number(length));
      return this.#rowsLeft.length === 0 ? -1 : 0;
    },
    bytes_source_remaining_length: (_source, out) => this.#view().setUint32(Number(out), this.#source.length, true),
    bytes_source_read: (_source, buffer, length) => {
      this.#source = this.#fill(this.#source, Number(buffer), Number(length));
      return this.#source.length === 0 ? -1 : 0;
    },
    bytes_sink_write: (_sink, buffer, length) => {
      this.#sink.push(this.#bytes(Number(buffer), this.#view().getUint32(Number(length), true)));
    },
    console_log: (level, _target, _targetLength, file, fileLength, line, message, messageLength) => {
      this.log.push({
        level: Number(level),
        file: this.#text(Number(file), Number(fileLength)),
        line: Number(line),
        message: this.#text(Number(message), Number(messageLength)) ?? '',
      });
    },
    console_timer_start: () => 1,
  };

  #openScan(out: number | bigint | undefined): void {
    this.#rowsLeft = this.rows;
    this.#view().setUint32(Number(out), 1, true);
  }
}
