import { setGlobalLogLevel } from 'spacetimedb';
import { ChatSession } from '../../modules/quickstart-chat/bindings/chat-session.ts';
import type { ChatConnection } from '../../modules/quickstart-chat/bindings/index.ts';
import type { ServerProcess } from './server-process.ts';

const patienceMs = 30_000;

// Tests stop servers on purpose; what the client has to say about that would fill the report.
setGlobalLogLevel('error');

/** Somebody in the chat with the official client, who comes back when the server does. */
export class ChatUser implements Disposable {
  readonly #session: ChatSession;
  #connection: ChatConnection | undefined;
  #token: string | undefined;
  /** Asked again after each change: of the connection, of a row. */
  #lookers: (() => void)[] = [];
  #connectionCount = 0;

  constructor(server: ServerProcess, database: string, token?: string) {
    this.#token = token;
    this.#session = new ChatSession({
      host: server.webSocketUrl,
      database,
      token,
      onToken: (received) => (this.#token = received),
      onState: (state) => {
        this.#connection = state.kind === 'connected' ? state.connection : undefined;
        if (this.#connection !== undefined) this.#follow(this.#connection);
        this.#lookAgain();
      },
    });
  }

  /** What makes another client the same person. */
  get token(): string | undefined {
    return this.#token;
  }

  /** How often a connection came to stand. */
  get connectionCount(): number {
    return this.#connectionCount;
  }

  /**
   * Waits until `look` finds something in the client's cache.
   * @param what it waits for, for the message when that does not come
   */
  until<T>(what: string, look: (connection: ChatConnection) => T | undefined | false): Promise<T> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(new Error(`waited ${patienceMs} ms in vain for ${what}; ${this.#describe()}`));
      }, patienceMs);
      const looker = (): void => {
        const found = this.#connection === undefined ? undefined : look(this.#connection);
        if (found === undefined || found === false) return;
        clearTimeout(timer);
        this.#lookers = this.#lookers.filter((other) => other !== looker);
        resolve(found);
      };
      this.#lookers.push(looker);
      looker();
    });
  }

  connected(): Promise<ChatConnection> {
    return this.until('a connection', (connection) => connection);
  }

  /** Waits until a message of this text is in the cache. */
  async sees(text: string): Promise<void> {
    await this.until(`the message "${text}"`, (connection) => textsOf(connection).includes(text));
  }

  /** The texts in the cache, in the order in which they were sent. */
  async texts(): Promise<string[]> {
    return textsOf(await this.connected());
  }

  /** Resolves when the server has acknowledged the message. */
  async say(text: string): Promise<void> {
    const { reducers } = await this.connected();
    await reducers.sendMessage({ text });
  }

  [Symbol.dispose](): void {
    this.#session.close();
  }

  #follow({ db }: ChatConnection): void {
    this.#connectionCount++;
    const look = (): void => this.#lookAgain();
    db.user.onInsert(look);
    db.user.onUpdate(look);
    db.user.onDelete(look);
    db.message.onInsert(look);
    db.message.onDelete(look);
  }

  #lookAgain(): void {
    for (const look of this.#lookers) look();
  }

  #describe(): string {
    if (this.#connection === undefined) return 'there is no connection';
    return `the cache has ${JSON.stringify(textsOf(this.#connection))}`;
  }
}

function textsOf(connection: ChatConnection): string[] {
  const messages = [...connection.db.message.iter()];
  messages.sort((a, b) => Number(a.sent.microsSinceUnixEpoch - b.sent.microsSinceUnixEpoch));
  return messages.map((message) => message.text);
}
