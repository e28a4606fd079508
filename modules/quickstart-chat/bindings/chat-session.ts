import { ChatConnection } from './index.ts';

const firstDelayMs = 200;
const longestDelayMs = 5_000;

export type SessionState =
  | { readonly kind: 'connecting' }
  /** The rows of both tables are in `connection.db` and follow the database from here on. */
  | { readonly kind: 'connected'; readonly connection: ChatConnection }
  /** The connection failed or broke; the next attempt comes after `delayMs`. */
  | { readonly kind: 'waiting'; readonly delayMs: number; readonly reason: string };

export interface ChatSessionOptions {
  /** Where the server listens, as `ws://host:port`. */
  readonly host: string;
  /** Name or identity of the database. */
  readonly database: string;
  /** Makes the caller the same person as in an earlier session; without one the server invents a person. */
  readonly token?: string | undefined;
  onState(state: SessionState): void;
  /** The token to pass in a later session. */
  onToken?(token: string): void;
}

/**
 * A conversation with a chat database that survives the server's absence.
 *
 * The official client makes one connection and is done when that ends, so this makes another one, with twice the
 * pause after each failure. Each connection has its own cache of rows: what was taken from an older one still reads
 * well but no longer changes.
 */
export class ChatSession {
  readonly #options: ChatSessionOptions;
  #token: string | undefined;
  #connection: ChatConnection | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #delayMs = firstDelayMs;
  #isClosed = false;

  constructor(options: ChatSessionOptions) {
    this.#options = options;
    this.#token = options.token;
    this.#connect();
  }

  /** Ends the conversation; no callback comes afterwards. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#connection?.disconnect();
    this.#connection = undefined;
  }

  #connect(): void {
    this.#options.onState({ kind: 'connecting' });
    const connection = ChatConnection.builder()
      .withUri(this.#options.host)
      .withDatabaseName(this.#options.database)
      .withToken(this.#token)
      .onConnect((_connection, _identity, token) => this.#subscribe(connection, token))
      .onConnectError((_context, error) => this.#lost(connection, error))
      .onDisconnect((_context, error) => this.#lost(connection, error))
      .build();
    this.#connection = connection;
  }

  #subscribe(connection: ChatConnection, token: string): void {
    // With a token of ours the server answers with a short-lived one, which is not worth keeping.
    if (this.#token === undefined) {
      this.#token = token;
      this.#options.onToken?.(token);
    }
    connection
      .subscriptionBuilder()
      .onApplied(() => {
        if (connection !== this.#connection) return;
        this.#delayMs = firstDelayMs;
        this.#options.onState({ kind: 'connected', connection });
      })
      .onError((context) => this.#lost(connection, context.event))
      .subscribe(['SELECT * FROM user', 'SELECT * FROM message']);
  }

  /** May be called more than once for a connection: the official client reports some failures twice. */
  #lost(connection: ChatConnection, error: Error | undefined): void {
    if (this.#isClosed || connection !== this.#connection) return;
    this.#connection = undefined;
    connection.disconnect();
    const reason = error?.message ?? 'the connection was closed';
    // A server with new keys knows nobody any more: come back as a new person rather than never.
    if (reason.includes('Unauthorized')) this.#token = undefined;
    const delayMs = this.#delayMs;
    this.#delayMs = Math.min(2 * delayMs, longestDelayMs);
    this.#timer = setTimeout(() => this.#connect(), delayMs);
    this.#options.onState({ kind: 'waiting', delayMs, reason });
  }
}
