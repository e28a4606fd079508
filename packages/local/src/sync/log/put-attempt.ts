import type { SyncContext } from '../layout.ts';
import type { Piece } from './pieces.ts';
import { areEqual } from './segment-format.ts';

/** Our own segment, while we do not know whether it was put. */
export class PutAttempt {
  #tag: string | undefined;
  /** What was being put; undefined when it is known to be there. */
  #put: { readonly key: string; readonly bytes: Uint8Array } | undefined;
  through = 0;

  begin(tag: Uint8Array, through: number): void {
    this.#tag = tag.join();
    this.through = through;
  }

  puts(key: string, bytes: Uint8Array): void {
    this.#put = { key, bytes };
  }

  succeeded(): void {
    this.#put = undefined;
  }

  /** Tells it from those of others. */
  isOf(segment: { readonly tag: Uint8Array }): boolean {
    return segment.tag.join() === this.#tag;
  }

  /**
   * Puts it whole where a storage has kept the beginning of it: nobody could read that, and nobody else could say what
   * belongs there.
   * @returns whether it did
   */
  async completeIn(pieces: readonly Piece[], { store, signal }: SyncContext): Promise<boolean> {
    if (this.#put === undefined) return false;
    const { key, bytes } = this.#put;
    const listed = pieces.find(({ name }) => name === key)?.objects[0];
    if (listed === undefined) return false;
    const found = await store.get(key, undefined, signal).catch(() => undefined); // the pull tells what is wrong with it
    if (found === undefined || found.length >= bytes.length) return false;
    if (!areEqual(found, bytes.subarray(0, found.length))) return false;
    return store.putIfMatch(key, bytes, listed.etag, signal);
  }
}
