import type { Range } from 'assemblyscript';
import type { ProductDeclaration, ValueType } from './value-type.ts';

export type IndexAlgorithm = 'btree' | 'hash' | 'direct';

export interface Index {
  /** As in `ctx.db.table.accessor`. */
  readonly property: string;
  readonly accessor: string;
  /** The name by which the module looks it up. */
  readonly sourceName: string;
  /** The canonical name, if it is not left to the host. */
  readonly name: string | undefined;
  readonly algorithm: IndexAlgorithm;
  /** Positions of the columns, in the order of the key. */
  readonly columns: readonly number[];
  readonly isUnique: boolean;
}

export interface Table {
  /** As in `ctx.db.property`. */
  readonly property: string;
  readonly accessor: string;
  /** The canonical name, if it is not left to the host. */
  readonly name: string | undefined;
  readonly row: ProductDeclaration;
  readonly isPublic: boolean;
  readonly isEvent: boolean;
  readonly primaryKey: number | undefined;
  readonly indexes: readonly Index[];
  readonly uniqueColumns: readonly number[];
  readonly autoIncColumns: readonly number[];
  readonly defaults: readonly { readonly column: number; readonly bytes: Uint8Array }[];
  readonly schedule: { readonly column: number; readonly functionName: string; readonly range: Range } | undefined;
  readonly range: Range;
}

export interface Parameter {
  /** As in the source. */
  readonly property: string;
  readonly name: string;
  readonly type: ValueType;
}

export type Lifecycle = 'Init' | 'OnConnect' | 'OnDisconnect';

interface Callable {
  /** As in the source. */
  readonly property: string;
  readonly sourceName: string;
  /** The canonical name, if it is not left to the host. */
  readonly name: string | undefined;
  /** How generated code calls it. */
  readonly code: string;
  readonly parameters: readonly Parameter[];
  readonly range: Range;
}

export interface Reducer extends Callable {
  readonly lifecycle: Lifecycle | undefined;
}

export interface Procedure extends Callable {
  readonly returns: ValueType | undefined;
}

export interface View extends Callable {
  readonly isAnonymous: boolean;
  /** The column of the rows that tells them apart, if the view says so. */
  readonly primaryKey: string | undefined;
  readonly returns: ValueType | { readonly kind: 'query'; readonly row: ProductDeclaration };
}

export interface HttpHandler {
  readonly sourceName: string;
  readonly code: string;
  readonly range: Range;
}

/** `method` is undefined where all of them match. */
export interface HttpRoute {
  readonly handlerName: string;
  readonly method: string | undefined;
  readonly path: string;
}

/** Everything that a module declares. */
export interface ModuleModel {
  readonly tables: readonly Table[];
  readonly reducers: readonly Reducer[];
  readonly procedures: readonly Procedure[];
  readonly views: readonly View[];
  readonly httpHandlers: readonly HttpHandler[];
  readonly httpRoutes: readonly HttpRoute[];
  readonly visibilityFilters: readonly string[];
  /** False where names are used just as they are. */
  readonly convertsCase: boolean;
}
