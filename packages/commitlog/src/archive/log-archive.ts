import type { BlobStore } from '@lightcone/blobs';
import { CommitLogError } from '../errors.ts';
import { type Sha256, platformSha256 } from '../snapshots/sha256.ts';
import {
  type LogPiece,
  type LogPieceHeader,
  PIECE_HEADER_BYTES,
  damagedPiece,
  decodePiece,
  decodePieceHeader,
  encodePiece,
} from './log-piece.ts';

/**
 * A log in a store of blobs: pieces that follow on one another without a gap, each named after its first transaction.
 *
 *     00000000000000000000.piece   transactions 0 … 41
 *     00000000000000000042.piece   transactions 42 … 57
 *
 * One writer adds to it. A second one that has another history, as after the restore of an older state, would add other
 * bytes under the same name: the name is taken once only, so whoever comes second learns of it (`ARCHIVE_FORKED`).
 */
export class LogArchive {
  readonly #blobs: BlobStore;
  readonly #sha256: Sha256;

  constructor(blobs: BlobStore, sha256: Sha256 = platformSha256) {
    this.#blobs = blobs;
    this.#sha256 = sha256;
  }

  /**
   * The first tx offsets of the pieces, ascending.
   * @param after only those behind this one
   * @throws BlobError
   */
  async *list(after?: number): AsyncGenerator<number> {
    for await (const { firstTxOffset } of this.pieces(after)) yield firstTxOffset;
  }

  /** As `list`, with the times of the store at which they were put, in ms since 1970. */
  async *pieces(after?: number): AsyncGenerator<{ readonly firstTxOffset: number; readonly putAtMs: number }> {
    for await (const blob of this.#blobs.list('', after === undefined ? undefined : pieceKey(after))) {
      const firstTxOffset = Number(/^(\d{20})\.piece$/.exec(blob.key)?.[1]);
      if (Number.isSafeInteger(firstTxOffset)) yield { firstTxOffset, putAtMs: blob.modifiedAt };
    }
  }

  /**
   * The first tx offset of the last piece; undefined if there is none.
   * @param near a transaction near the end, if one is known: not all names are listed then
   * @throws BlobError
   */
  async findLast(near = 0): Promise<number | undefined> {
    let last: number | undefined;
    for (let back = 1000; last === undefined; back *= 30) {
      const after = near - back;
      for await (const firstTxOffset of this.list(after < 0 ? undefined : after)) last = firstTxOffset;
      if (after < 0) break;
    }
    return last;
  }

  /** What the piece that begins at a transaction says of itself. @throws as `read` */
  async readHeader(firstTxOffset: number): Promise<LogPieceHeader> {
    const key = pieceKey(firstTxOffset);
    const bytes = await this.#blobs.get(key, { start: 0, end: PIECE_HEADER_BYTES });
    if (bytes === undefined) throw damagedPiece(key, 'it is missing');
    return checked(key, firstTxOffset, decodePieceHeader(key, bytes));
  }

  /**
   * The piece that begins at a transaction.
   * @throws CommitLogError `ARCHIVE_DAMAGED` also if it is missing, `ARCHIVE_UNSUPPORTED`; BlobError
   */
  async read(firstTxOffset: number): Promise<LogPiece> {
    const key = pieceKey(firstTxOffset);
    const bytes = await this.#blobs.get(key);
    if (bytes === undefined) throw damagedPiece(key, 'it is missing');
    return checked(key, firstTxOffset, await decodePiece(key, bytes, this.#sha256));
  }

  /**
   * Adds a piece. The same one again changes nothing, so it may be repeated after a failure.
   * @throws CommitLogError `ARCHIVE_FORKED` if there is another of the name; BlobError
   */
  async add(piece: LogPiece): Promise<void> {
    const key = pieceKey(piece.firstTxOffset);
    const bytes = await encodePiece(piece, this.#sha256);
    if (await this.#blobs.putIfAbsent(key, bytes)) return;
    const there = await this.#blobs.get(key);
    if (there !== undefined && there.length === bytes.length && there.every((byte, i) => byte === bytes[i])) return;
    throw new CommitLogError(
      'ARCHIVE_FORKED',
      `${key}: another piece has this name: another server, or an earlier state of this one, archives to the same place`,
    );
  }

  /**
   * Removes pieces that end before a transaction, the oldest first, each before the next: what is left has no gap.
   * Whoever calls it has a snapshot with that transaction, or a later one.
   * @param atMost so many of them
   * @returns whether there may be more
   * @throws BlobError
   */
  async removeBefore(txOffset: number, atMost: number): Promise<boolean> {
    let removed = 0;
    let oldest: number | undefined;
    for await (const next of this.list()) {
      if (next > txOffset) return false;
      if (removed === atMost) return true;
      if (oldest !== undefined) {
        await this.#blobs.delete(pieceKey(oldest));
        removed++;
      }
      oldest = next;
    }
    return false;
  }
}

function pieceKey(firstTxOffset: number): string {
  return `${String(firstTxOffset).padStart(20, '0')}.piece`;
}

function checked<Header extends LogPieceHeader>(key: string, firstTxOffset: number, header: Header): Header {
  if (header.firstTxOffset !== firstTxOffset || header.endTxOffset <= firstTxOffset) {
    throw damagedPiece(key, `it says that it has transactions ${header.firstTxOffset} to ${header.endTxOffset - 1}`);
  }
  return header;
}
