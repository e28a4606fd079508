import type { Worker } from 'node:worker_threads';
import { OpenRequests } from '../../threads/open-requests.ts';
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

/**
 * The server's end of the thread that copies databases. It is started when it is first needed, and again when it ended:
 * its end fails what was asked of it, and nothing else.
 */
export class CopyThread {
  readonly #start: CopyThreadStart;
  readonly #requests = new OpenRequests();
  #worker: Worker | undefined;
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
    const worker = (this.#worker ??= this.#startWorker());
    // The answer to a request has its kind's type: the thread answers by the same table.
    return this.#requests.open((id) => worker.postMessage({ id, kind, input } satisfies ToCopyThread));
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
      this.#requests.failAll(ended(reason));
    });
    return worker;
  }

  #receive(message: FromCopyThread): void {
    if ('failure' in message) {
      this.#requests.fail(message.id, new CopyFailure(message.failure.code, message.failure.message));
    } else this.#requests.answer(message.id, message.answer);
  }
}

function ended(reason: Error | undefined): CopyFailure {
  const why = reason === undefined ? '' : `: ${reason.message}`;
  return new CopyFailure('SERVER_COPY_THREAD_ENDED', `the thread that copies databases has ended${why}`);
}
