import type { SyncContext } from '../layout.ts';
import { PushedChanges } from '../pushed-changes.ts';
import type { SavedPushedChanges } from '../pushed-changes.ts';
import { StateNote } from '../state-note.ts';

interface Saved extends SavedPushedChanges {
  readonly version: 1;
  readonly isNew: boolean;
  readonly etagByManifest: Readonly<Record<string, string>>;
}

/** What a database knows of one storage in the layout of DimpleDb; a note in the database. */
export class DimpleState {
  pushed: PushedChanges;
  /** Nothing is known of what the storage has of our changes: it has to be compared. */
  isNew: boolean;
  /** Of the manifests of which we have all changes, by key. */
  readonly etagByManifest: Map<string, string>;
  readonly #note: StateNote<Saved>;

  private constructor(note: StateNote<Saved>, saved: Saved | undefined) {
    this.#note = note;
    this.pushed = new PushedChanges(saved);
    this.isNew = saved?.isNew ?? true;
    this.etagByManifest = new Map(Object.entries(saved?.etagByManifest ?? {}));
  }

  static async load(context: SyncContext, remoteId: string): Promise<DimpleState> {
    const note = new StateNote<Saved>(context, `sync:dimple:${remoteId}`, 1);
    return new DimpleState(note, await note.read());
  }

  /** The storage has lost something: what it has is compared with what the database has. */
  compareAll(): void {
    this.pushed = new PushedChanges();
    this.isNew = true;
    this.etagByManifest.clear();
  }

  /** Writes what has changed. @throws SyncError `SYNC_DATABASE_FAILED` */
  async save(): Promise<void> {
    await this.#note.write({
      version: 1,
      ...this.pushed.saved(),
      isNew: this.isNew,
      etagByManifest: Object.fromEntries(this.etagByManifest),
    });
  }
}
