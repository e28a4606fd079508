/**
 * The visible rows of one page, one behind the other in the order of their pointers, without anything between them:
 * so what is saved tells nothing of deleted rows, nor of how pages are laid out in memory.
 */
export class PageImage {
  /** The rows are in `bytes[start..end]`, until the next page is read. */
  bytes: Uint8Array<ArrayBuffer> = NO_BYTES;
  start = 0;
  end = 0;
  rowCount = 0;
  /** The bytes are those of the page itself, and never written to again. */
  isImmutable = false;
  #room: Uint8Array<ArrayBuffer> = NO_BYTES;

  /** Begins an image of at most `byteLength` bytes. */
  begin(byteLength: number): void {
    if (this.#room.length < byteLength) this.#room = new Uint8Array(byteLength);
    this.bytes = this.#room;
    this.start = 0;
    this.end = 0;
    this.rowCount = 0;
    this.isImmutable = false;
  }
}

const NO_BYTES = new Uint8Array(0);
