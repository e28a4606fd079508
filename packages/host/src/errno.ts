/** What an import answers when it neither succeeds nor traps; the module sees the positive number. */
export const ERRNO = {
  hostCallFailure: 1,
  notInTransaction: 2,
  bsatnDecodeError: 3,
  noSuchTable: 4,
  noSuchIndex: 5,
  noSuchIterator: 6,
  noSuchConsoleTimer: 7,
  noSuchBytes: 8,
  noSpace: 9,
  wrongIndexAlgorithm: 10,
  bufferTooSmall: 11,
  uniqueAlreadyExists: 12,
  scheduleAtDelayTooLong: 13,
  indexNotUnique: 14,
  noSuchRow: 15,
  autoIncrementOverflow: 16,
  wouldBlockTransaction: 17,
  transactionNotAnonymous: 18,
  transactionIsReadOnly: 19,
  transactionIsMutable: 20,
  httpError: 21,
} as const;

export type Errno = (typeof ERRNO)[keyof typeof ERRNO];
