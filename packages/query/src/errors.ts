/** Stable codes of this package's errors; never reused. */
export type QueryErrorCode =
  | 'QUERY_SYNTAX'
  | 'QUERY_UNSUPPORTED'
  | 'QUERY_TOO_LONG'
  | 'QUERY_TOO_DEEP'
  | 'QUERY_UNKNOWN_TABLE'
  | 'QUERY_UNKNOWN_VARIABLE'
  | 'QUERY_NOT_IN_SCOPE'
  | 'QUERY_DUPLICATE_NAME'
  | 'QUERY_UNTYPED_LITERAL'
  | 'QUERY_INVALID_LITERAL'
  | 'QUERY_TYPE_MISMATCH'
  | 'QUERY_INVALID_OPERATOR'
  | 'QUERY_WRONG_FIELD_COUNT'
  | 'QUERY_CONSTRAINT_VIOLATED'
  | 'QUERY_VIEW_FAILED'
  | 'QUERY_CYCLIC_RULES'
  | 'QUERY_ROW_LIMIT'
  | 'QUERY_TOO_LARGE';

/** SQL that cannot be run. The message is what the client sees; clients know these texts, so they are kept word for word. */
export class QueryError extends Error {
  override readonly name = 'QueryError';
  readonly code: QueryErrorCode;
  constructor(code: QueryErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
