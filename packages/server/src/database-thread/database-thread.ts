import type { Worker } from 'node:worker_threads';
import type { Overload } from '@lightcone/engine';
import { ServerError } from '../errors.ts';
import { OpenRequests } from '../threads/open-requests.ts';
import { startThread } from '../threads/start-thread.ts';
import { AskedRequests } from './asked-requests.ts';
import { FrameSender } from './frame-sender.ts';
import type { ThreadClient } from './frame-sender.ts';
import type {
  AskedKind,
  ConnectMessage,
  DatabaseRequests,
  FromDatabase,
  RequestKind,
  ThreadStart,
  ToDatabase,
} from './messages.ts';
import type { RequestPace } from './request-pace.ts';

const MAX_EXIT_MS = 1000;
/** A call of a module that uses up its default energy takes some ten seconds. */
const MAX_STOP_MS = 60_000;

export interface ThreadEvents {
  /** Messages for connections: see `OutboundBatch` of the engine. */
  batch(batch: Uint8Array): void;
  /** Whole lines of the module's log. */
  log(lines: string): void;
  /** A thread that had started is gone; `error` unless it was asked to stop. Comes once. */
  ended(error: Error | undefined): void;
}

/** An error that a database answered a request with. */
export class DatabaseFailure extends Error {
  readonly code: string;
  constructor(code: string, message: string, cause?: Error) {
    super(message, { cause });
    this.code = code;
  }

  /** Whether there was no room for it: it may be tried again when there is. */
  get isDiskFull(): boolean {
    return this.code === 'ENGINE_DISK_FULL' || this.code === 'LOG_DISK_FULL';
  }
}

/**
 * The gateway's end of one database's thread.
 *
 * Frames cross in batches (`FrameSender`). Everything else crosses at once, after the frames of its client that came
 * before it, so the database sees what the gateway saw of each client, in order.
 */
export class DatabaseThread {
  readonly #worker: Worker;
  readonly #events: ThreadEvents;
  readonly #identity: string;
  readonly #path: string | undefined;
  readonly #requests = new OpenRequests();
  readonly #asked = new AskedRequests();
  readonly #pace: RequestPace;
  readonly #frames = new FrameSender(
    (batch) => this.#worker.postMessage(batch, [batch]),
    ({ number }) => this.#post({ tag: 'disconnect', number }),
  );
  #hasStarted = false;
  #readOnlyReason: string | undefined;
  #hasEnded = false;
  #isStopping = false;
  readonly #exited = Promise.withResolvers<void>();
  #error: Error | undefined;

  /**
   * Starts a thread and waits until its database is open.
   * @param pace of the requests to all databases of this process
   * @throws DatabaseFailure when the database does not open, ServerError `SERVER_DATABASE_STOPPED` when the thread dies
   */
  static async start(
    options: Omit<ThreadStart, 'batchesDone'>,
    events: ThreadEvents,
    pace: RequestPace,
  ): Promise<DatabaseThread> {
    const thread = new DatabaseThread(options, events, pace);
    // The answer to the first request, `STARTED`, which is not sent, tells that the database is open.
    thread.#readOnlyReason = await thread.#requests.open<string | undefined>(() => {});
    thread.#hasStarted = true;
    return thread;
  }

  private constructor(options: Omit<ThreadStart, 'batchesDone'>, events: ThreadEvents, pace: RequestPace) {
    this.#events = events;
    this.#pace = pace;
    this.#identity = options.identity;
    this.#path = options.path;
    const start: ThreadStart = { ...options, batchesDone: this.#frames.batchesDone };
    this.#worker = startThread('run-database', start, { name: `database ${options.identity.slice(0, 12)}` });
    this.#worker.on('message', (message: FromDatabase) => this.#receive(message));
    this.#worker.on('error', (error) => (this.#error = error as Error));
    this.#worker.on('exit', () => this.#end());
  }

  /** Why the database could be opened to be read only. */
  get readOnlyReason(): string | undefined {
    return this.#readOnlyReason;
  }

  /** Passes on a client's frame. @param frame must not change any more */
  frame(client: ThreadClient, frame: Uint8Array, isText: boolean): void {
    if (this.#hasEnded || this.#isStopping) return;
    if (client.frames.length === 0) this.#pace.modest.heard(client.number);
    this.#frames.send(client, frame, isText);
  }

  /** Forgets the frames of a client that have not gone to the database. */
  drop(client: ThreadClient): void {
    this.#frames.drop(client);
  }

  connect(message: ConnectMessage): void {
    this.#post(message);
  }

  disconnect(client: ThreadClient): void {
    this.#pace.modest.forget(client.number);
    this.#frames.leave(client);
  }

  /**
   * Asks and waits for the answer.
   * @throws DatabaseFailure, ServerError `SERVER_DATABASE_STOPPED`
   */
  request<Kind extends RequestKind>(
    kind: Kind,
    input: DatabaseRequests[Kind]['input'],
  ): Promise<DatabaseRequests[Kind]['answer']> {
    return this.#request(kind, input, undefined);
  }

  /**
   * As `request`, for somebody without a connection: it is done when it is the asker's turn.
   * @param asker whose turn, by a name
   * @param byteLength about what the input takes
   * @returns instead of an answer why there is none, if the database has too much of this asker
   */
  ask<Kind extends AskedKind>(
    asker: string,
    kind: Kind,
    input: DatabaseRequests[Kind]['input'],
    byteLength: number,
  ): Promise<DatabaseRequests[Kind]['answer'] | Overload> {
    const overload = this.#asked.begin(asker, byteLength);
    if (overload !== undefined) return Promise.resolve(overload);
    return new Promise((resolve, reject) => {
      this.#pace.begin(this.#identity, asker, (request) => {
        const answered = (pass: () => void): void => {
          this.#asked.over(asker, byteLength);
          this.#pace.answered(request, pass);
        };
        this.#request(kind, input, asker).then(
          (answer) => answered(() => resolve(answer)),
          (error: unknown) => answered(() => reject(error as Error)),
        );
      });
    });
  }

  #request<Kind extends RequestKind>(
    kind: Kind,
    input: DatabaseRequests[Kind]['input'],
    asker: string | undefined,
  ): Promise<DatabaseRequests[Kind]['answer']> {
    if (this.#hasEnded) return Promise.reject(this.#stopped());
    // The answer to a request has its kind's type: the thread answers by the same table.
    return this.#requests.open((id) => this.#post({ tag: 'request', id, kind, input, asker }));
  }

  /**
   * Closes the database, everything committed made durable, and ends the thread. One that does not answer within a
   * minute is ended as by a crash: what clients were told is on the disk, and the next start recovers.
   * @throws ServerError `SERVER_DATABASE_STOPPED` when it ended without having closed the database
   */
  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#frames.sendAll();
    this.#pace.letAllGo(this.#identity);
    const lastResort = setTimeout(() => void this.#worker.terminate(), MAX_STOP_MS);
    try {
      await this.request('stop', undefined);
    } finally {
      clearTimeout(lastResort);
      // It ends by itself, having nothing left to do; one that does not is not waited for.
      const patience = setTimeout(() => void this.#worker.terminate(), MAX_EXIT_MS);
      await this.#exited.promise;
      clearTimeout(patience);
    }
  }

  #post(message: Exclude<ToDatabase, ArrayBuffer>): void {
    if (this.#hasEnded) return;
    this.#frames.flush();
    this.#worker.postMessage(message);
  }

  #receive(message: FromDatabase): void {
    if (message instanceof ArrayBuffer || message instanceof Uint8Array) {
      this.#frames.goOn();
      this.#events.batch(message instanceof ArrayBuffer ? new Uint8Array(message) : message);
      return;
    }
    switch (message.tag) {
      case 'log':
        this.#events.log(message.lines);
        break;
      case 'answer':
        this.#requests.answer(message.id, message.answer);
        break;
      case 'failure':
        this.#requests.fail(
          message.id,
          new DatabaseFailure(message.code, this.#withoutPath(message.message), new Error(message.message)),
        );
        break;
    }
  }

  #end(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#exited.resolve();
    const error = this.#stopped();
    this.#requests.failAll(error);
    this.#frames.end();
    if (this.#hasStarted) this.#events.ended(this.#isStopping ? undefined : error);
  }

  /** Callers learn which file of the database is wrong, and not where on the server it lies. */
  #withoutPath(message: string): string {
    const path = this.#path;
    return path === undefined ? message : message.replaceAll(`${path}/`, '').replaceAll(path, 'its folder');
  }

  #stopped(): ServerError {
    const why = this.#error === undefined ? '' : `: ${this.#withoutPath(this.#error.message)}`;
    return new ServerError('SERVER_DATABASE_STOPPED', `the database's thread has ended${why}`, { cause: this.#error });
  }
}
