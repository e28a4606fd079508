import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { COMPRESSION_TAGS, rowCount, rowStart } from '@lightcone/protocol';
import type { RowList } from '@lightcone/protocol';
import { formatClientMessage, parseServerMessage, readServerMessage, writeClientMessage } from '@lightcone/protocol/v1';
import type { ClientMessage, ServerMessage, TableUpdate } from '@lightcone/protocol/v1';
import { ByteReader, ByteWriter, compileType, parseJson, readJson, writeJson } from '@lightcone/sats';
import type { AlgebraicType, AlgebraicValue } from '@lightcone/sats';
import WebSocket from 'ws';

/** Rows as JSON by position, whatever form they came in; `?` for those of tables that the test did not name. */
type Rows = readonly string[];
/** Arguments and returned values: hex of BSATN, or JSON. */
type Value = string;
export type V1Message = ServerMessage<Rows, Value>;
/** The message of a tag; some messages have more than one. */
type MessageOf<Tag, Message = V1Message> = Message extends { tag: infer Tags }
  ? Tag extends Tags
    ? Message
    : never
  : never;

/** The types of the rows of tables. */
export type RowTypes = Readonly<Record<string, AlgebraicType>>;

/** A client of v1 that keeps what it gets until a test asks for it. */
export class V1Client {
  readonly webSocket: WebSocket;
  readonly isJson: boolean;
  /** Compression tags of the frames that came, `text` for those that have none. */
  readonly tags: (number | 'text')[] = [];
  readonly closed: Promise<{ code: number; reason: string }>;
  readonly #rowTypes: RowTypes;
  readonly #messages: V1Message[] = [];
  #wake: () => void = () => undefined;
  #isClosed = false;

  private constructor(webSocket: WebSocket, isJson: boolean, rowTypes: RowTypes) {
    this.webSocket = webSocket;
    this.isJson = isJson;
    this.#rowTypes = rowTypes;
    this.closed = new Promise((resolve) => {
      webSocket.on('close', (code, reason) => {
        this.#isClosed = true;
        this.#wake();
        resolve({ code, reason: reason.toString() });
      });
    });
    webSocket.on('message', (data, isBinary) => this.#receive(data as Buffer, isBinary));
  }

  static async connect(
    url: string,
    database: string,
    protocol: string,
    rowTypes: RowTypes,
    query: Record<string, string> = {},
  ): Promise<V1Client> {
    const target = `${url.replace('http', 'ws')}/v1/database/${database}/subscribe?${new URLSearchParams(query)}`;
    const webSocket = new WebSocket(target, [protocol], { perMessageDeflate: false });
    const client = new V1Client(webSocket, protocol === 'v1.json.spacetimedb', rowTypes);
    await new Promise<void>((resolve, reject) => {
      webSocket.on('open', resolve);
      webSocket.on('error', reject);
    });
    return client;
  }

  send(message: ClientMessage): void {
    if (this.isJson) {
      this.webSocket.send(formatClientMessage(message));
      return;
    }
    const writer = new ByteWriter();
    writeClientMessage(writer, message);
    this.webSocket.send(writer.finish());
  }

  call(requestId: number, reducer: string, args: ClientArgs, noSuccessNotify = false): void {
    this.send({ tag: 'CallReducer', requestId, reducer, args: this.#args(args), noSuccessNotify });
  }

  callProcedure(requestId: number, procedure: string, args: ClientArgs): void {
    this.send({ tag: 'CallProcedure', requestId, procedure, args: this.#args(args) });
  }

  /** Arguments or a returned value as messages of this client have them. */
  value(type: AlgebraicType, value: AlgebraicValue): Value {
    if (this.isJson) return writeJson(type, [], value, 'untyped');
    return toHex(encode(type, value));
  }

  /** The next message, which must be of a kind. */
  async next<Tag extends V1Message['tag']>(tag: Tag): Promise<MessageOf<Tag>> {
    while (this.#messages.length === 0) {
      if (this.#isClosed) throw new Error(`closed while waiting for ${tag}`);
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    const message = this.#messages.shift();
    if (message?.tag !== tag) throw new Error(`expected ${tag}, got ${JSON.stringify(message, showBigints)}`);
    return message as MessageOf<Tag>;
  }

  async close(): Promise<void> {
    this.webSocket.close();
    await this.closed;
  }

  #args({ type, value }: ClientArgs): Uint8Array | string {
    return this.isJson ? writeJson(type, [], value, 'untyped') : encode(type, value);
  }

  #receive(frame: Buffer, isBinary: boolean): void {
    if (isBinary) {
      const [tag] = frame;
      this.tags.push(tag ?? -1);
      const message = readServerMessage(new ByteReader(new Uint8Array(unpack(tag, frame.subarray(1)))));
      this.#messages.push(normalise(message, (table, rows) => this.#fromRowList(table, rows), toHex));
    } else {
      this.tags.push('text');
      const message = parseServerMessage(frame.toString());
      this.#messages.push(normalise(message, (table, rows) => this.#fromTexts(table, rows), String));
    }
    this.#wake();
  }

  #fromRowList(table: string, list: RowList): Rows {
    const type = this.#rowTypes[table];
    return Array.from({ length: rowCount(list) }, (_, i) => {
      if (type === undefined) return '?';
      const reader = new ByteReader(list.data, rowStart(list, i), rowStart(list, i + 1));
      return writeJson(type, [], compileType(type, []).decode(reader), 'untyped');
    });
  }

  #fromTexts(table: string, rows: Rows): Rows {
    const type = this.#rowTypes[table];
    if (type === undefined) return rows.map(() => '?');
    return rows.map((row) => writeJson(type, [], readJson(type, [], parseJson(row)), 'untyped'));
  }
}

export interface ClientArgs {
  readonly type: AlgebraicType;
  readonly value: AlgebraicValue;
}

function encode(type: AlgebraicType, value: AlgebraicValue): Uint8Array {
  const writer = new ByteWriter();
  compileType(type, []).encode(writer, value);
  return writer.finish();
}

function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

function unpack(tag: number | undefined, body: Buffer): Buffer {
  if (tag === COMPRESSION_TAGS.Brotli) return brotliDecompressSync(body);
  return tag === COMPRESSION_TAGS.Gzip ? gunzipSync(body) : body;
}

function showBigints(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value;
}

/** A message with its rows and values in one form for both encodings. */
function normalise<R, V>(
  message: ServerMessage<R, V>,
  rows: (table: string, rows: R) => Rows,
  value: (value: V) => Value,
): V1Message {
  const table = (update: TableUpdate<R>): TableUpdate<Rows> => ({
    ...update,
    updates: update.updates.map(({ deletes, inserts }) => ({
      deletes: rows(update.table, deletes),
      inserts: rows(update.table, inserts),
    })),
  });
  switch (message.tag) {
    case 'InitialSubscription':
    case 'TransactionUpdateLight':
    case 'SubscribeMultiApplied':
    case 'UnsubscribeMultiApplied':
      return { ...message, tables: message.tables.map(table) };
    case 'SubscribeApplied':
    case 'UnsubscribeApplied':
      return { ...message, table: table(message.table) };
    case 'TransactionUpdate': {
      const { status, reducerCall } = message;
      return {
        ...message,
        status: status.tag === 'Committed' ? { ...status, tables: status.tables.map(table) } : status,
        reducerCall: { ...reducerCall, args: value(reducerCall.args) },
      };
    }
    case 'OneOffQueryResponse':
      return { ...message, tables: message.tables.map((t) => ({ ...t, rows: rows(t.table, t.rows) })) };
    case 'ProcedureResult': {
      const { status } = message;
      return { ...message, status: status.tag === 'Returned' ? { ...status, value: value(status.value) } : status };
    }
    default:
      return message;
  }
}
