import { visitCommits } from '@lightcone/commitlog';
import type { LogPiece } from '@lightcone/commitlog';
import { recordTimestampMicros } from '@lightcone/engine/verify';
import { SatsError } from '@lightcone/sats';

/**
 * Whether a piece of a log surely has a transaction of a later moment. Of records, those that commits begin with are
 * looked at: where the others begin, nobody can say without their tables.
 *
 * When a piece was cut says nothing of it: an archive that could not be reached gets many at once, long after their
 * transactions.
 *
 * @param from transactions before it do not count
 */
export function hasLaterTransaction(piece: LogPiece, micros: number, from: number): boolean {
  let isLater = piece.times.some((time) => time.txOffset >= from && time.micros > micros);
  visitCommits(piece, (minTxOffset, count, bytes, start, end) => {
    if (isLater || minTxOffset < from || count === 0) return;
    isLater = Number(calledAtMicros(bytes, start, end) ?? 0n) > micros;
  });
  return isLater;
}

/** @returns undefined also for a record that does not decode: the replay says so */
function calledAtMicros(bytes: Uint8Array, start: number, end: number): bigint | undefined {
  try {
    return recordTimestampMicros(bytes, start, end);
  } catch (error) {
    if (error instanceof SatsError) return undefined;
    throw error;
  }
}
