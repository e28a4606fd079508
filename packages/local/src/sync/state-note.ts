import { databaseCall } from './database-call.ts';
import type { SyncContext } from './layout.ts';

/** A note in the database that says how far the sync with one storage is; written only when it has changed. */
export class StateNote<Saved extends { readonly version: number }> {
  readonly #context: SyncContext;
  readonly #key: string;
  readonly #version: Saved['version'];
  #text: string | undefined;

  constructor(context: SyncContext, key: string, version: Saved['version']) {
    this.#context = context;
    this.#key = key;
    this.#version = version;
  }

  /**
   * @returns undefined if there is none, or one of another version: the storage is compared again, which changes nothing
   * @throws SyncError `SYNC_DATABASE_FAILED`; the reason of the signal
   */
  async read(): Promise<Saved | undefined> {
    const { log } = this.#context;
    this.#text = await databaseCall(this.#context, 'reading how far the sync is', () => log.note(this.#key));
    if (this.#text === undefined) return undefined;
    const saved = JSON.parse(this.#text) as Saved; // nobody but `write` writes it
    return saved.version === this.#version ? saved : undefined;
  }

  /** @throws SyncError `SYNC_DATABASE_FAILED`; the reason of the signal */
  async write(saved: Saved): Promise<void> {
    const text = JSON.stringify(saved);
    if (text === this.#text) return;
    const note = { key: this.#key, value: text };
    await databaseCall(this.#context, 'noting how far the sync is', () => this.#context.log.setNotes([note]));
    this.#text = text;
  }
}
