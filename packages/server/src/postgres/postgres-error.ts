/**
 * The codes of errors that this interface sends, by their names in Appendix A of the PostgreSQL manual.
 * What goes wrong in a statement is `internalError`, as in the reference.
 */
export const SQL_STATE = {
  protocolViolation: '08P01',
  featureNotSupported: '0A000',
  notInRepertoire: '22021',
  notAuthorized: '28000',
  invalidPassword: '28P01',
  noSuchDatabase: '3D000',
  insufficientResources: '53000',
  tooManyConnections: '53300',
  limitExceeded: '54000',
  shuttingDown: '57P01',
  cannotConnectNow: '57P03',
  startupTimeout: '57P05',
  internalError: 'XX000',
} as const;

export type SqlState = (typeof SQL_STATE)[keyof typeof SQL_STATE];

/** What a client is told. FATAL ends its session, ERROR only what it asked for. */
export class PostgresError extends Error {
  override readonly name = 'PostgresError';
  readonly severity: 'ERROR' | 'FATAL';
  readonly code: SqlState;
  /** The way out, which clients show on a line of its own. */
  readonly hint: string | undefined;
  constructor(severity: 'ERROR' | 'FATAL', code: SqlState, message: string, hint?: string) {
    super(message);
    this.severity = severity;
    this.code = code;
    this.hint = hint;
  }
}
