import { CommitLogError } from './errors.ts';

/** [LOG-5] Bytes that are no commit, with later transactions behind them. */
export function damaged(path: string, position: number, txOffset: number, problem: string): CommitLogError {
  return new CommitLogError(
    'LOG_DAMAGED',
    `${path}, byte ${position}, tx offset ${txOffset}: the log is damaged in the middle: ${problem}, ` +
      'and later transactions follow. Restore the file from a backup.',
  );
}

/** [LOG-5] A newest segment that does not begin with a good commit. */
export function damagedFirstCommit(path: string, position: number, txOffset: number, problem: string): CommitLogError {
  return new CommitLogError(
    'LOG_DAMAGED',
    `${path}, byte ${position}, tx offset ${txOffset}: first commit in the most recent segment is corrupt: ${problem}. ` +
      'Restore the file from a backup.',
  );
}

/** [LOG-6] A good commit, or a segment, that does not begin with the offset that is due. */
export function outOfOrder(path: string, position: number, expected: number, actual: number): CommitLogError {
  const [code, reason] =
    actual > expected
      ? (['LOG_OUT_OF_ORDER', 'transactions are missing'] as const)
      : (['LOG_FORKED', 'the offset was given before, to other content'] as const);
  return new CommitLogError(
    code,
    `${path}, byte ${position}: out-of-order offset: expected=${expected} actual=${actual}: ${reason}. ` +
      'Restore the files from a backup.',
  );
}
