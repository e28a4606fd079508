import type { SyncContext } from '../layout.ts';
import { PushedChanges } from '../pushed-changes.ts';
import type { SavedPushedChanges } from '../pushed-changes.ts';
import { StateNote } from '../state-note.ts';
import { PositionSet } from './position-set.ts';

/** The newest object that was seen: as long as it is there, the storage has lost nothing that we know of. */
export interface Tail {
  readonly position: number;
  /** Of a segment; undefined if it is a pack that has the position. */
  readonly etag: string | undefined;
}

interface Saved extends SavedPushedChanges {
  readonly version: 1;
  readonly have: readonly (readonly [from: number, to: number])[];
  readonly isNew: boolean;
  readonly tail: Tail | null;
  readonly ownPacks: readonly string[];
}

/** What a database knows of one storage in the log layout; a note in the database. */
export class LogState {
  have: PositionSet;
  readonly pushed: PushedChanges;
  /** Nothing is known of what the storage has of our changes: it has to be compared. */
  isNew: boolean;
  tail: Tail | undefined;
  /** Names of packs that this device wrote and found whole when it read them back. */
  ownPacks: string[];
  readonly #note: StateNote<Saved>;

  private constructor(note: StateNote<Saved>, saved: Saved | undefined) {
    this.#note = note;
    this.have = new PositionSet(saved?.have.map(([from, to]) => ({ from, to })));
    this.pushed = new PushedChanges(saved);
    this.isNew = saved?.isNew ?? true;
    this.tail = saved?.tail ?? undefined;
    this.ownPacks = [...(saved?.ownPacks ?? [])];
  }

  static async load(context: SyncContext, remoteId: string): Promise<LogState> {
    const note = new StateNote<Saved>(context, `sync:log:${remoteId}`, 1);
    return new LogState(note, await note.read());
  }

  /** Forgets what the storage has, as it is not what it was. What was not pushed before was not pushed since. */
  forget(): void {
    this.have = new PositionSet();
    this.isNew = true;
    this.tail = undefined;
    this.ownPacks = [];
  }

  /** Writes what has changed. @throws SyncError `SYNC_DATABASE_FAILED` */
  async save(): Promise<void> {
    await this.#note.write({
      version: 1,
      have: this.have.ranges.map(({ from, to }) => [from, to] as const),
      ...this.pushed.saved(),
      isNew: this.isNew,
      tail: this.tail ?? null,
      ownPacks: this.ownPacks,
    });
  }
}
