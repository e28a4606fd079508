import { Worker } from 'node:worker_threads';
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

/** The server's end of the thread that copies databases. A thread that ends fails what is asked of it. */
export class CopyThread {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #nextId = 0;
  #error: Error | undefined;
  #hasEnded = false;

  constructor(start: CopyThreadStart) {
    // Run from source or built: the thread's file has the same extension as this one.
    const isSource = import.meta.url.endsWith('.ts');
    this.#worker = new Worker(new URL(isSource ? './entry.ts' : './entry.js', import.meta.url), {
      workerData: start,
      ...(isSource && { execArgv: ['--conditions=lightcone-source'] }),
      name: 'copies',
    });
    this.#worker.on('message', (message: FromCopyThread) => this.#receive(message));
    this.#worker.on('error', (error) => (this.#error = error as Error));
    this.#worker.on('exit', () => this.#end());
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Asks and waits for the answer. @throws CopyFailure */
  request<Kind extends CopyRequestKind>(
    kind: Kind,
    input: CopyRequests[Kind]['input'],
  ): Promise<CopyRequests[Kind]['answer']> {
    if (this.#hasEnded) return Promise.reject(this.#ended());
    const message: ToCopyThread = { id: this.#nextId++, kind, input };
    this.#worker.postMessage(message);
    return new Promise((resolve, reject) => {
      // The answer to a request has its kind's type: the thread answers by the same table.
      this.#waiting.set(message.id, { resolve: resolve as (answer: unknown) => void, reject });
    });
  }

  /** Ends it, whatever it is doing: each copy is whole up to the last blob that is there. */
  async close(): Promise<void> {
    await this.#worker.terminate();
  }

  #receive(message: FromCopyThread): void {
    const waiting = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if ('failure' in message) waiting?.reject(new CopyFailure(message.failure.code, message.failure.message));
    else waiting?.resolve(message.answer);
  }

  #end(): void {
    this.#hasEnded = true;
    for (const waiting of this.#waiting.values()) waiting.reject(this.#ended());
    this.#waiting.clear();
  }

  #ended(): CopyFailure {
    const why = this.#error === undefined ? '' : `: ${this.#error.message}`;
    return new CopyFailure('SERVER_COPY_THREAD_ENDED', `the thread that copies databases has ended${why}`);
  }
}
