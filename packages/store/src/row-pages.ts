import { BitSet } from './bit-set.ts';
import { copyBytes } from './copy-bytes.ts';
import { StoreError } from './errors.ts';
import { PointerList } from './pointer-list.ts';
import type { RowPointer } from './row-pointer.ts';

/**
 * The memory of a table's rows: pages of bytes, divided into granules.
 *
 * A row pointer is the number of the row's first granule over all pages. Where all rows have one
 * size, a granule is a row, freed ones are kept in a list, and pages lie side by side in chunks of up to 1 MiB:
 * a large table has so few of these that finding one is no wait for memory. The first chunk grows with the
 * table, so a small one has what it needs. Where sizes vary, a granule is 8 bytes, a chunk is one page,
 * and a page is a chain of blocks, each with a header of 4 bytes:
 *
 *     length of the row       | row, filled up to whole granules
 *     FREE | granules         | unused
 *
 * Rows are placed one after the other into the free blocks of the current page. When its end is
 * reached, the next page is one of which at least a quarter was freed since it was last filled, or
 * else a new one; so looking for space is paid for by the space that was freed, there are no lists
 * of free blocks, and rows stay in the order of insertion as long as nothing is deleted. Rows over
 * an eighth of a page get a page of their own, which is given back with them.
 */
export class RowPages {
  /** The rows that their table shows, which keeps this up to date. */
  readonly visible: BitSet = new BitSet();
  /** Of every row; -1 where they vary. */
  readonly #rowBytes: number;
  readonly #granuleBytes: number;
  readonly #headerBytes: number;
  readonly #pageShift: number;
  readonly #pageMask: number;
  /** A pointer's bits below the number of its chunk. */
  readonly #chunkShift: number;
  readonly #chunkMask: number;
  #chunks: Uint8Array<ArrayBuffer>[] = [];
  #pageCount = 0;
  #byteSize = 0;
  #rowCount = 0;

  // Rows of one size.
  readonly #freeRows = new PointerList();
  #used = 0;

  // Rows that vary. The headers are the pages, seen as words of four bytes.
  #headers: Int32Array[] = [];
  #freedGranules: number[] = [];
  readonly #reusablePages = new PointerList();
  readonly #freePageNumbers = new PointerList();
  #currentPage = -1;
  #cursor = 0;

  /** @param rowBytes the size of every row, or undefined where sizes vary */
  constructor(rowBytes: number | undefined) {
    if (rowBytes === undefined) {
      this.#rowBytes = -1;
      this.#granuleBytes = GRANULE_BYTES;
      this.#headerBytes = HEADER_BYTES;
      this.#pageShift = Math.log2(PAGE_BYTES / GRANULE_BYTES);
      this.#chunkShift = this.#pageShift;
    } else {
      this.#rowBytes = rowBytes;
      this.#granuleBytes = Math.max(rowBytes, 1);
      this.#headerBytes = 0;
      this.#pageShift = Math.max(0, Math.floor(Math.log2(PAGE_BYTES / this.#granuleBytes)));
      this.#chunkShift = Math.max(0, Math.floor(Math.log2(CHUNK_BYTES / this.#granuleBytes)));
    }
    this.#pageMask = (1 << this.#pageShift) - 1;
    this.#chunkMask = (1 << this.#chunkShift) - 1;
  }

  /** Of all pages, whether they are full or not. Memory of a chunk that no page uses yet is not resident. */
  get byteSize(): number {
    return this.#byteSize + this.#freeRows.byteSize;
  }

  /** All pointers are below this. */
  get pointerLimit(): number {
    return this.#pageCount << this.#pageShift;
  }

  isVisible(row: RowPointer): boolean {
    return row >= 0 && row < this.pointerLimit && this.visible.has(row);
  }

  get hasFixedSize(): boolean {
    return this.#rowBytes >= 0;
  }

  get pageCount(): number {
    return this.#pageCount;
  }

  /** A pointer's bits below the number of its page. */
  get pageShift(): number {
    return this.#pageShift;
  }

  /** Bytes of a page. */
  pageBytes(page: number): number {
    return this.#rowBytes >= 0 ? this.#granuleBytes << this.#pageShift : (this.#chunks[page]?.byteLength ?? 0);
  }

  /** Whether a page is there for one row: its bytes are written once and go with that row. */
  isOfOneRow(page: number): boolean {
    const header = this.#headers[page]?.[0] ?? FREE;
    return header >= 0 && granulesOf(header) > MAX_SHARED_GRANULES;
  }

  /** The chunk that holds the row. The first one is replaced by a larger one when `allocate` needs more. */
  bytes(row: RowPointer): Uint8Array<ArrayBuffer> {
    return this.#chunks[row >>> this.#chunkShift]!;
  }

  /** Where the row starts in its chunk. */
  start(row: RowPointer): number {
    return (row & this.#chunkMask) * this.#granuleBytes + this.#headerBytes;
  }

  length(row: RowPointer): number {
    if (this.#rowBytes >= 0) return this.#rowBytes;
    return this.#headers[row >>> this.#pageShift]![(row & this.#pageMask) * HEADER_STRIDE]!;
  }

  /** Whether a row of `length` bytes can be written over `row`. Bytes of a page of one row are never changed. */
  fits(row: RowPointer, length: number): boolean {
    if (this.#rowBytes >= 0) return true;
    const granules = granulesOf(length);
    return granules <= MAX_SHARED_GRANULES && granules === granulesOf(this.length(row));
  }

  /** Writes a row over one that it fits. */
  rewrite(row: RowPointer, bytes: Uint8Array, start: number, end: number): void {
    if (this.#rowBytes < 0)
      this.#headers[row >>> this.#pageShift]![(row & this.#pageMask) * HEADER_STRIDE] = end - start;
    copyBytes(this.bytes(row), this.start(row), bytes, start, end);
  }

  /** Whether the row with the next pointer begins where a row ends, if both are in one page. */
  get isDense(): boolean {
    return this.#rowBytes > 0;
  }

  /** The pointer after the last one in the page of `row`. */
  pageEnd(row: RowPointer): RowPointer {
    return (row | this.#pageMask) + 1;
  }

  /** Takes space for a row of `length` bytes; its content is whatever lay there before. */
  allocate(length: number): RowPointer {
    this.#rowCount++;
    if (this.#rowBytes < 0) return this.#allocateBlock(length);
    if (this.#freeRows.length > 0) return this.#freeRows.pop();
    if (this.#used === this.pointerLimit) this.#addRowPages(1);
    return this.#used++;
  }

  /** Gives the row's space back. */
  free(row: RowPointer): void {
    this.#rowCount--;
    if (this.#rowBytes < 0) this.#freeBlock(row);
    else this.#freeRows.push(row);
    if (this.#rowCount === 0 && this.#pageCount > 1) this.#reset();
  }

  /**
   * Makes room for `count` pages, each of which has to be filled with `fill`. Of a table without rows only.
   * @throws StoreError `STORE_TABLE_FULL`
   */
  reservePages(count: number): void {
    this.#reset();
    if (this.#rowBytes >= 0) {
      this.#addRowPages(count);
      this.#used = this.pointerLimit;
      return;
    }
    this.#mustBePage(count - 1);
    this.#pageCount = count;
    for (let page = 0; page < count; page++) {
      this.#chunks.push(NO_BYTES);
      this.#headers.push(NO_HEADERS);
      this.#freedGranules.push(0);
    }
  }

  /**
   * Fills a reserved page with rows: the first begins at `bytes[start]`, each ends where `ends` says.
   * @param pointers takes the pointers of the rows
   * @throws StoreError `STORE_INVALID_PAGE` when they do not fit
   */
  fill(page: number, bytes: Uint8Array, start: number, ends: PointerList, pointers: PointerList): void {
    if (this.#rowBytes < 0) this.#fillBlocks(page, bytes, start, ends, pointers);
    else this.#fillRows(page, bytes, start, ends.length, pointers);
    this.#rowCount += ends.length;
  }

  #fillRows(page: number, bytes: Uint8Array, start: number, count: number, pointers: PointerList): void {
    const rowsPerPage = 1 << this.#pageShift;
    if (count > rowsPerPage) throw pageTooFull(count, `a page has room for ${rowsPerPage}`);
    const first = page << this.#pageShift;
    copyBytes(this.bytes(first), this.start(first), bytes, start, start + count * this.#rowBytes);
    for (let i = 0; i < count; i++) pointers.push(first + i);
    // The first ones are given out first.
    for (let i = rowsPerPage - 1; i >= count; i--) this.#freeRows.push(first + i);
  }

  #fillBlocks(page: number, bytes: Uint8Array, start: number, ends: PointerList, pointers: PointerList): void {
    let granules = 0;
    for (let i = 0, from = start; i < ends.length; from = ends.at(i++)) {
      const needed = granulesOf(ends.at(i) - from);
      if (needed > MAX_SHARED_GRANULES && ends.length > 1)
        throw pageTooFull(ends.length, 'one needs a page of its own');
      granules += needed;
    }
    const isOfOneRow = granules > MAX_SHARED_GRANULES && ends.length === 1;
    if (granules > GRANULES_PER_PAGE && !isOfOneRow) {
      throw pageTooFull(ends.length, `they need ${granules * GRANULE_BYTES} bytes`);
    }
    this.#placePage(page, isOfOneRow ? granules * GRANULE_BYTES : PAGE_BYTES);
    const headers = this.#headers[page]!;
    let at = 0;
    for (let i = 0, from = start; i < ends.length; from = ends.at(i++)) {
      const end = ends.at(i);
      const row = (page << this.#pageShift) | at;
      headers[at * HEADER_STRIDE] = end - from;
      copyBytes(this.bytes(row), this.start(row), bytes, from, end);
      pointers.push(row);
      at += granulesOf(end - from);
    }
    if (isOfOneRow) return;
    const free = GRANULES_PER_PAGE - at;
    if (free > 0) headers[at * HEADER_STRIDE] = FREE | free;
    this.#freedGranules[page] = free;
    if (free >= REUSE_GRANULES) this.#reusablePages.push(page);
  }

  #allocateBlock(length: number): RowPointer {
    const granules = granulesOf(length);
    if (granules > MAX_SHARED_GRANULES) {
      const page = this.#addPage(granules * GRANULE_BYTES);
      this.#headers[page]![0] = length;
      return page << this.#pageShift;
    }
    for (;;) {
      if (this.#currentPage >= 0) {
        const row = this.#placeInCurrentPage(length, granules);
        if (row >= 0) return row;
      }
      this.#changePage();
    }
  }

  /** Finds the next free run at or after the cursor that is long enough. */
  #placeInCurrentPage(length: number, granules: number): RowPointer {
    const headers = this.#headers[this.#currentPage]!;
    let at = this.#cursor;
    while (at < GRANULES_PER_PAGE) {
      const header = headers[at * HEADER_STRIDE]!;
      if (header >= 0) {
        at += granulesOf(header);
        continue;
      }
      let run = header & ~FREE;
      while (at + run < GRANULES_PER_PAGE) {
        const next = headers[(at + run) * HEADER_STRIDE]!;
        if (next >= 0) break;
        run += next & ~FREE;
      }
      if (run >= granules) {
        headers[at * HEADER_STRIDE] = length;
        if (run > granules) headers[(at + granules) * HEADER_STRIDE] = FREE | (run - granules);
        this.#cursor = at + granules;
        return (this.#currentPage << this.#pageShift) | at;
      }
      headers[at * HEADER_STRIDE] = FREE | run;
      at += run;
    }
    this.#cursor = at;
    return -1;
  }

  /** Leaves the current page for one with space, made where there is none. */
  #changePage(): void {
    const left = this.#currentPage;
    this.#currentPage = -1;
    if (left >= 0 && this.#freedGranules[left]! >= REUSE_GRANULES) this.#reusablePages.push(left);
    const page = this.#reusablePages.length > 0 ? this.#reusablePages.pop() : this.#addPage(PAGE_BYTES);
    this.#currentPage = page;
    this.#freedGranules[page] = 0;
    this.#cursor = 0;
  }

  #freeBlock(row: RowPointer): void {
    const page = row >>> this.#pageShift;
    const at = row & this.#pageMask;
    const headers = this.#headers[page]!;
    const granules = granulesOf(headers[at * HEADER_STRIDE]!);
    if (granules > MAX_SHARED_GRANULES) {
      this.#byteSize -= this.#chunks[page]!.byteLength;
      this.#chunks[page] = NO_BYTES;
      this.#headers[page] = NO_HEADERS;
      this.#freePageNumbers.push(page);
      return;
    }
    headers[at * HEADER_STRIDE] = FREE | granules;
    if (page === this.#currentPage) {
      // The row that was placed last: its space is the next to be given out, so refused inserts cost nothing.
      if (at + granules === this.#cursor) this.#cursor = at;
      else this.#freedGranules[page]! += granules;
      return;
    }
    const before = this.#freedGranules[page]!;
    this.#freedGranules[page] = before + granules;
    if (before < REUSE_GRANULES && before + granules >= REUSE_GRANULES) this.#reusablePages.push(page);
  }

  /** Adds pages for rows of one size. */
  #addRowPages(count: number): void {
    const pageCount = this.#pageCount + count;
    this.#mustBePage(pageCount - 1);
    const pageBytes = this.#granuleBytes << this.#pageShift;
    const chunkBytes = this.#granuleBytes << this.#chunkShift;
    const chunks = this.#chunks;
    const first = chunks[0] ?? NO_BYTES;
    if (first.length < Math.min(pageCount * pageBytes, chunkBytes)) {
      chunks[0] = new Uint8Array(Math.min(Math.max(pageCount * pageBytes, first.length * 2), chunkBytes));
      chunks[0].set(first);
    }
    while (chunks.length * chunkBytes < pageCount * pageBytes) chunks.push(new Uint8Array(chunkBytes));
    this.#byteSize += count * pageBytes;
    this.#pageCount = pageCount;
  }

  /** Adds a page for rows that vary. */
  #addPage(byteLength: number): number {
    const page = this.#freePageNumbers.length > 0 ? this.#freePageNumbers.pop() : this.#pageCount;
    this.#mustBePage(page);
    this.#pageCount = Math.max(this.#pageCount, page + 1);
    this.#placePage(page, byteLength);
    return page;
  }

  #placePage(page: number, byteLength: number): void {
    const bytes = new Uint8Array(byteLength);
    this.#chunks[page] = bytes;
    this.#byteSize += byteLength;
    const headers = new Int32Array(bytes.buffer);
    headers[0] = FREE | (byteLength / GRANULE_BYTES);
    this.#headers[page] = headers;
    this.#freedGranules[page] = 0;
  }

  #mustBePage(page: number): void {
    if (page <= MAX_POINTER >>> this.#pageShift) return;
    throw new StoreError(
      'STORE_TABLE_FULL',
      `a table holds at most ${MAX_POINTER + 1} units of ${this.#granuleBytes} bytes`,
    );
  }

  /** Nothing is left: keeps no page but starts anew, so that an emptied table gives its memory back. */
  #reset(): void {
    this.#chunks = [];
    this.#pageCount = 0;
    this.#headers = [];
    this.#freedGranules = [];
    this.#byteSize = 0;
    this.#freeRows.clear();
    this.#used = 0;
    this.#reusablePages.clear();
    this.#freePageNumbers.clear();
    this.#currentPage = -1;
    this.#cursor = 0;
  }
}

function pageTooFull(rows: number, problem: string): StoreError {
  return new StoreError('STORE_INVALID_PAGE', `${rows} rows do not fit a page: ${problem}`);
}

function granulesOf(length: number): number {
  return (length + HEADER_BYTES + GRANULE_BYTES - 1) >>> 3;
}

const PAGE_BYTES = 65_536;
/** Larger ones are mapped from fresh memory, while what `malloc` has free stays unused. */
const CHUNK_BYTES = 1024 * 1024;
const GRANULE_BYTES = 8;
const HEADER_BYTES = 4;
/** Words of a page's `headers` between two granules. */
const HEADER_STRIDE = GRANULE_BYTES / 4;
const GRANULES_PER_PAGE = PAGE_BYTES / GRANULE_BYTES;
const MAX_SHARED_GRANULES = GRANULES_PER_PAGE / 8;
const REUSE_GRANULES = GRANULES_PER_PAGE / 4;
/** The sign bit of a header. */
const FREE = -0x8000_0000;
const MAX_POINTER = 0x7fff_ffff;
const NO_BYTES = new Uint8Array(0);
const NO_HEADERS = new Int32Array(0);
