/**
 * For each page of a table, what a change of its rows means to whoever saves pages. Until the first capture all pages
 * are CHANGED, and telling of a change is one comparison.
 */
export class PageMarks {
  #marks: Uint8Array = new Uint8Array(8);
  #saveNow: (page: number) => void = () => {};

  /** Makes room for pages below `pageCount`. */
  reserve(pageCount: number): void {
    if (pageCount <= this.#marks.length) return;
    const grown = new Uint8Array(Math.max(pageCount, this.#marks.length * 2));
    grown.set(this.#marks);
    this.#marks = grown;
  }

  /** To be called before a row of the page becomes visible or invisible. */
  beforeChange(page: number): void {
    if (this.#marks[page] !== CHANGED) this.#leave(page);
  }

  get(page: number): number {
    return this.#marks[page]!;
  }

  set(page: number, mark: number): void {
    this.#marks[page] = mark;
  }

  /** Sets how a page that waits is saved when it is about to change. */
  saveWaitingWith(saveNow: (page: number) => void): void {
    this.#saveNow = saveNow;
  }

  /** Nothing is saved any more. */
  clear(): void {
    this.#marks.fill(CHANGED);
  }

  #leave(page: number): void {
    if (this.#marks[page] === WAITING) this.#saveNow(page);
    this.#marks[page] = CHANGED;
  }
}

/** It may have other rows than when it was saved last; or it never was. */
export const CHANGED = 0;
/** It has the rows that it had when it was saved last. */
export const SAVED = 1;
/** It has the rows that a capture wants, which did not come to it yet. */
export const WAITING = 2;
