import { CommitLogError } from '../errors.ts';

/**
 * A blob of a snapshot: some pages, one behind the other. It is named after its content, so whoever reads it can tell
 * whether it is whole, and snapshots share what did not change between them.
 */
export class SnapshotObject {
  readonly byteLength: number;
  #id: string | undefined;

  /** @param id SHA-256 of the content in hex; unknown while the object is being written */
  constructor(byteLength: number, id?: string) {
    this.byteLength = byteLength;
    this.#id = id;
  }

  /** SHA-256 of the content, in hex. Reading it before the object is stored is a bug. */
  get id(): string {
    if (this.#id === undefined) throw new Error('the object is not stored yet');
    return this.#id;
  }

  /** @internal */
  stored(id: string): void {
    this.#id = id;
  }
}

/** Bytes of an object. */
export interface SnapshotPiece {
  readonly object: SnapshotObject;
  readonly start: number;
  readonly end: number;
}

/** The key of an object in the store of its snapshot. */
export function objectKey(id: string): string {
  return `${OBJECTS}${id.slice(0, 2)}/${id.slice(2)}`;
}

/** The id of the object with a key; undefined for a key that is none of an object. */
export function objectIdOf(key: string): string | undefined {
  const match = /^objects\/([0-9a-f]{2})\/([0-9a-f]{62})$/.exec(key);
  return match === null ? undefined : `${match[1]}${match[2]}`;
}

/** What the keys of all objects begin with. */
export const OBJECTS = 'objects/';

export function snapshotDamaged(key: string, problem: string): CommitLogError {
  return new CommitLogError('SNAPSHOT_DAMAGED', `${key}: ${problem}`);
}
