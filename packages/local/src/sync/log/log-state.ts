import { databaseCall } from '../database-call.ts';
import type { SyncContext } from '../layout.ts';
import { PushedChanges } from '../pushed-changes.ts';
import { PositionSet } from './position-set.ts';

/** The newest object that was seen: as long as it is there, the storage has lost nothing that we know of. */
export interface Tail {
  readonly position: number;
  /** Of a segment; undefined if it is a pack that has the position. */
  readonly etag: string | undefined;
}

interface Saved {
  readonly version: 1;
  readonly have: readonly (readonly [from: number, to: number])[];
  readonly through: number;
  readonly pulled: readonly (readonly [after: number, through: number])[];
  readonly isNew: boolean;
  readonly tail: Tail | null;
  readonly ownPacks: readonly string[];
}

/** What a database knows of one storage in the log layout; a note in the database. */
export class LogState {
  have: PositionSet = new PositionSet();
  pushed: PushedChanges = new PushedChanges(0, []);
  /** Nothing is known of what the storage has of our changes: it has to be compared. */
  isNew = true;
  tail: Tail | undefined;
  /** Names of packs that this device wrote and found whole when it read them back. */
  ownPacks: string[] = [];
  readonly #context: SyncContext;
  readonly #key: string;
  #saved: string | undefined;

  private constructor(context: SyncContext, remoteId: string) {
    this.#context = context;
    this.#key = `sync:log:${remoteId}`;
  }

  static async load(context: SyncContext, remoteId: string): Promise<LogState> {
    const state = new LogState(context, remoteId);
    await state.#load();
    return state;
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
    const saved: Saved = {
      version: 1,
      have: this.have.ranges.map(({ from, to }) => [from, to] as const),
      through: this.pushed.through,
      pulled: this.pushed.pulled.map(({ after, through }) => [after, through] as const),
      isNew: this.isNew,
      tail: this.tail ?? null,
      ownPacks: this.ownPacks,
    };
    const text = JSON.stringify(saved);
    if (text === this.#saved) return;
    const { log } = this.#context;
    const note = { key: this.#key, value: text };
    await databaseCall(this.#context, 'noting how far the sync is', () => log.setNotes([note]));
    this.#saved = text;
  }

  async #load(): Promise<void> {
    const { log } = this.#context;
    this.#saved = await databaseCall(this.#context, 'reading how far the sync is', () => log.note(this.#key));
    if (this.#saved === undefined) return;
    const saved = JSON.parse(this.#saved) as Saved; // nobody but `save` writes it
    // Of an unknown version nothing is taken: the storage is compared again, which changes nothing.
    if (saved.version !== 1) return;
    this.have = new PositionSet(saved.have.map(([from, to]) => ({ from, to })));
    this.pushed = new PushedChanges(
      saved.through,
      saved.pulled.map(([after, through]) => ({ after, through })),
    );
    this.isNew = saved.isNew;
    this.tail = saved.tail ?? undefined;
    this.ownPacks = [...saved.ownPacks];
  }
}
