import { RowListWriter } from '@lightcone/protocol';
import { type CallArgs, type QueryUpdate, type ServerMessage, writeServerMessage } from '@lightcone/protocol/v1';
import { type RowSource, type RowsPlan, visitRows } from '@lightcone/query';
import { ByteWriter } from '@lightcone/sats';
import type { LoadedModule, Reducer } from '../loaded-module.ts';
import type { LiveQuery } from '../subscriptions/live-query.ts';
import type { EncodedRows, V1Encoding } from './v1-encoding.ts';
import type { CalledProcedure } from './wire.ts';

const rowList = new RowListWriter();

/** `v1.bsatn`: row lists are those of v2, byte for byte, so that a query's changes are encoded once for both. */
export class V1BsatnEncoding implements V1Encoding<Uint8Array> {
  readonly name = 'v1.bsatn';
  readonly noArgs: Uint8Array = new Uint8Array(0);
  readonly noRows: Uint8Array = emptyRowList();

  encodeRows(plan: RowsPlan, rows: RowSource, sender: Uint8Array): EncodedRows {
    const writer = new ByteWriter();
    rowList.begin(writer);
    visitRows(plan, rows, sender, {
      row(bytes, start, end) {
        rowList.row(bytes, start, end);
        return true;
      },
    });
    const count = rowList.end();
    return { count, list: writer.written() };
  }

  encodeChanges(query: LiveQuery, changes: Uint8Array): QueryUpdate<Uint8Array> {
    return {
      inserts: changes.subarray(query.changesStart + 1, query.deletesStart),
      deletes: query.plan.table.isEvent ? this.noRows : changes.subarray(query.deletesStart, query.changesEnd),
    };
  }

  encodeArgs(_module: LoadedModule, _reducer: Reducer, args: Uint8Array): Uint8Array {
    return args;
  }

  echoArgs(args: CallArgs): Uint8Array | undefined {
    return typeof args === 'string' ? undefined : args;
  }

  encodeReturned(_called: CalledProcedure, value: Uint8Array): Uint8Array {
    return value;
  }

  write(writer: ByteWriter, message: ServerMessage<Uint8Array, Uint8Array>): void {
    writeServerMessage(writer, message, writeEncoded);
  }
}

function writeEncoded(writer: ByteWriter, list: Uint8Array): void {
  writer.raw(list);
}

function emptyRowList(): Uint8Array {
  const writer = new ByteWriter();
  rowList.begin(writer);
  rowList.end();
  return writer.finish();
}
