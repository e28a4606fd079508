import { row_iter_bsatn_advance, row_iter_bsatn_close } from '../abi/spacetime_10.0';
import { mustSucceed } from '../abi/errno';
import { out } from '../abi/out';
import { position, readFrom } from '../bsatn/reader';

const BUFFER_TOO_SMALL: i32 = 11;
/** The host cuts rows into chunks of a little over 32 KiB; only a single large row makes a larger one. */
const CHUNK: usize = 65536;

// The host fills this buffer; the rows of a scan that goes on are then moved into memory of their own, so that scans
// can be nested and any number of them can be left open.
let buffer: usize = 0;
let capacity: usize = 0;

/** Fetches the next rows into the shared buffer. True if there are more. */
function advance(handle: u32): bool {
  if (buffer == 0) {
    buffer = heap.alloc(CHUNK);
    capacity = CHUNK;
  }
  while (true) {
    store<u32>(out, <u32>capacity);
    const status = row_iter_bsatn_advance(handle, buffer, out);
    if (status <= 0) return status == 0;
    if (status != BUFFER_TOO_SMALL) mustSucceed(status, 'a scan');
    capacity = load<u32>(out);
    heap.free(buffer);
    buffer = heap.alloc(capacity);
  }
}

/** Sets the reader to the only row of a scan by a unique key. False if there is none. */
export function readOnlyRow(handle: u32): bool {
  advance(handle);
  const length = load<u32>(out);
  readFrom(buffer, length);
  return length != 0;
}

/** The rows of a scan, decoded one at a time. Memory holds one chunk of them, however many there are. */
export class RowScan {
  private chunk: ArrayBuffer = new ArrayBuffer(0);
  private at: usize = 0;
  private left: usize = 0;
  private hasMore: bool = true;

  constructor(private handle: u32) {}

  /** Ends the scan: the host holds rows, of which it allows a call only so many, until they are fetched or given up. */
  close(): void {
    if (this.hasMore) row_iter_bsatn_close(this.handle);
    this.hasMore = false;
    this.left = 0;
  }

  /** Sets the reader to the next row. False at the end. */
  protected beginRow(): bool {
    while (this.left == 0) {
      if (!this.hasMore) return false;
      this.fetch();
    }
    readFrom(this.at, this.left);
    return true;
  }

  protected endRow(): void {
    const at = position();
    this.left -= at - this.at;
    this.at = at;
  }

  private fetch(): void {
    this.hasMore = advance(this.handle);
    const length = load<u32>(out);
    if (<u32>this.chunk.byteLength < length) this.chunk = new ArrayBuffer(length);
    memory.copy(changetype<usize>(this.chunk), buffer, length);
    this.at = changetype<usize>(this.chunk);
    this.left = length;
  }
}
