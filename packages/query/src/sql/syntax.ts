/**
 * The tree of a parsed statement: grammatical, with every name still a text and no type known.
 * What the base grammar knows but Lightcone does not run never gets here; the parser refuses it.
 */
export type Statement = Select | Insert | Update | Delete | SetVariable | ShowVariable | Explain;

export interface Select {
  readonly kind: 'select';
  readonly projection: Projection;
  /** Never empty. */
  readonly from: readonly FromTable[];
  readonly where: Expression | undefined;
  /** The number as it was written. */
  readonly limit: string | undefined;
}

export type Projection =
  | { readonly kind: 'all' }
  | { readonly kind: 'allOf'; readonly table: string }
  | { readonly kind: 'columns'; readonly columns: readonly ProjectedColumn[] }
  | { readonly kind: 'count'; readonly alias: string };

export interface ProjectedColumn {
  readonly column: ColumnName;
  readonly alias: string | undefined;
}

export interface FromTable {
  readonly table: string;
  readonly alias: string | undefined;
  /** The condition of an inner join; the first table and cross joins have none. */
  readonly on: { readonly left: ColumnName; readonly right: ColumnName } | undefined;
}

export interface Insert {
  readonly kind: 'insert';
  readonly table: string;
  readonly fields: readonly string[];
  readonly rows: readonly (readonly Literal[])[];
}

export interface Update {
  readonly kind: 'update';
  readonly table: string;
  readonly assignments: readonly { readonly field: string; readonly value: Literal }[];
  readonly where: Expression | undefined;
}

export interface Delete {
  readonly kind: 'delete';
  readonly table: string;
  readonly where: Expression | undefined;
}

export interface SetVariable {
  readonly kind: 'set';
  readonly variable: string;
  readonly value: Literal;
}

export interface ShowVariable {
  readonly kind: 'show';
  readonly variable: string;
}

/** An extension: asks for the plan of a query. */
export interface Explain {
  readonly kind: 'explain';
  readonly select: Select;
}

export type ComparisonOperator = '=' | '<>' | '<' | '<=' | '>' | '>=';

export type Expression = Literal | Sender | ColumnName | Comparison | Logical;

/** A literal's meaning depends on the type that its place wants, so it stays a text. */
export interface Literal {
  readonly kind: 'literal';
  readonly form: 'bool' | 'number' | 'string' | 'hex';
  /** Without quotes or `0x`; with its sign. */
  readonly text: string;
}

/** `:sender`, the identity of the caller. */
export interface Sender {
  readonly kind: 'sender';
}

export interface ColumnName {
  readonly kind: 'column';
  readonly table: string | undefined;
  readonly name: string;
}

export interface Comparison {
  readonly kind: 'comparison';
  readonly operator: ComparisonOperator;
  readonly left: Expression;
  readonly right: Expression;
}

/** A chain of ANDs or ORs, flat, so that a long chain is not a deep tree. */
export interface Logical {
  readonly kind: 'logical';
  readonly operator: 'AND' | 'OR';
  readonly operands: readonly Expression[];
}
