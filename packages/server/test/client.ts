import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { COMPRESSION_TAGS, readServerMessage, writeClientMessage } from '@lightcone/protocol';
import type { ClientMessage, ServerMessage } from '@lightcone/protocol';
import { ByteReader, ByteWriter } from '@lightcone/sats';
import WebSocket from 'ws';

export interface ClientOptions {
  readonly protocols?: readonly string[];
  /** The query of the URL. */
  readonly query?: Record<string, string>;
  readonly headers?: Record<string, string>;
}

/** A client that keeps what it gets until a test asks for it. */
export class TestClient {
  readonly webSocket: WebSocket;
  /** Compression tags of the frames that came. */
  readonly tags: number[] = [];
  /** Headers of the answer that opened the connection. */
  headers: Record<string, string | string[] | undefined> = {};
  readonly closed: Promise<{ code: number; reason: string }>;
  readonly #messages: ServerMessage[] = [];
  #wake: () => void = () => undefined;
  #isClosed = false;

  private constructor(webSocket: WebSocket) {
    this.webSocket = webSocket;
    this.closed = new Promise((resolve) => {
      webSocket.on('close', (code, reason) => {
        this.#isClosed = true;
        this.#wake();
        resolve({ code, reason: reason.toString() });
      });
    });
    webSocket.on('upgrade', ({ headers }) => (this.headers = headers));
    webSocket.on('message', (data) => this.#receive(data as Buffer));
  }

  /** Connects; the error of a refused upgrade has the answer's status and text. */
  static async connect(url: string, database: string, options: ClientOptions = {}): Promise<TestClient> {
    const { protocols = ['v3.bsatn.spacetimedb'], query = {}, headers = {} } = options;
    const target = `${url.replace('http', 'ws')}/v1/database/${database}/subscribe?${new URLSearchParams(query)}`;
    const webSocket = new WebSocket(target, [...protocols], { perMessageDeflate: false, headers });
    const client = new TestClient(webSocket);
    await new Promise<void>((resolve, reject) => {
      webSocket.on('open', resolve);
      webSocket.on('error', reject);
    });
    return client;
  }

  send(...messages: readonly ClientMessage[]): void {
    const writer = new ByteWriter();
    for (const message of messages) writeClientMessage(writer, message);
    this.webSocket.send(writer.finish());
  }

  call(requestId: number, reducer: string, args: Uint8Array = new Uint8Array()): void {
    this.send({ tag: 'CallReducer', requestId, reducer, args });
  }

  /** The next message, which must be of a kind. */
  async next<Tag extends ServerMessage['tag']>(tag: Tag): Promise<Extract<ServerMessage, { tag: Tag }>> {
    while (this.#messages.length === 0) {
      if (this.#isClosed) throw new Error(`closed while waiting for ${tag}`);
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    const message = this.#messages.shift();
    if (message?.tag !== tag) throw new Error(`expected ${tag}, got ${JSON.stringify(message?.tag)}`);
    return message as Extract<ServerMessage, { tag: Tag }>;
  }

  async close(): Promise<void> {
    this.webSocket.close();
    await this.closed;
  }

  #receive(frame: Buffer): void {
    const [tag] = frame;
    this.tags.push(tag ?? -1);
    const body = frame.subarray(1);
    const unpacked =
      tag === COMPRESSION_TAGS.Brotli
        ? brotliDecompressSync(body)
        : tag === COMPRESSION_TAGS.Gzip
          ? gunzipSync(body)
          : body;
    const reader = new ByteReader(new Uint8Array(unpacked));
    while (reader.remaining > 0) this.#messages.push(readServerMessage(reader));
    this.#wake();
  }
}

/** BSATN of a list of texts as arguments. */
export function textArgs(...texts: readonly string[]): Uint8Array {
  const writer = new ByteWriter();
  for (const text of texts) writer.string(text);
  return writer.finish();
}
