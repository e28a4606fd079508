import type { Worker } from 'node:worker_threads';
import { startThread } from '../../threads/start-thread.ts';
import type { CopyRequestKind, CopyRequests, CopyThreadStart, FromCopyThread, ToCopyThread } from './messages.ts';

/** What the thread could not do. */
export class CopyFailure extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

interface Waiting {
  resolve(answer: unknown): void;
  reject(error: Error): void;
}

/**
 * The server's end of the thread that copies databases. It is started when it is first needed, and again when it ended:
 * its end fails what was asked of it, and nothing else.
 */
export class CopyThread {
  readonly #start: CopyThreadStart;
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker | undefined;
  #nextId = 0;
  #isClosed = false;

  constructor(start: CopyThreadStart) {
    this.#start = start;
  }

  /** Asks and waits for the answer. @throws CopyFailure */
  request<Kind extends CopyRequestKind>(
    kind: Kind,
    input: CopyRequests[Kind]['input'],
  ): Promise<CopyRequests[Kind]['answer']> {
    if (this.#isClosed) return Promise.reject(ended(undefined));
    this.#worker ??= this.#startWorker();
    const message: ToCopyThread = { id: this.#nextId++, kind, input };
    this.#worker.postMessage(message);
    return new Promise((resolve, reject) => {
      // The answer to a request has its kind's type: the thread answers by the same table.
      this.#waiting.set(message.id, { resolve: resolve as (answer: unknown) => void, reject });
    });
  }

  /** Ends it, whatever it is doing: each copy is whole up to the last blob that is there. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#worker?.terminate();
  }

  #startWorker(): Worker {
    const worker = startThread('run-copies', this.#start, { name: 'copies' });
    let reason: Error | undefined;
    worker.on('message', (message: FromCopyThread) => this.#receive(message));
    worker.on('error', (error) => (reason = error as Error));
    worker.on('exit', () => {
      this.#worker = undefined;
      for (const waiting of this.#waiting.values()) waiting.reject(ended(reason));
      this.#waiting.clear();
    });
    return worker;
  }

  #receive(message: FromCopyThread): void {
    const waiting = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if ('failure' in message) waiting?.reject(new CopyFailure(message.failure.code, message.failure.message));
    else waiting?.resolve(message.answer);
  }
}

function ended(reason: Error | undefined): CopyFailure {
  const why = reason === undefined ? '' : `: ${reason.message}`;
  return new CopyFailure('SERVER_COPY_THREAD_ENDED', `the thread that copies databases has ended${why}`);
}
