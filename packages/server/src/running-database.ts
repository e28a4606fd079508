import type { Logger } from 'pino';
import type { DatabaseRecord } from './control/control-database.ts';
import { DatabaseThread } from './database-thread/database-thread.ts';
import type { ConnectMessage, ModuleSettings } from './database-thread/messages.ts';
import type { Connection, DisconnectCause } from './gateway/connection.ts';
import { FanOut } from './gateway/fan-out.ts';
import { hostLogLine } from './module-log/host-log-line.ts';
import type { ModuleLog } from './module-log/module-log.ts';

/** RFC 6455 §7.4.1 */
const GOING_AWAY = 1001;
const INTERNAL_ERROR = 1011;

/** Counts of one database since it started, for the metrics. */
export interface ConnectionCounts {
  accepted: number;
  framesReceived: number;
  bytesReceived: number;
  readonly disconnected: Map<DisconnectCause, number>;
}

/** A database that runs: its thread, its clients, and what passes between them. */
export class RunningDatabase {
  readonly identity: string;
  readonly thread: DatabaseThread;
  readonly counts: ConnectionCounts = { accepted: 0, framesReceived: 0, bytesReceived: 0, disconnected: new Map() };
  /** Resolves when the thread is gone. */
  readonly ended: Promise<void>;
  readonly #fanOut: FanOut;

  private constructor(identity: string, thread: DatabaseThread, fanOut: FanOut, ended: Promise<void>) {
    this.identity = identity;
    this.thread = thread;
    this.#fanOut = fanOut;
    this.ended = ended;
  }

  /**
   * @param program given to make the database, undefined to open it
   * @throws DatabaseFailure, ServerError
   */
  static async start(
    record: DatabaseRecord,
    path: string | undefined,
    program: Uint8Array | undefined,
    settings: ModuleSettings,
    moduleLog: ModuleLog,
    log: Logger,
  ): Promise<RunningDatabase> {
    const { identity, owner } = record;
    const fanOut = new FanOut();
    const ended = Promise.withResolvers<void>();
    const thread = await DatabaseThread.start(
      { identity, owner, path, program, ...settings },
      {
        batch: (batch) => fanOut.deliver(batch),
        log: (lines) => moduleLog.append(lines),
        ended: (error) => {
          if (error !== undefined) {
            log.error({ err: error, database: identity }, 'database thread ended');
            moduleLog.append(hostLogLine('Error', error.message, new Date()));
            closeAll(fanOut, INTERNAL_ERROR, 'the database stopped; try again');
          }
          ended.resolve();
        },
      },
    );
    return new RunningDatabase(identity, thread, fanOut, ended.promise);
  }

  get connectionCount(): number {
    return this.#fanOut.connectionCount;
  }

  connections(): Iterable<Connection> {
    return this.#fanOut.connections();
  }

  connect(connection: Connection, message: ConnectMessage): void {
    this.counts.accepted++;
    this.#fanOut.add(connection);
    this.thread.connect(message);
  }

  receive(connection: Connection, frame: Uint8Array, isText: boolean): void {
    this.counts.framesReceived++;
    this.counts.bytesReceived += frame.length;
    this.thread.frame(connection, frame, isText);
  }

  disconnect(connection: Connection): void {
    const cause = connection.cause ?? 'client_close';
    this.counts.disconnected.set(cause, (this.counts.disconnected.get(cause) ?? 0) + 1);
    this.#fanOut.remove(connection);
    this.thread.disconnect(connection);
  }

  /**
   * Ends: frames that are here are still handled and answered, then the clients are closed, with
   * everything committed on disk.
   */
  async stop(): Promise<void> {
    try {
      await this.thread.stop();
    } finally {
      closeAll(this.#fanOut, GOING_AWAY, 'module exited');
    }
  }
}

function closeAll(fanOut: FanOut, code: number, reason: string): void {
  for (const connection of fanOut.connections()) connection.close(code, reason, 'module_exited');
}
