import type { AlgebraicType, ProductType, Typespace } from '@lightcone/sats';

/**
 * A module's definition with every rule checked and every name settled.
 *
 * Canonical names (`name`) are what clients and SQL use; accessor and source names are what the
 * module itself calls things. Before version 10 the two are equal.
 */
export interface ModuleDef {
  readonly version: 'v9OrEarlier' | 'v10';
  /** With the canonical names of fields and variants. */
  readonly typespace: Typespace;
  readonly types: readonly TypeDef[];
  /** In the order of the module. */
  readonly tables: readonly TableDef[];
  /** A reducer's position is its id; with submodules, see `walkModules`. */
  readonly reducers: readonly ReducerDef[];
  /** A procedure's position is its id. */
  readonly procedures: readonly ProcedureDef[];
  readonly views: readonly ViewDef[];
  /** A handler's position is its id. */
  readonly httpHandlers: readonly HttpHandlerDef[];
  /** The first that matches wins. */
  readonly httpRoutes: readonly HttpRouteDef[];
  /** Positions of lifecycle reducers in `reducers`. */
  readonly lifecycle: ReadonlyMap<Lifecycle, number>;
  /** SQL texts, each once; not parsed here. */
  readonly rowLevelSecurity: readonly string[];
  readonly submodules: readonly SubmoduleDef[];
}

export type Lifecycle = 'init' | 'onConnect' | 'onDisconnect';
export type Visibility = 'private' | 'clientCallable';

/** The name of a type of the typespace, as generated bindings know it. */
export interface TypeDef {
  readonly scope: readonly string[];
  readonly name: string;
  readonly ref: number;
  readonly customOrdering: boolean;
}

export interface TableDef {
  readonly name: string;
  readonly accessorName: string;
  /** Where the typespace has the row type; tables may share one. */
  readonly productTypeRef: number;
  readonly columns: readonly ColumnDef[];
  /** Position of the column. It has a unique constraint of its own. */
  readonly primaryKey: number | undefined;
  readonly indexes: readonly IndexDef[];
  readonly uniqueConstraints: readonly UniqueConstraintDef[];
  readonly sequences: readonly SequenceDef[];
  readonly schedule: ScheduleDef | undefined;
  readonly tableType: 'system' | 'user';
  readonly access: 'public' | 'private';
  /** Rows of an event table live as long as their transaction. */
  readonly isEvent: boolean;
}

export interface ColumnDef {
  readonly name: string;
  readonly accessorName: string;
  /** May hold refs to the module's typespace; they resolve without cycles. */
  readonly type: AlgebraicType;
  /** BSATN of the column's type; used for existing rows when the column is added to a table. */
  readonly defaultValue: Uint8Array | undefined;
}

/** `direct` has exactly one column, of type U8, U16, U32, U64 or a plain enum. */
export interface IndexAlgorithm {
  readonly kind: 'btree' | 'hash' | 'direct';
  readonly columns: readonly number[];
}

export interface IndexDef {
  readonly name: string;
  /** The name the module looks the index up by. */
  readonly sourceName: string;
  readonly accessorName: string | undefined;
  readonly algorithm: IndexAlgorithm;
}

export interface UniqueConstraintDef {
  readonly name: string;
  /** Ascending. Some index has the same columns, in whatever order. */
  readonly columns: readonly number[];
}

/** Numbers that are not given: start 1, minimum 1, maximum 2^127 - 1. */
export interface SequenceDef {
  readonly name: string;
  readonly column: number;
  readonly start: bigint | undefined;
  readonly minValue: bigint | undefined;
  readonly maxValue: bigint | undefined;
  /** Not zero. */
  readonly increment: bigint;
}

export interface ScheduleDef {
  readonly name: string;
  /** The column of type ScheduleAt. */
  readonly atColumn: number;
  /** Canonical name of a reducer or procedure whose one parameter is the row. */
  readonly functionName: string;
  readonly functionKind: 'reducer' | 'procedure';
}

export interface ReducerDef {
  readonly name: string;
  readonly accessorName: string;
  /** Names as the module has them: the keys of JSON arguments. */
  readonly params: ProductType;
  readonly lifecycle: Lifecycle | undefined;
  readonly visibility: Visibility;
  readonly okReturnType: AlgebraicType;
  readonly errReturnType: AlgebraicType;
}

export interface ProcedureDef {
  readonly name: string;
  readonly accessorName: string;
  readonly params: ProductType;
  readonly returnType: AlgebraicType;
  readonly visibility: Visibility;
}

export interface ViewDef {
  readonly name: string;
  readonly accessorName: string;
  /** The id among the views of this kind: anonymous ones and those that know the sender count apart. */
  readonly index: number;
  readonly isAnonymous: boolean;
  readonly isPublic: boolean;
  readonly params: ProductType;
  readonly returnType: AlgebraicType;
  /** Whether the view returns a query (`{ __query__: Row }`) rather than rows. */
  readonly isQuery: boolean;
  readonly rowTypeRef: number;
  /** The columns of the row type. */
  readonly columns: readonly ViewColumnDef[];
  /** Position of a column of the row type: the declared one, or for a query view the one its tables share. */
  readonly primaryKey: number | undefined;
  readonly isPrimaryKeyDeclared: boolean;
}

export interface ViewColumnDef {
  readonly name: string;
  readonly accessorName: string;
  readonly type: AlgebraicType;
}

export interface HttpHandlerDef {
  readonly name: string;
  readonly accessorName: string;
}

/** `Any` matches every method; an extension is a method by its own name. */
export type HttpMethod =
  | {
      readonly tag: 'Any' | 'Get' | 'Head' | 'Post' | 'Put' | 'Delete' | 'Connect' | 'Options' | 'Trace' | 'Patch';
    }
  | { readonly tag: 'Extension'; readonly name: string };

export interface HttpRouteDef {
  /** Canonical name. */
  readonly handlerName: string;
  readonly method: HttpMethod;
  /** Compared exactly; empty or beginning with `/`. */
  readonly path: string;
}

export interface SubmoduleDef {
  readonly namespace: string;
  readonly module: ModuleDef;
}
