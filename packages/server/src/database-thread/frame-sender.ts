import { FrameBatch } from './frame-batch.ts';
import type { FrameSource } from './frame-batch.ts';
import type { FrameQueue } from './frame-queue.ts';
import { frameShare } from './frame-share.ts';
import { FramesInFlight } from './frames-in-flight.ts';
import { Gathering } from './gathering.ts';
import { ModestClient } from './modest-client.ts';

/** More than this on the way to a database, and clients that send to it are held up. */
const MAX_BYTES_IN_FLIGHT = 64 * 1024 * 1024;
/** How soon it is seen that the database is done with something, if it has nothing to say about it. */
const POLL_MS = 1;

/** A connection as its frames are counted. */
export interface ThreadClient extends FrameSource {
  readonly frames: FrameQueue;
  pause(): void;
  resume(): void;
}

/**
 * Sends the frames of clients to a database's thread, of each client in order.
 *
 * They gather for a few turns of the event loop and cross together (`Gathering`), of each client no more than its share at
 * a time (`frameShare`). A client is not read from while too much waits of it, or is on the way to the database.
 */
export class FrameSender {
  readonly #cross: (batch: ArrayBuffer) => void;
  readonly #left: (client: ThreadClient) => void;
  #batch: FrameBatch<ThreadClient> = new FrameBatch();
  readonly #gathering = new Gathering(
    () => this.#batch.sources.length,
    () => this.flush(),
  );
  readonly #inFlight: FramesInFlight<ThreadClient> = new FramesInFlight();
  readonly #modest = new ModestClient();
  /** Clients of which frames wait for others to be done with, in the order of their turns. */
  readonly #waitingClients = new Set<ThreadClient>();
  /** Of those, the ones that are gone: their frames come first. */
  readonly #leaving = new Set<ThreadClient>();
  readonly #paused = new Set<ThreadClient>();
  #isPolling = false;
  #hasEnded = false;

  /**
   * @param cross takes a batch to the thread: see `FrameBatch`
   * @param left called when everything has crossed of a client that is gone
   */
  constructor(cross: (batch: ArrayBuffer) => void, left: (client: ThreadClient) => void) {
    this.#cross = cross;
    this.#left = left;
  }

  /** Where the thread says with which batches it is done. */
  get batchesDone(): SharedArrayBuffer {
    return this.#inFlight.slots;
  }

  /** Sends a frame, now or when it is its client's turn. @param frame must not change any more */
  send(client: ThreadClient, frame: Uint8Array, isText: boolean): void {
    const { frames } = client;
    if (frames.length === 0) this.#modest.heard(client.number);
    if (frames.waitingCount === 0 && frames.mayCross(this.#shareOf(client))) {
      this.#add(client, frame, isText);
      return;
    }
    frames.wait({ bytes: frame, isText });
    this.#waitingClients.add(client);
    if (frames.isFull) this.#pause(client);
    this.#pollSoon();
  }

  /** Forgets the frames of a client that have not gone to the database. */
  drop(client: ThreadClient): void {
    client.frames.drop();
    this.#waitingClients.delete(client);
  }

  /** A client is gone; its frames are still sent. */
  leave(client: ThreadClient): void {
    this.#paused.delete(client);
    this.#modest.forget(client.number);
    if (this.#waitingClients.has(client)) this.#leaving.add(client);
    else this.#left(client);
  }

  /** Lets what has gathered cross now. */
  flush(): void {
    const batch = this.#batch;
    if (batch.sources.length === 0) return;
    this.#batch = new FrameBatch();
    this.#inFlight.retire();
    this.#inFlight.add(batch);
    this.#cross(batch.toBuffer());
    if (this.#inFlight.byteLength > MAX_BYTES_IN_FLIGHT) for (const client of batch.sources) this.#pause(client);
  }

  /** Does what had to wait for the database, which may be done with something. */
  goOn(): void {
    this.#inFlight.retire();
    this.#addWaiting('share');
    this.#resume();
  }

  /** Sends everything that waits, also if it is more than a share. */
  sendAll(): void {
    this.#addWaiting('all');
  }

  /** The thread is gone: forgets what waits, and holds nobody up any more. */
  end(): void {
    this.#hasEnded = true;
    for (const client of this.#waitingClients) client.frames.drop();
    this.#waitingClients.clear();
  }

  #shareOf({ number }: ThreadClient): number {
    return frameShare(this.#modest.isBeside(number), this.#waitingClients.size);
  }

  #add(client: ThreadClient, frame: Uint8Array, isText: boolean): void {
    this.#batch.add(client, frame, isText);
    client.frames.crossed(frame.length);
    this.#gathering.begin();
  }

  /** Lets the clients whose frames wait have their next shares, in turn. */
  #addWaiting(which: 'share' | 'all'): void {
    for (const client of this.#waitingClients) {
      const { frames } = client;
      const share = this.#shareOf(client);
      while (frames.waitingCount > 0 && (which === 'all' || frames.mayCross(share))) {
        const { bytes, isText } = frames.take();
        this.#add(client, bytes, isText);
      }
      if (frames.waitingCount > 0) continue;
      this.#waitingClients.delete(client);
      if (this.#leaving.delete(client)) this.#left(client);
    }
  }

  #pause(client: ThreadClient): void {
    if (this.#paused.has(client)) return;
    client.pause();
    this.#paused.add(client);
    this.#pollSoon();
  }

  #resume(): void {
    if (this.#paused.size === 0 || (!this.#hasEnded && this.#inFlight.byteLength > MAX_BYTES_IN_FLIGHT / 2)) return;
    for (const client of this.#paused) {
      if (!client.frames.isHalfEmpty) continue;
      this.#paused.delete(client);
      client.resume();
    }
  }

  #pollSoon(): void {
    if (this.#isPolling) return;
    this.#isPolling = true;
    setTimeout(() => {
      this.#isPolling = false;
      this.#modest.looked();
      this.goOn();
      if (this.#waitingClients.size > 0 || this.#paused.size > 0) this.#pollSoon();
    }, POLL_MS);
  }
}
