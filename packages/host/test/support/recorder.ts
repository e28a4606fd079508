import type { ByteWriter } from '@lightcone/sats';
import type { HostEnvironment } from '../../src/guest/guest.ts';
import type { IndexRange } from '../../src/guest/index-range.ts';
import type { RowBuffer } from '../../src/guest/row-buffer.ts';
import type { HostCalls } from '../../src/host-calls.ts';
import type { LogRecord } from '../../src/log-record.ts';

const hex = (bytes: Uint8Array, start: number, end: number): string =>
  Buffer.from(bytes.subarray(start, end)).toString('hex');

/** Stands for a database: writes down what it is asked and answers what the test says. */
export class Recorder implements HostCalls {
  readonly log: string[] = [];
  inTransaction = true;
  /** The result of every call. */
  answer = 0;
  /** What scans find. */
  rows: Uint8Array[] = [];
  /** What sequences fill in. */
  generated: Uint8Array = new Uint8Array(0);
  jwt: string | undefined;
  /** Thrown by the next call. */
  failure: Error | undefined;

  #record(line: string): number {
    this.log.push(line);
    if (this.failure !== undefined) throw this.failure;
    return this.answer;
  }

  isInTransaction(): boolean {
    return this.inTransaction;
  }
  tableId(name: string): number {
    return this.#record(`tableId ${name}`);
  }
  indexId(name: string): number {
    return this.#record(`indexId ${name}`);
  }
  rowCount(tableId: number): number {
    return this.#record(`rowCount ${tableId}`);
  }
  scanTable(tableId: number, out: RowBuffer): number {
    return this.#scan(`scanTable ${tableId}`, out);
  }
  scanIndexPoint(indexId: number, bytes: Uint8Array, start: number, end: number, out: RowBuffer): number {
    return this.#scan(`scanIndexPoint ${indexId} ${hex(bytes, start, end)}`, out);
  }
  scanIndexRange(indexId: number, bytes: Uint8Array, range: IndexRange, out: RowBuffer): number {
    return this.#scan(`scanIndexRange ${indexId} ${this.#range(bytes, range)}`, out);
  }
  insert(tableId: number, bytes: Uint8Array, start: number, end: number, generated: ByteWriter): number {
    generated.raw(this.generated);
    return this.#record(`insert ${tableId} ${hex(bytes, start, end)}`);
  }
  update(
    tableId: number,
    indexId: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    generated: ByteWriter,
  ): number {
    generated.raw(this.generated);
    return this.#record(`update ${tableId} ${indexId} ${hex(bytes, start, end)}`);
  }
  deleteByIndexPoint(indexId: number, bytes: Uint8Array, start: number, end: number): number {
    return this.#record(`deleteByIndexPoint ${indexId} ${hex(bytes, start, end)}`);
  }
  deleteByIndexRange(indexId: number, bytes: Uint8Array, range: IndexRange): number {
    return this.#record(`deleteByIndexRange ${indexId} ${this.#range(bytes, range)}`);
  }
  deleteAllByEq(tableId: number, bytes: Uint8Array, start: number, end: number): number {
    return this.#record(`deleteAllByEq ${tableId} ${hex(bytes, start, end)}`);
  }
  clear(tableId: number): number {
    return this.#record(`clear ${tableId}`);
  }
  jwtPayload(connectionId: Uint8Array): string | undefined {
    this.#record(`jwtPayload ${hex(connectionId, 0, 16)}`);
    return this.jwt;
  }
  scheduleImmediate(functionName: string, args: Uint8Array): void {
    this.#record(`scheduleImmediate ${functionName} ${hex(args, 0, args.length)}`);
  }

  #scan(line: string, out: RowBuffer): number {
    for (const row of this.rows) out.append(row, 0, row.length);
    return this.#record(line);
  }
  #range(bytes: Uint8Array, range: IndexRange): string {
    const prefix = hex(bytes, range.prefixStart, range.prefixEnd);
    const lower = hex(bytes, range.lowerStart, range.lowerEnd);
    const upper = hex(bytes, range.upperStart, range.upperEnd);
    return `prefix ${range.prefixColumns}:${prefix} from ${range.lowerKind}:${lower} to ${range.upperKind}:${upper}`;
  }
}

export interface RecordingEnvironment extends HostEnvironment {
  readonly calls: Recorder;
  readonly records: LogRecord[];
}

/** An environment whose clock goes on by 1.5 ms each time it is read. */
export function recordingEnvironment(): RecordingEnvironment {
  const records: LogRecord[] = [];
  let now = 1_000_000;
  return {
    calls: new Recorder(),
    records,
    databaseIdentity: Uint8Array.from({ length: 32 }, (_, i) => i + 1),
    log: (record) => records.push(record),
    nowMicros: () => (now += 1500),
  };
}
