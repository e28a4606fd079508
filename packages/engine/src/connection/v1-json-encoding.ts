import { type RowList, readRowList, rowCount, rowStart } from '@lightcone/protocol';
import { type CallArgs, type QueryUpdate, type ServerMessage, writeJsonServerMessage } from '@lightcone/protocol/v1';
import { type RowSource, type RowsPlan, visitRows } from '@lightcone/query';
import { ByteReader, ByteWriter, type JsonStyle, type ReadAsJson, type RowType, compileJson } from '@lightcone/sats';
import type { LoadedModule, Reducer } from '../loaded-module.ts';
import type { LiveQuery } from '../subscriptions/live-query.ts';
import type { EncodedRows, V1Encoding } from './v1-encoding.ts';
import type { CalledProcedure } from './wire.ts';

/** What a query's changes are as JSON, and as of which transaction. */
interface JsonChanges {
  readonly transaction: number;
  readonly update: QueryUpdate<Uint8Array>;
}

/** `v1.json`: rows are made from those of BSATN, once for each query and transaction, and only if somebody asks. */
export class V1JsonEncoding implements V1Encoding<string> {
  readonly name = 'v1.json';
  readonly noArgs = '[]';
  readonly noRows: Uint8Array = Uint8Array.of(0x5b, 0x5d); // []
  readonly #rowTypeOf: (tableId: number) => RowType;
  readonly #changes = new WeakMap<LiveQuery, JsonChanges>();

  /** @param rowTypeOf the type of a table's rows as clients see them */
  constructor(rowTypeOf: (tableId: number) => RowType) {
    this.#rowTypeOf = rowTypeOf;
  }

  encodeRows(plan: RowsPlan, rows: RowSource, sender: Uint8Array): EncodedRows {
    // As the reference has it: stored rows by column name, those of views and of changes by position.
    const list = new JsonRowList(this.#rowTypeOf(plan.table.id), plan.table.view === undefined ? 'row' : 'untyped');
    visitRows(plan, rows, sender, {
      row(bytes, start, end) {
        list.row(bytes, start, end);
        return true;
      },
    });
    return list.end();
  }

  encodeChanges(query: LiveQuery, changes: Uint8Array): QueryUpdate<Uint8Array> {
    const made = this.#changes.get(query);
    if (made?.transaction === query.transaction) return made.update;
    const type = this.#rowTypeOf(query.plan.table.id);
    const reader = new ByteReader(changes, query.changesStart + 1, query.changesEnd);
    const inserts = toJsonRows(readRowList(reader), type);
    const deletes = query.plan.table.isEvent ? this.noRows : toJsonRows(readRowList(reader), type);
    const update = { deletes, inserts };
    this.#changes.set(query, { transaction: query.transaction, update });
    return update;
  }

  encodeArgs({ def }: LoadedModule, reducer: Reducer, args: Uint8Array): string {
    return compileJson(reducer.def.params, def.typespace, 'untyped')(new ByteReader(args));
  }

  echoArgs(args: CallArgs): string | undefined {
    return typeof args === 'string' ? args : undefined;
  }

  encodeReturned({ module, procedure }: CalledProcedure, value: Uint8Array): string {
    return compileJson(procedure.def.returnType, module.def.typespace, 'untyped')(new ByteReader(value));
  }

  write(writer: ByteWriter, message: ServerMessage<Uint8Array, string>): void {
    writeJsonServerMessage(writer, message, (target, list) => target.raw(list));
  }
}

function toJsonRows(list: RowList, type: RowType): Uint8Array {
  const json = new JsonRowList(type, 'untyped');
  const count = rowCount(list);
  for (let i = 0; i < count; i++) json.row(list.data, rowStart(list, i), rowStart(list, i + 1));
  return json.end().list;
}

/** Builds the JSON array of a row list: each row a string, which holds the row's own JSON. */
class JsonRowList {
  readonly #toJson: ReadAsJson;
  readonly #writer = new ByteWriter();
  #count = 0;

  constructor(type: RowType, style: JsonStyle) {
    this.#toJson = compileJson(type.type, [], style);
    this.#writer.text('[');
  }

  row(bytes: Uint8Array, start: number, end: number): void {
    if (this.#count++ > 0) this.#writer.text(',');
    this.#writer.text(JSON.stringify(this.#toJson(new ByteReader(bytes, start, end))));
  }

  end(): EncodedRows {
    this.#writer.text(']');
    return { count: this.#count, list: this.#writer.written() };
  }
}
