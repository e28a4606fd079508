import { CHECKSUM_BYTES, COMMIT_LAYOUT } from '../commit-layout.ts';
import type { CommitVisitor } from '../replay.ts';
import type { LogPiece } from './log-piece.ts';

/** Visits the commits of a piece, up to one that is not whole: `inspectLog` finds that in what is written of the piece. */
export function visitCommits({ commits }: LogPiece, visit: CommitVisitor): void {
  const { countAt, lengthAt, headerBytes } = COMMIT_LAYOUT;
  const view = new DataView(commits.buffer, commits.byteOffset, commits.byteLength);
  for (let at = 0; at + headerBytes <= commits.length;) {
    const start = at + headerBytes;
    const end = start + view.getUint32(at + lengthAt, true);
    if (end > commits.length) return;
    visit(Number(view.getBigUint64(at, true)), view.getUint16(at + countAt, true), commits, start, end);
    at = end + CHECKSUM_BYTES;
  }
}
