import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';

/** A message of the server: its first byte as a letter, and what follows the length. */
export interface BackendMessage {
  readonly kind: string;
  readonly body: Buffer;
}

/** PostgreSQL's protocol in bare bytes, for what real clients never send. */
export class PostgresClient implements Disposable {
  readonly socket: Socket;
  #bytes: Buffer = Buffer.alloc(0);
  #isOver = false;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('error', () => (this.#isOver = true));
  }

  static async connect(address: string): Promise<PostgresClient> {
    const { hostname, port } = new URL(`tcp://${address}`);
    const socket = connect(Number(port), hostname);
    await once(socket, 'connect');
    socket.pause();
    return new PostgresClient(socket);
  }

  /** A client that has shown who it is. */
  static async login(address: string, database: string, token: string): Promise<PostgresClient> {
    const client = await PostgresClient.connect(address);
    client.send(startup({ user: 'somebody', database }));
    await client.next('R');
    client.send(message('p', `${token}\0`));
    for (;;) {
      const { kind, body } = await client.next();
      if (kind === 'E') throw new Error(errorText(body));
      if (kind === 'Z') return client;
    }
  }

  send(...parts: readonly Uint8Array[]): void {
    this.socket.write(Buffer.concat(parts));
  }

  /** The next `count` bytes as they are. */
  async raw(count: number): Promise<Buffer> {
    while (this.#bytes.length < count) {
      const chunk = await this.#read();
      if (chunk === undefined) throw new Error('the server closed the connection');
      this.#bytes = Buffer.concat([this.#bytes, chunk]);
    }
    const taken = this.#bytes.subarray(0, count);
    this.#bytes = this.#bytes.subarray(count);
    return taken;
  }

  /** The next message, which must be of a kind if one is named. */
  async next(kind?: string): Promise<BackendMessage> {
    const head = await this.raw(5);
    const found = { kind: String.fromCharCode(head[0] ?? 0), body: await this.raw(head.readInt32BE(1) - 4) };
    if (kind !== undefined && found.kind !== kind) {
      throw new Error(`expected ${kind}, got ${found.kind}: ${found.body.toString('latin1')}`);
    }
    return found;
  }

  /** The error that the server sends next, as `SEVERITY CODE message`. */
  async nextError(): Promise<string> {
    return errorText((await this.next('E')).body);
  }

  /** Runs a statement. @returns the kinds of the messages up to ReadyForQuery, and the error if there is one */
  async query(text: string): Promise<{ readonly kinds: string; readonly error: string | undefined }> {
    this.send(message('Q', `${text}\0`));
    let kinds = '';
    let error: string | undefined;
    while (!kinds.endsWith('Z')) {
      const { kind, body } = await this.next();
      kinds += kind;
      if (kind === 'E') error = errorText(body);
    }
    return { kinds, error };
  }

  /** Everything until the server closes the connection. */
  async rest(): Promise<Buffer> {
    for (;;) {
      const chunk = await this.#read();
      if (chunk === undefined) return this.#bytes;
      this.#bytes = Buffer.concat([this.#bytes, chunk]);
    }
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }

  async #read(): Promise<Buffer | undefined> {
    for (;;) {
      const chunk = this.socket.read() as Buffer | null;
      if (chunk !== null) return chunk;
      if (this.#isOver || this.socket.readableEnded || this.socket.destroyed) return undefined;
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          for (const event of ['readable', 'end', 'close']) this.socket.off(event, wake);
          resolve();
        };
        for (const event of ['readable', 'end', 'close']) this.socket.on(event, wake);
      });
    }
  }
}

/** A packet without a kind. */
export function packet(code: number, rest: Uint8Array = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(8);
  head.writeInt32BE(8 + rest.length, 0);
  head.writeInt32BE(code, 4);
  return Buffer.concat([head, rest]);
}

export function startup(parameters: Readonly<Record<string, string>>, version = 0x3_0000): Buffer {
  const texts = Object.entries(parameters).flatMap(([name, value]) => [name, '\0', value, '\0']);
  return packet(version, Buffer.from(`${texts.join('')}\0`));
}

export function message(kind: string, body: string | Uint8Array): Buffer {
  const bytes = Buffer.from(body as string);
  const head = Buffer.alloc(5);
  head.write(kind, 0, 'latin1');
  head.writeInt32BE(4 + bytes.length, 1);
  return Buffer.concat([head, bytes]);
}

function errorText(body: Buffer): string {
  const fields = new Map(
    body
      .toString('utf8')
      .split('\0')
      .map((field) => [field.slice(0, 1), field.slice(1)]),
  );
  return `${fields.get('S')} ${fields.get('C')} ${fields.get('M')}`;
}
