import { CommitLogError } from '@lightcone/commitlog';
import type { DatabaseCopy } from './database-copy.ts';
import type { CopyCheck } from './verify-copies.ts';

/**
 * Reads everything of an archive, each blob once: whether it has its checksum, the log has no gap, and a snapshot leads to
 * where it begins. Whether records are what the database needs only a replay can tell. A server may go on archiving there,
 * and removing what is old.
 *
 * @returns undefined if there is nothing in it: its server was ended before that
 * @throws BlobError
 */
export async function verifyArchive(copy: DatabaseCopy): Promise<CopyCheck | undefined> {
  // Before the log, whose pieces come to an archive before a snapshot of what is in them.
  const snapshots = await copy.snapshots.list();
  const log = await verifyLog(copy);
  if (log === undefined) return undefined;
  const problems = [...log.problems];
  const found = new Map<string, CommitLogError | undefined>();
  let hasBeginning = log.firstTxOffset === 0;
  let count = 0;
  for (const txOffset of snapshots) {
    const damage = await copy.snapshots.verify(txOffset, undefined, found);
    if (damage.length > 0 && !(await copy.snapshots.list()).includes(txOffset)) continue; // it went meanwhile
    count++;
    for (const { message } of damage) problems.push(`the snapshot of transaction ${txOffset}: ${message}`);
    if (damage.length === 0 && txOffset + 1 >= log.firstTxOffset) hasBeginning = true;
    if (txOffset >= log.endTxOffset) {
      problems.push(`its log ends with transaction ${log.endTxOffset - 1}, though it has a snapshot of ${txOffset}`);
    }
  }
  if (!hasBeginning) {
    problems.push(
      `its log begins with transaction ${log.firstTxOffset}, and there is no good snapshot of what was before`,
    );
  }
  const pieces = counted(log.pieces, 'piece');
  const content = `${pieces} of log and ${counted(count, 'snapshot')} up to transaction ${log.endTxOffset - 1}`;
  return { content, problems };
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

interface LogCheck {
  readonly pieces: number;
  readonly firstTxOffset: number;
  readonly endTxOffset: number;
  readonly problems: readonly string[];
}

async function verifyLog({ log }: DatabaseCopy): Promise<LogCheck | undefined> {
  const problems: string[] = [];
  const firsts: number[] = [];
  for await (const first of log.list()) firsts.push(first);
  let pieces = 0;
  let firstTxOffset: number | undefined;
  let endTxOffset = 0;
  /** Where the next piece begins; undefined if the last one does not say. */
  let next: number | undefined;
  for (const first of firsts) {
    try {
      const piece = await log.read(first);
      if (next !== undefined && first !== next)
        problems.push(`the log has a gap: transactions ${next} to ${first - 1}`);
      next = piece.endTxOffset;
      endTxOffset = Math.max(endTxOffset, next);
    } catch (error) {
      if (!(error instanceof CommitLogError)) throw error;
      // The oldest pieces go, one after the other: if this one has, so have all before it.
      const { value: oldest } = await log.list().next();
      if (oldest === undefined || oldest > first) {
        firstTxOffset = undefined;
        next = undefined;
        pieces = 0;
        continue;
      }
      problems.push(error.message);
      next = undefined;
      endTxOffset = Math.max(endTxOffset, first + 1);
    }
    firstTxOffset ??= first;
    pieces++;
  }
  return firstTxOffset === undefined ? undefined : { pieces, firstTxOffset, endTxOffset, problems };
}
