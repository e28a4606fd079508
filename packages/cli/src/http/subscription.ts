import { once } from 'node:events';
import { readServerMessage, writeClientMessage } from '@lightcone/protocol';
import type { ServerMessage } from '@lightcone/protocol';
import { ByteReader, ByteWriter } from '@lightcone/sats';
import { CliError } from '../errors.ts';
import type { ServerClient } from './server-client.ts';

/** Both have the same messages; the first may have several in a frame. */
const PROTOCOLS = ['v3.bsatn.spacetimedb', 'v2.bsatn.spacetimedb'];

/** What a server that goes away says, and one that nobody minds. */
const ORDERLY_CLOSES = [1000, 1001];

const QUERY_SET = 0;

/** A subscription to queries of one database, over a connection of its own. */
export class Subscription {
  readonly #socket: WebSocket;
  readonly #waiting: ServerMessage[] = [];
  #failure: CliError | undefined;
  #wake: () => void = () => undefined;
  #isEnded = false;
  #isClosedByServer = false;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener('message', ({ data }) => this.#take(data));
    socket.addEventListener('close', ({ code, reason }) => {
      if (this.#isEnded) return;
      this.#isClosedByServer = true;
      if (!ORDERLY_CLOSES.includes(code)) this.#failure ??= lost(code, reason);
      this.end();
    });
  }

  /**
   * Connects and asks for the queries, as one set.
   * @param path of the database
   * @param confirmed as the option of that name; the server's choice if undefined
   * @throws CliError `CLI_UNREACHABLE`
   */
  static async open(
    client: ServerClient,
    path: string,
    queries: readonly string[],
    confirmed: string | undefined,
  ): Promise<Subscription> {
    const socket = await client.openWebSocket(`${path}/subscribe`, { compression: 'None', confirmed }, PROTOCOLS);
    const subscription = new Subscription(socket);
    const writer = new ByteWriter();
    writeClientMessage(writer, { tag: 'Subscribe', requestId: 0, querySetId: QUERY_SET, queries });
    socket.send(new Uint8Array(writer.finish()));
    return subscription;
  }

  /** The messages as they come, until either side ends. @throws CliError when the connection does not end in order */
  async *messages(): AsyncGenerator<ServerMessage, void> {
    for (;;) {
      const message = this.#waiting.shift();
      if (message !== undefined) {
        yield message;
        continue;
      }
      if (this.#failure !== undefined) throw this.#failure;
      if (this.#isEnded) return;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  /** Whether the server ended it. */
  get isClosedByServer(): boolean {
    return this.#isClosedByServer;
  }

  /** Lets `messages` end after those that have come. */
  end(): void {
    this.#isEnded = true;
    this.#wake();
  }

  async close(): Promise<void> {
    this.end();
    if (this.#socket.readyState === WebSocket.CLOSED) return;
    const closed = once(this.#socket, 'close');
    this.#socket.close();
    await closed;
  }

  #take(data: unknown): void {
    if (this.#isEnded) return;
    try {
      if (!(data instanceof ArrayBuffer)) throw new Error('a text');
      const reader = new ByteReader(new Uint8Array(data));
      if (reader.u8() !== 0) throw new Error('compressed, which was not asked for');
      while (reader.remaining > 0) this.#waiting.push(readServerMessage(reader));
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      this.#failure = new CliError('CLI_UNEXPECTED_ANSWER', `The server sent something unexpected: ${why}`, { cause });
      this.end();
    }
    this.#wake();
  }
}

function lost(code: number, reason: string): CliError {
  const why = reason === '' ? `code ${code}` : reason;
  // 1006 is what a client says of a connection that ended without a word.
  if (code === 1006) return new CliError('CLI_UNREACHABLE', 'The connection to the server was lost');
  return new CliError('CLI_REFUSED', `The server closed the connection: ${why}`);
}
