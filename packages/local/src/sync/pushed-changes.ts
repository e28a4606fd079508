import type { ChangeCursor, LoggedChange } from '../change-log.ts';
import { databaseCall } from './database-call.ts';
import type { SyncContext } from './layout.ts';

const PAGE = 1000;

/** Places in a log, behind `after` up to `through`. */
interface CursorRange {
  readonly after: ChangeCursor;
  readonly through: ChangeCursor;
}

/** As a note in the database has it. */
export interface SavedPushedChanges {
  readonly through: ChangeCursor;
  readonly pulled: readonly (readonly [after: ChangeCursor, through: ChangeCursor])[];
}

/** Where a storage and a log differ: which changes are there already, by their places in the log. */
export class PushedChanges {
  /** All up to here are in the storage. */
  #through: ChangeCursor;
  /** Those behind it that came from there. Ascending. */
  #pulled: CursorRange[];

  constructor({ through, pulled }: SavedPushedChanges = { through: 0, pulled: [] }) {
    this.#through = through;
    this.#pulled = pulled.map(([after, end]) => ({ after, through: end }));
  }

  get through(): ChangeCursor {
    return this.#through;
  }

  saved(): SavedPushedChanges {
    return { through: this.#through, pulled: this.#pulled.map(({ after, through }) => [after, through] as const) };
  }

  /** The storage has all up to `cursor` now. */
  pushed(cursor: ChangeCursor): void {
    this.#through = Math.max(this.#through, cursor);
    this.#pulled = this.#pulled.filter(({ through }) => through > this.#through);
    this.#passPulled();
  }

  /** These came from the storage. */
  pulledRange(range: CursorRange): void {
    const last = this.#pulled.at(-1);
    if (last !== undefined && last.through === range.after) {
      this.#pulled[this.#pulled.length - 1] = { after: last.after, through: range.through };
    } else this.#pulled.push(range);
    this.#passPulled();
  }

  /** The changes up to `end` that the storage lacks, in the order of their arrival, many at a time. */
  async *pending(context: SyncContext, end: ChangeCursor): AsyncGenerator<readonly LoggedChange[]> {
    for (let cursor = this.#afterPulled(this.#through); cursor < end;) {
      const after = cursor;
      const read = (): LoggedChange[] => context.log.changesSince(after, { limit: PAGE });
      const page = await databaseCall(context, 'reading changes to push', read);
      if (page.length === 0) return;
      const pending: LoggedChange[] = [];
      for (const logged of page) {
        if (logged.cursor > end) break;
        if (logged.cursor <= cursor) continue; // of a range that was passed
        cursor = logged.cursor;
        const range = this.#pulled.find(({ after, through }) => after < cursor && cursor <= through);
        if (range === undefined) pending.push(logged);
        else cursor = range.through;
      }
      if (pending.length > 0) yield pending;
      if (page.at(-1)!.cursor > end) return; // it is not empty
    }
  }

  /** What was pulled right behind what is there is there too. */
  #passPulled(): void {
    this.#through = this.#afterPulled(this.#through);
    this.#pulled = this.#pulled.filter(({ through }) => through > this.#through);
  }

  #afterPulled(cursor: ChangeCursor): ChangeCursor {
    let at = cursor;
    for (const { after, through } of this.#pulled) if (after <= at && at < through) at = through;
    return at;
  }
}
