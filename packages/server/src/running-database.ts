import { CLOSE_CODES, newDelayHistogram } from '@lightcone/engine/gateway';
import type { DelayHistogram } from '@lightcone/engine';
import type { Logger } from 'pino';
import { DatabaseThread } from './database-thread/database-thread.ts';
import type { RequestPace } from './database-thread/request-pace.ts';
import type { ConnectMessage, ThreadStart } from './database-thread/messages.ts';
import type { Connection, DisconnectCause } from './gateway/connection.ts';
import { FanOut } from './gateway/fan-out.ts';
import { hostLogLine } from './module-log/host-log-line.ts';
import { SizeHistogram } from './metrics/size-histogram.ts';
import type { ModuleLog } from './module-log/module-log.ts';

/** Counts of one database since it started, for the metrics. */
export interface ConnectionCounts {
  /** How long it took to start. */
  startSeconds: number;
  accepted: number;
  /** Frames, by what is in them. */
  readonly received: { readonly text: SizeHistogram; readonly binary: SizeHistogram };
  /** From pings to their pongs. */
  readonly pongs: DelayHistogram;
  /** Of the bodies of answers over HTTP. */
  httpBytes: number;
  readonly disconnected: Map<DisconnectCause, number>;
}

/** A database that runs: its thread, its clients, and what passes between them. */
export class RunningDatabase {
  readonly identity: string;
  readonly thread: DatabaseThread;
  readonly counts: ConnectionCounts = {
    startSeconds: 0,
    accepted: 0,
    received: { text: new SizeHistogram(), binary: new SizeHistogram() },
    pongs: newDelayHistogram(),
    httpBytes: 0,
    disconnected: new Map(),
  };
  /** Resolves when the thread is gone, with why it is, unless it was asked to stop. */
  readonly ended: Promise<Error | undefined>;
  readonly #fanOut: FanOut;

  private constructor(identity: string, thread: DatabaseThread, fanOut: FanOut, ended: Promise<Error | undefined>) {
    this.identity = identity;
    this.thread = thread;
    this.#fanOut = fanOut;
    this.ended = ended;
  }

  /**
   * @param options of its thread: what it is to be, where it is, and what it may use
   * @param pace of the requests to all databases of the server
   * @throws DatabaseFailure, ServerError
   */
  static async start(
    options: Omit<ThreadStart, 'batchesDone'>,
    moduleLog: ModuleLog,
    pace: RequestPace,
    log: Logger,
  ): Promise<RunningDatabase> {
    const { identity } = options;
    const startMs = performance.now();
    const fanOut = new FanOut();
    const ended = Promise.withResolvers<Error | undefined>();
    const thread = await DatabaseThread.start(
      options,
      {
        batch: (batch) => fanOut.deliver(batch),
        log: (lines) => moduleLog.append(lines),
        ended: (error) => {
          if (isRoomFound(error)) {
            log.info({ database: identity }, 'the disk of a database has room again: it is opened anew');
            closeAll(fanOut, CLOSE_CODES.tryAgainLater, 'the database is opened anew; try again'); // who has just come
          } else if (error !== undefined) {
            log.error({ err: error, database: identity }, 'database thread ended');
            moduleLog.append(hostLogLine('Error', error.message, new Date()));
            const code = isDiskFilled(error) ? CLOSE_CODES.tryAgainLater : CLOSE_CODES.internalError;
            closeAll(fanOut, code, 'the database stopped; try again');
          }
          ended.resolve(error);
        },
      },
      pace,
    );
    const reason = thread.readOnlyReason;
    if (reason !== undefined) log.error({ database: identity, reason }, 'database opened to be read only');
    const database = new RunningDatabase(identity, thread, fanOut, ended.promise);
    database.counts.startSeconds = (performance.now() - startMs) / 1000;
    return database;
  }

  get connectionCount(): number {
    return this.#fanOut.connectionCount;
  }

  /** Frames that were sent to clients. */
  get sentFrames(): SizeHistogram {
    return this.#fanOut.sent;
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
    const { text, binary } = this.counts.received;
    (isText ? text : binary).observe(frame.length);
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
      closeAll(this.#fanOut, CLOSE_CODES.goingAway, 'module exited');
    }
  }
}

/** Whether a database has ended because its disk, which was full when it was opened, has room. */
export function isRoomFound(error: Error | undefined): boolean {
  return codeOfEnd(error) === 'ENGINE_DISK_HAS_ROOM';
}

/** Whether a database has ended because its disk was full. */
export function isDiskFilled(error: Error | undefined): boolean {
  return codeOfEnd(error) === 'ENGINE_DISK_FULL';
}

function codeOfEnd(error: Error | undefined): unknown {
  return (error?.cause as { code?: unknown } | undefined)?.code;
}

function closeAll(fanOut: FanOut, code: number, reason: string): void {
  for (const connection of fanOut.connections()) connection.close(code, reason, 'module_exited');
}
