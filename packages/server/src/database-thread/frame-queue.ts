/** Bytes of one client that may be at its database at a time. */
const MAX_BYTES_AT_DATABASE = 1024 * 1024;
/** So many are taken before the list is made anew without them. */
const MAX_TAKEN = 128;
/** More than this waits here, and the client is not read from. */
const MAX_WAITING_BYTES = 4 * 1024 * 1024;

/** A frame of a client. */
export interface WaitingFrame {
  readonly bytes: Uint8Array;
  readonly isText: boolean;
}

/**
 * The frames of one client that its database is not done with.
 *
 * The first few are at the database, the others wait here until it is done with some of those. So every
 * client has a small share of what the database has before it, however much one of them sends.
 */
export class FrameQueue {
  #framesAtDatabase = 0;
  #bytesAtDatabase = 0;
  #waiting: WaitingFrame[] = [];
  /** Of `#waiting`: what comes before is gone. */
  #first = 0;
  #waitingBytes = 0;

  /** Frames at the database and here. */
  get length(): number {
    return this.#framesAtDatabase + this.waitingCount;
  }

  get waitingCount(): number {
    return this.#waiting.length - this.#first;
  }

  /** Bytes that wait here. */
  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  /** Whether the client sends more than can be kept for it. */
  get isFull(): boolean {
    return this.#waitingBytes > MAX_WAITING_BYTES;
  }

  /** Whether there is room again for one that was full. */
  get isHalfEmpty(): boolean {
    return this.#waitingBytes <= MAX_WAITING_BYTES / 2;
  }

  /** Whether the next frame may go to the database. @param maxFrames may be there: see `frameShare` */
  mayCross(maxFrames: number): boolean {
    return this.#framesAtDatabase < maxFrames && this.#bytesAtDatabase < MAX_BYTES_AT_DATABASE;
  }

  wait(frame: WaitingFrame): void {
    this.#waiting.push(frame);
    this.#waitingBytes += frame.bytes.length;
  }

  /** Takes the frame that has waited for longest; there must be one. */
  take(): WaitingFrame {
    const frame = this.#waiting[this.#first++]!; // there is one
    this.#waitingBytes -= frame.bytes.length;
    if (this.#first === this.#waiting.length || this.#first >= MAX_TAKEN) {
      this.#waiting = this.#waiting.slice(this.#first);
      this.#first = 0;
    }
    return frame;
  }

  crossed(byteLength: number): void {
    this.#framesAtDatabase++;
    this.#bytesAtDatabase += byteLength;
  }

  done(byteLength: number): void {
    this.#framesAtDatabase--;
    this.#bytesAtDatabase -= byteLength;
  }

  /** Forgets what waits here. */
  drop(): void {
    this.#waiting = [];
    this.#first = 0;
    this.#waitingBytes = 0;
  }
}
