import { databaseCall } from '../database-call.ts';
import type { SyncContext } from '../layout.ts';
import { PushedChanges } from '../pushed-changes.ts';

interface Saved {
  readonly version: 1;
  readonly through: number;
  readonly pulled: readonly (readonly [after: number, through: number])[];
  readonly isNew: boolean;
  readonly etagByManifest: Readonly<Record<string, string>>;
}

/** What a database knows of one storage in the layout of DimpleDb; a note in the database. */
export class DimpleState {
  pushed: PushedChanges = new PushedChanges(0, []);
  /** Nothing is known of what the storage has of our changes: it has to be compared. */
  isNew = true;
  /** Of the manifests of which we have all changes, by key. */
  etagByManifest: Map<string, string> = new Map();
  readonly #context: SyncContext;
  readonly #key: string;
  #saved: string | undefined;

  private constructor(context: SyncContext, remoteId: string) {
    this.#context = context;
    this.#key = `sync:dimple:${remoteId}`;
  }

  static async load(context: SyncContext, remoteId: string): Promise<DimpleState> {
    const state = new DimpleState(context, remoteId);
    await state.#load();
    return state;
  }

  /** The storage has lost something: what it has is compared with what the database has. */
  compareAll(): void {
    this.pushed = new PushedChanges(0, []);
    this.isNew = true;
    this.etagByManifest.clear();
  }

  /** Writes what has changed. @throws SyncError `SYNC_DATABASE_FAILED` */
  async save(): Promise<void> {
    const saved: Saved = {
      version: 1,
      through: this.pushed.through,
      pulled: this.pushed.pulled.map(({ after, through }) => [after, through] as const),
      isNew: this.isNew,
      etagByManifest: Object.fromEntries(this.etagByManifest),
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
    if (saved.version !== 1) return; // compared again, which changes nothing
    this.pushed = new PushedChanges(
      saved.through,
      saved.pulled.map(([after, through]) => ({ after, through })),
    );
    this.isNew = saved.isNew;
    this.etagByManifest = new Map(Object.entries(saved.etagByManifest));
  }
}
