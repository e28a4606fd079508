import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { BackendWriter } from './backend-writer.ts';
import { PostgresError, SQL_STATE } from './postgres-error.ts';
import { PostgresSession } from './postgres-session.ts';
import type { PostgresContext, StatementCounts } from './postgres-session.ts';

export interface PostgresLimits {
  /** Clients at once; one more is sent away. */
  readonly maxConnections: number;
  /** How long a client may take to show who it is. */
  readonly startupTimeoutMs: number;
  /** How long a client may take for a piece of an answer, of 256 KiB. */
  readonly stalledWriteMs: number;
  /** How long a client that was sent away may take to leave. */
  readonly lingerMs: number;
}

const LIMITS: PostgresLimits = Object.freeze({
  maxConnections: 500,
  startupTimeoutMs: 30_000,
  stalledWriteMs: 30_000,
  lingerMs: 1000,
});

/** What the sessions of a gateway have done, for the metrics. */
export interface PostgresCounts {
  /** Clients that are there. */
  readonly sessions: number;
  /** Statements that were answered: with what they gave, and with an error. */
  readonly statements: Readonly<StatementCounts>;
}

/** Listens for clients that speak PostgreSQL's protocol, and gives each a session of its own. */
export class PostgresGateway {
  readonly #context: PostgresContext;
  readonly #limits: PostgresLimits;
  readonly #server: Server;
  readonly #sessions = new Map<Socket, PostgresSession>();
  readonly #statements: StatementCounts = { succeeded: 0, failed: 0 };
  #onEmpty: (() => void) | undefined;

  constructor(context: PostgresContext, limits: PostgresLimits = LIMITS) {
    this.#context = context;
    this.#limits = limits;
    // Half-open, so that who sends a statement and no more still gets its answer.
    const options = { noDelay: true, keepAlive: true, allowHalfOpen: true };
    this.#server = createServer(options, (socket) => this.#accept(socket));
  }

  get counts(): PostgresCounts {
    return { sessions: this.#sessions.size, statements: this.#statements };
  }

  /** @returns the port, which the system chose if 0 was asked for; rejects with the system's error */
  async listen(host: string, port: number): Promise<number> {
    this.#server.listen(port, host);
    await once(this.#server, 'listening');
    return (this.#server.address() as AddressInfo).port; // it listens, and not on a pipe
  }

  /** Lets nobody in any more, and ends the sessions: those that wait at once, the others with their answer. */
  refuse(): void {
    this.#server.close();
    const message = 'terminating connection due to administrator command';
    const reason = new PostgresError('FATAL', SQL_STATE.shuttingDown, message);
    for (const session of this.#sessions.values()) session.end(reason);
  }

  /** Waits for the sessions that end, at the latest for `patienceMs`. */
  async close(patienceMs: number): Promise<void> {
    this.refuse();
    if (this.#sessions.size === 0) return;
    const timeout = setTimeout(() => {
      for (const socket of this.#sessions.keys()) socket.destroy();
    }, patienceMs);
    await new Promise<void>((resolve) => (this.#onEmpty = resolve));
    clearTimeout(timeout);
  }

  #accept(socket: Socket): void {
    socket.on('error', () => undefined); // a client that is gone; the session notices
    socket.on('finish', () => this.#linger(socket));
    if (this.#sessions.size >= this.#limits.maxConnections) {
      const refusal = new PostgresError('FATAL', SQL_STATE.tooManyConnections, 'sorry, too many clients already');
      socket.end(new BackendWriter().error(refusal).finish());
      return;
    }
    const session = new PostgresSession(socket, this.#context, this.#statements, this.#limits.stalledWriteMs);
    this.#sessions.set(socket, session);
    const startupTimeout = setTimeout(() => {
      if (!session.isStarting) return;
      const message = 'canceling authentication due to timeout';
      session.end(new PostgresError('FATAL', SQL_STATE.startupTimeout, message));
    }, this.#limits.startupTimeoutMs);
    socket.on('close', () => {
      clearTimeout(startupTimeout);
      this.#sessions.delete(socket);
      if (this.#sessions.size === 0) this.#onEmpty?.();
    });
    void session.run().then(() => socket.end());
  }

  /**
   * Closes a connection that has sent its last bytes. What still comes is read and dropped for a while: closing with
   * bytes unread would throw away what is on its way to the client, too.
   */
  #linger(socket: Socket): void {
    socket.resume();
    const timeout = setTimeout(() => socket.destroy(), this.#limits.lingerMs);
    socket.on('close', () => clearTimeout(timeout));
  }
}
