import type { BlobInfo, BlobStore } from '@lightcone/blobs';
import { hexOf } from '../../hex.ts';
import type { PositionRange } from './position-set.ts';

/**
 * What the log layout keeps in a store:
 *
 * ```
 * log/{position}                              a segment: what one device pushed at once, put only if it is absent
 * pack/{from}-{to}-{tag}/{part}[-last]        what the segments behind `from` up to `to` add up to, in parts
 * remote-id                                   tells this store from one that was made again in its place
 * ```
 *
 * The names sort so that one listing behind the newest known segment shows all that is new.
 */
const SEGMENT = /^log\/(0\d{15})$/;
const PACK_PART = /^(pack\/(0\d{15})-(0\d{15})-[0-9a-f]{32})\/(\d{4})(-last)?$/;

/** Of 15 digits, so that all numbers are exact. A name that says more is a stranger's, and passed over. */
export const MAX_POSITION: number = 10 ** 15 - 1;

/** Objects that have the changes of some positions: one segment, or the parts of a pack. */
export interface Piece extends PositionRange {
  /** The key of a segment, the folder of a pack. */
  readonly name: string;
  /** In the order of the parts. */
  readonly objects: readonly BlobInfo[];
  readonly size: number;
  /** A pack of which parts are missing is nothing yet. */
  readonly isComplete: boolean;
}

export interface Listing {
  readonly pieces: readonly Piece[];
  /** The highest position that is taken. */
  readonly head: number;
  /** The etag of `remote-id`. */
  readonly remoteIdEtag: string | undefined;
}

export function segmentKey(position: number): string {
  return `log/${digits(position)}`;
}

export function packFolder({ from, to }: PositionRange, tag: Uint8Array): string {
  return `pack/${digits(from)}-${digits(to)}-${hexOf(tag)}`;
}

export function packPartKey(folder: string, part: number, isLast: boolean): string {
  return `${folder}/${part.toString().padStart(4, '0')}${isLast ? '-last' : ''}`;
}

export function isPack(piece: Piece): boolean {
  return piece.name.startsWith('pack/');
}

export const REMOTE_ID_KEY = 'remote-id';

/** Lists the segments behind position `after`, and all packs. One operation. */
export async function listPieces(store: BlobStore, after: number, signal: AbortSignal | undefined): Promise<Listing> {
  const pieces: Piece[] = [];
  const partsByPack = new Map<string, BlobInfo[]>();
  let remoteIdEtag: string | undefined;
  for await (const blob of store.list('', segmentKey(after), signal)) {
    const segment = SEGMENT.exec(blob.key);
    const pack = PACK_PART.exec(blob.key)?.[1];
    if (segment !== null) {
      const to = Number(segment[1]);
      pieces.push({ from: to - 1, to, name: blob.key, objects: [blob], size: blob.size, isComplete: true });
    } else if (pack !== undefined) {
      const parts = partsByPack.get(pack);
      if (parts === undefined) partsByPack.set(pack, [blob]);
      else parts.push(blob);
    } else if (blob.key === REMOTE_ID_KEY) remoteIdEtag = blob.etag;
  }
  for (const [name, objects] of partsByPack) pieces.push(packOf(name, objects));
  const head = pieces.reduce((most, { to, isComplete }) => (isComplete ? Math.max(most, to) : most), 0);
  return { pieces, head, remoteIdEtag };
}

function packOf(name: string, objects: BlobInfo[]): Piece {
  const [, , from, to] = PACK_PART.exec(objects[0]!.key)!; // it was matched before
  const isComplete = objects.every(({ key }, i) => key === packPartKey(name, i, i === objects.length - 1));
  const size = objects.reduce((sum, object) => sum + object.size, 0);
  return { from: Number(from), to: Number(to), name, objects, size, isComplete };
}

function digits(position: number): string {
  return position.toString().padStart(16, '0');
}
