import { StoreError } from './errors.ts';
import { PageImage } from './page-image.ts';
import { SAVED, WAITING } from './page-marks.ts';
import type { Store } from './store.ts';
import type { Table } from './table.ts';

/**
 * Takes the rows of one page, `bytes[start..end]`, and says where they are from then on. It may be called in the
 * middle of a transaction, so it only copies.
 * @param isImmutable the bytes never change, so they need not be copied
 */
export type SavePage<Place> = (
  bytes: Uint8Array<ArrayBuffer>,
  start: number,
  end: number,
  isImmutable: boolean,
) => Place;

/** Rows that are saved. */
export interface SavedPage<Place> {
  readonly rowCount: number;
  readonly place: Place;
}

/** A table as it was when a capture began. */
export interface CapturedTable<Place> {
  readonly id: number;
  /** In the order of a scan. */
  readonly pages: readonly SavedPage<Place>[];
}

/**
 * Captures all that a store holds at one moment, while transactions go on.
 *
 *     begin ──────── continue … continue ──────── finish
 *       │ every page that changed since it was saved last waits; the others are where they are
 *       │ a waiting page is saved by `continue`, or right before a transaction changes it
 *
 * So beginning costs time by the number of pages, and a transaction at most a copy of each page that it changes.
 * Tables of events, which have no rows between transactions, and ephemeral ones are left out.
 */
export class Captures<Place> {
  readonly #store: Store;
  readonly #image = new PageImage();
  /** By page number, where the pages are that are marked SAVED. */
  readonly #savedByTable = new WeakMap<Table, (SavedPage<Place> | undefined)[]>();
  #running: RunningCapture<Place> | undefined;

  constructor(store: Store) {
    this.#store = store;
  }

  get isRunning(): boolean {
    return this.#running !== undefined;
  }

  /**
   * Begins to capture what the store holds now.
   * @param mayReuse whether a page that did not change may stay where it is; else it is saved again
   * @throws StoreError `STORE_TRANSACTION_OPEN`, `STORE_REPLAY_RUNNING`
   */
  begin(save: SavePage<Place>, mayReuse: (place: Place) => boolean = () => true): void {
    this.#store.mustBeIdle();
    if (this.#running !== undefined) throw new StoreError('STORE_CAPTURE_RUNNING', 'a capture is running');
    const tables: TableInCapture<Place>[] = [];
    for (const table of this.#store.tables.values()) {
      const { isEvent, isEphemeral } = table.definition;
      if (!isEvent && !isEphemeral) tables.push(this.#beginTable(table, mayReuse));
    }
    this.#running = { save, tables, table: 0, page: 0 };
  }

  /**
   * Saves waiting pages, until those of this call have `maxBytes` or more. To look at a page counts as 4096 bytes, however
   * few rows it has, so that pages whose rows are gone do not make a call longer.
   * @returns whether all are saved
   */
  continue(maxBytes: number): boolean {
    const running = this.#mustRun();
    let bytes = 0;
    for (; running.table < running.tables.length; running.table++, running.page = 0) {
      const captured = running.tables[running.table]!;
      for (; running.page < captured.pages.length; running.page++) {
        if (bytes >= maxBytes) return false;
        if (captured.table.pageMarks.get(running.page) !== WAITING) continue;
        bytes += Math.max(this.#save(captured, running.page), LOOK_BYTES);
        captured.saved[running.page] = captured.pages[running.page];
        captured.table.pageMarks.set(running.page, SAVED);
      }
    }
    return true;
  }

  /** Ends the capture when all is saved. The next one finds out what changed since this one began. */
  finish(): CapturedTable<Place>[] {
    const { tables } = this.#mustRun();
    this.#running = undefined;
    return tables.map(({ table, pages }) => ({
      id: table.definition.id,
      pages: pages.filter((page) => page !== undefined),
    }));
  }

  /** Ends a capture that is of no use; or says that what the last one saved is lost. The next one saves all pages. */
  forget(): void {
    // Those that a transaction is about to drop may come back.
    for (const { table } of this.#running?.tables ?? []) table.pageMarks.clear();
    for (const table of this.#store.tables.values()) table.pageMarks.clear();
    this.#running = undefined;
  }

  /** A page was filled from what is saved: it is where it is until it changes. */
  restored(table: Table, page: number, saved: SavedPage<Place>): void {
    const pages = this.#savedByTable.get(table) ?? [];
    this.#savedByTable.set(table, pages);
    pages[page] = saved;
  }

  #beginTable(table: Table, mayReuse: (place: Place) => boolean): TableInCapture<Place> {
    const { pageMarks, pageCount } = table;
    const saved = this.#savedByTable.get(table) ?? [];
    this.#savedByTable.set(table, saved);
    const pages: (SavedPage<Place> | undefined)[] = [];
    for (let page = 0; page < pageCount; page++) {
      const reusable = pageMarks.get(page) === SAVED ? saved[page] : undefined;
      if (reusable !== undefined && mayReuse(reusable.place)) {
        pages.push(reusable);
        continue;
      }
      pages.push(undefined);
      pageMarks.set(page, WAITING);
    }
    const captured = { table, pages, saved };
    pageMarks.saveWaitingWith((page) => void this.#save(captured, page));
    return captured;
  }

  /** Returns the bytes of the page. */
  #save(captured: TableInCapture<Place>, page: number): number {
    const image = this.#image;
    captured.table.readPage(page, image);
    const { bytes, start, end, rowCount, isImmutable } = image;
    if (rowCount > 0) {
      captured.pages[page] = { rowCount, place: this.#mustRun().save(bytes, start, end, isImmutable) };
    }
    return end - start;
  }

  #mustRun(): RunningCapture<Place> {
    if (this.#running === undefined) throw new Error('no capture is running');
    return this.#running;
  }
}

/** The least that a page counts in a step of a capture: about the bytes that are copied in the time of a look at it. */
const LOOK_BYTES = 4096;

interface RunningCapture<Place> {
  readonly save: SavePage<Place>;
  readonly tables: readonly TableInCapture<Place>[];
  /** Where `continue` goes on. */
  table: number;
  page: number;
}

interface TableInCapture<Place> {
  readonly table: Table;
  /** By page number; undefined for a page that waits or has no rows. */
  readonly pages: (SavedPage<Place> | undefined)[];
  /** What the next capture finds. */
  readonly saved: (SavedPage<Place> | undefined)[];
}
