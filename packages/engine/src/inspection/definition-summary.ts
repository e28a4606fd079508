import { type AlgebraicType, type ProductType, resolveType } from '@lightcone/sats';
import { type HttpMethod, type Lifecycle, type ModuleDef, type TypeDef, typeText } from '@lightcone/schema';

/** A module's definition for people and scripts: canonical names, and types as text. */
export interface DefinitionSummary {
  /** Of `RawModuleDef`, as the module wrote it. */
  readonly version: 8 | 9 | 10;
  readonly tables: readonly TableSummary[];
  readonly reducers: readonly FunctionSummary[];
  readonly procedures: readonly FunctionSummary[];
  readonly views: readonly FunctionSummary[];
  readonly httpHandlers: readonly string[];
  readonly httpRoutes: readonly { readonly method: string; readonly path: string; readonly handler: string }[];
  readonly rowLevelSecurity: readonly string[];
  readonly submodules: readonly { readonly namespace: string; readonly definition: DefinitionSummary }[];
}

export interface TableSummary {
  readonly name: string;
  readonly access: 'public' | 'private';
  readonly isEvent: boolean;
  readonly columns: readonly ColumnSummary[];
  readonly indexes: readonly {
    readonly name: string;
    readonly kind: 'btree' | 'hash' | 'direct';
    readonly columns: readonly string[];
  }[];
  /** Unique constraints over several columns. */
  readonly uniqueTogether: readonly (readonly string[])[];
  /** The reducer or procedure that its rows are due for. */
  readonly schedules: string | undefined;
}

export interface ColumnSummary {
  readonly name: string;
  readonly type: string;
  readonly isPrimaryKey: boolean;
  readonly isUnique: boolean;
  readonly isAutoIncrement: boolean;
  readonly hasDefault: boolean;
}

export interface FunctionSummary {
  readonly name: string;
  readonly params: readonly { readonly name: string; readonly type: string }[];
  /** Of a procedure or view. */
  readonly returns: string | undefined;
  /** The event that runs this reducer. */
  readonly lifecycle: Lifecycle | undefined;
  /** Whether clients may call it, or query this view. */
  readonly isPublic: boolean;
  /** A view that is the same for every caller. */
  readonly isAnonymous: boolean;
}

export function summarizeDefinition(def: ModuleDef, version: 8 | 9 | 10): DefinitionSummary {
  const text = typeNamer(def);
  const params = ({ elements }: ProductType): FunctionSummary['params'] =>
    elements.map(({ name, type }, i) => ({ name: name ?? String(i), type: text(type) }));
  const plain = { returns: undefined, lifecycle: undefined, isAnonymous: false };
  return {
    version,
    tables: def.tables.map((table) => {
      const columnNames = (positions: readonly number[]): string[] =>
        positions.map((position) => table.columns[position]!.name); // checked with the definition
      const isUnique = (position: number): boolean =>
        table.uniqueConstraints.some(({ columns }) => columns.length === 1 && columns[0] === position);
      return {
        name: table.name,
        access: table.access,
        isEvent: table.isEvent,
        columns: table.columns.map(({ name, type, defaultValue }, position) => ({
          name,
          type: text(type),
          isPrimaryKey: table.primaryKey === position,
          isUnique: isUnique(position),
          isAutoIncrement: table.sequences.some(({ column }) => column === position),
          hasDefault: defaultValue !== undefined,
        })),
        indexes: table.indexes.map(({ name, algorithm: { kind, columns } }) => {
          return { name, kind, columns: columnNames(columns) };
        }),
        uniqueTogether: table.uniqueConstraints
          .filter(({ columns }) => columns.length > 1)
          .map(({ columns }) => columnNames(columns)),
        schedules: table.schedule?.functionName,
      };
    }),
    reducers: def.reducers.map((reducer) => ({
      ...plain,
      name: reducer.name,
      params: params(reducer.params),
      lifecycle: reducer.lifecycle,
      isPublic: reducer.visibility === 'clientCallable',
    })),
    procedures: def.procedures.map((procedure) => ({
      ...plain,
      name: procedure.name,
      params: params(procedure.params),
      returns: text(procedure.returnType),
      isPublic: procedure.visibility === 'clientCallable',
    })),
    views: def.views.map((view) => ({
      ...plain,
      name: view.name,
      params: params(view.params),
      returns: text(view.returnType),
      isPublic: view.isPublic,
      isAnonymous: view.isAnonymous,
    })),
    httpHandlers: def.httpHandlers.map(({ name }) => name),
    httpRoutes: def.httpRoutes.map(({ method, path, handlerName }) => {
      return { method: methodText(method), path, handler: handlerName };
    }),
    rowLevelSecurity: def.rowLevelSecurity,
    submodules: def.submodules.map(({ namespace, module }) => {
      return { namespace, definition: summarizeDefinition(module, version) };
    }),
  };
}

/** Types by the names that the module gives them; what has no name is written out. */
function typeNamer({ types, typespace }: ModuleDef): (type: AlgebraicType) => string {
  const namesByRef = new Map(types.map((type) => [type.ref, qualifiedName(type)]));
  return (type) => {
    const named = type.tag === 'Ref' && !namesByRef.has(type.ref) ? resolveType(type, typespace) : type;
    return typeText(named, (ref) => namesByRef.get(ref));
  };
}

function qualifiedName({ scope, name }: TypeDef): string {
  return [...scope, name].join('::');
}

function methodText(method: HttpMethod): string {
  return method.tag === 'Extension' ? method.name : method.tag.toUpperCase();
}
