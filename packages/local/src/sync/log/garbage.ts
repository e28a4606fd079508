import type { BlobInfo } from '@lightcone/blobs';
import type { LogSession } from './log-session.ts';
import { isPack } from './pieces.ts';
import type { Listing, Piece } from './pieces.ts';

/**
 * Deletes what a pack has that this device wrote, found whole, and sees in this listing: segments, smaller packs, and
 * what is left of packs that were never finished. The newest of them, and those that the pack replaced only lately, stay:
 * devices that have read most of them need not read the pack.
 *
 * Deleting is safe at any moment: what is gone is in the pack, and who is about to read it lists again.
 */
export async function collectGarbage({ context, limits, state }: LogSession, listing: Listing): Promise<void> {
  const { store, signal } = context;
  const own = listing.pieces.filter((piece) => piece.isComplete && state.ownPacks.includes(piece.name));
  const now = listing.pieces.reduce((latest, piece) => Math.max(latest, writtenAt(piece)), 0);
  const covered = listing.pieces
    .map((piece) => ({ piece, by: own.find((pack) => covers(pack, piece)) }))
    .filter(({ by }) => by !== undefined);
  const newestFirst = covered.toSorted((a, b) => b.piece.to - a.piece.to);
  const doomed = newestFirst.filter(({ by }, i) => i >= limits.keepObjects || now - writtenAt(by!) >= limits.keepMs); // filtered above
  for (const { piece } of doomed) for (const { key } of piece.objects) await store.delete(key, signal);
  const names = new Set(doomed.map(({ piece }) => piece.name));
  state.ownPacks = own.map(({ name }) => name).filter((name) => !names.has(name));
  await state.save();
}

/** Strictly, or of two packs of the same range the one whose name sorts first: so at least one stays of any two. */
function covers(pack: Piece, piece: Piece): boolean {
  if (pack.name === piece.name || pack.from > piece.from || pack.to < piece.to) return false;
  const isSameRange = pack.from === piece.from && pack.to === piece.to;
  return !isSameRange || !isPack(piece) || !piece.isComplete || pack.name < piece.name;
}

function writtenAt({ objects }: Piece): number {
  return Math.max(...objects.map(({ modifiedAt }: BlobInfo) => modifiedAt));
}
