/** Stable codes of this package's errors; never reused. */
export type SchemaErrorCode =
  /** The bytes are no module definition. `problems` is empty. */
  | 'SCHEMA_UNDECODABLE'
  /** The definition breaks rules; `problems` lists every one. */
  | 'SCHEMA_INVALID';

/** The rules that a definition can break. Stable; never reused. */
export type SchemaProblemCode =
  // Names
  | 'INVALID_IDENTIFIER'
  | 'DUPLICATE_NAME'
  | 'DUPLICATE_FUNCTION_NAME'
  | 'DUPLICATE_HTTP_HANDLER_NAME'
  | 'DUPLICATE_TYPE_NAME'
  | 'DUPLICATE_ELEMENT_NAME'
  | 'TABLE_NAME_RESERVED'
  | 'NAMES_TOO_LONG'
  // Types
  | 'INVALID_TYPE_REF'
  | 'TYPE_HAS_INCORRECT_ORDERING'
  | 'NOT_VALID_FOR_DEFINITION'
  | 'NAMELESS_TYPE_ELEMENT'
  | 'NOT_A_TYPE_USE'
  | 'RECURSIVE_TYPE'
  | 'TYPE_TOO_LARGE'
  // Tables
  | 'INVALID_PRODUCT_TYPE_REF'
  | 'UNNAMED_COLUMN'
  | 'COLUMN_NOT_FOUND'
  | 'NO_COLUMNS'
  | 'DUPLICATE_COLUMNS'
  | 'DIRECT_INDEX_ON_BAD_TYPE'
  | 'INDEX_WITHOUT_SOURCE_NAME'
  | 'UNIQUE_CONSTRAINT_WITHOUT_INDEX'
  | 'REPEATED_PRIMARY_KEY'
  | 'MISSING_PRIMARY_KEY_UNIQUE_CONSTRAINT'
  | 'INVALID_SEQUENCE_COLUMN_TYPE'
  | 'ONE_AUTO_INC'
  | 'INVALID_SEQUENCE_RANGE'
  | 'INVALID_SEQUENCE_INCREMENT'
  | 'COLUMN_DEFAULT_VALUE_MALFORMED'
  | 'MULTIPLE_COLUMN_DEFAULT_VALUES'
  | 'TABLE_NOT_FOUND'
  | 'COLUMN_DEF_MALFORMED'
  // Schedules
  | 'SCHEDULED_INCORRECT_COLUMNS'
  | 'DUPLICATE_SCHEDULE'
  | 'MISSING_SCHEDULED_FUNCTION'
  | 'INCORRECT_SCHEDULED_FUNCTION_PARAMS'
  // Functions
  | 'NAMELESS_PARAMETER'
  | 'INVALID_REDUCER_RETURN_TYPE'
  | 'DUPLICATE_LIFECYCLE'
  | 'LIFECYCLE_WITHOUT_REDUCER'
  // Views
  | 'INVALID_VIEW_RETURN_TYPE'
  | 'VIEW_PRIMARY_KEY_VIEW_NOT_FOUND'
  | 'VIEW_PRIMARY_KEY_COLUMN_NOT_FOUND'
  | 'REPEATED_VIEW_PRIMARY_KEY'
  | 'MULTIPLE_VIEW_PRIMARY_KEY_COLUMNS'
  // HTTP
  | 'INVALID_HTTP_ROUTE_PATH'
  | 'MISSING_HTTP_HANDLER'
  | 'DUPLICATE_HTTP_ROUTE'
  // Submodules
  | 'NAMESPACE_TOO_LONG'
  | 'LIFECYCLE_IN_SUBMODULE';

/** One broken rule. */
export interface SchemaProblem {
  readonly code: SchemaProblemCode;
  /** One line for the module's author; names the table, column, function or type concerned. */
  readonly message: string;
  /** The thing concerned, such as `` table `person` ``; in a submodule its namespace comes first (`lib.`). */
  readonly where: string;
}

/** A module definition that cannot be read or breaks rules. The message has one line per problem. */
export class SchemaError extends Error {
  override readonly name = 'SchemaError';
  readonly code: SchemaErrorCode;
  /** Every problem once, up to a thousand, sorted by `where`, then by code and message. */
  readonly problems: readonly SchemaProblem[];
  constructor(code: SchemaErrorCode, message: string, problems: readonly SchemaProblem[] = [], options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.problems = problems;
  }
}
