import type { ChangeLog } from '../../change-log.ts';
import { databaseCall } from '../database-call.ts';
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
  readonly #log: ChangeLog;
  readonly #key: string;
  #saved: string | undefined;

  private constructor(log: ChangeLog, remoteId: string) {
    this.#log = log;
    this.#key = `sync:dimple:${remoteId}`;
  }

  static load(log: ChangeLog, remoteId: string): DimpleState {
    const state = new DimpleState(log, remoteId);
    state.#load();
    return state;
  }

  /** The storage has lost something: what it has is compared with what the database has. */
  compareAll(): void {
    this.pushed = new PushedChanges(0, []);
    this.isNew = true;
    this.etagByManifest.clear();
  }

  /** Writes what has changed. @throws SyncError `SYNC_DATABASE_FAILED` */
  save(): void {
    const saved: Saved = {
      version: 1,
      through: this.pushed.through,
      pulled: this.pushed.pulled.map(({ after, through }) => [after, through] as const),
      isNew: this.isNew,
      etagByManifest: Object.fromEntries(this.etagByManifest),
    };
    const text = JSON.stringify(saved);
    if (text === this.#saved) return;
    databaseCall('noting how far the sync is', () => this.#log.setNotes([{ key: this.#key, value: text }]));
    this.#saved = text;
  }

  #load(): void {
    this.#saved = databaseCall('reading how far the sync is', () => this.#log.note(this.#key));
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
