import type { AlgebraicType, Typespace } from '@lightcone/sats';
import { SchemaError, type SchemaProblemCode } from '../errors.ts';
import { EntityNames } from '../names/entity-names.ts';
import { identifierProblem } from '../names/identifier.ts';
import { NameConverter } from '../names/name-converter.ts';
import { convertTypeNames } from '../typespace/convert-type-names.ts';
import { TypeUses } from '../typespace/type-uses.ts';
import type { DraftModule } from './draft.ts';
import type { Problems } from './problems.ts';

/**
 * How long all names of a module may be together. Names of indexes and constraints are made of those
 * of tables and columns, so a small definition could ask for an enormous lot of text.
 */
const MAX_NAMES_LENGTH = 4_000_000;

/** What the checks of one module share. */
export class ModuleContext {
  readonly draft: DraftModule;
  readonly problems: Problems;
  readonly names: NameConverter;
  /** With canonical names. */
  readonly typespace: Typespace;
  readonly uses: TypeUses;
  /** Names of tables, views, indexes, constraints, sequences and schedules: one namespace for all. */
  readonly #entityNames = new EntityNames();
  readonly #functionNames = new EntityNames();
  #namesLength = 0;

  constructor(draft: DraftModule, problems: Problems) {
    this.draft = draft;
    this.problems = problems;
    this.names = new NameConverter(draft.caseConversionPolicy, draft.explicitNames);
    this.typespace = draft.typespace.map((type) => convertTypeNames(type, this.names));
    this.uses = new TypeUses(this.typespace, new Set(draft.types.map((type) => type.ref)));
  }

  get isV10(): boolean {
    return this.draft.version === 'v10';
  }

  /** The type itself, or the target of a ref (one step). */
  resolveRef(type: AlgebraicType): AlgebraicType {
    return type.tag === 'Ref' ? (this.typespace[type.ref] ?? type) : type;
  }

  /** What the module itself calls a column of a row type. */
  sourceColumnName(rowRef: number, position: number): string | undefined {
    const sourceType = this.draft.typespace[rowRef];
    return sourceType?.tag === 'Product' ? sourceType.elements[position]?.name : undefined;
  }

  add(code: SchemaProblemCode, where: string, message: string): void {
    this.problems.add(code, where, message);
  }

  checkIdentifier(name: string, where: string): void {
    const problem = identifierProblem(name);
    if (problem !== undefined) this.add('INVALID_IDENTIFIER', where, `${where}: invalid identifier: ${problem}`);
  }

  /** Takes a name in the namespace of tables and all that belongs to them. */
  takeEntityName(name: string, owner: object, where: string): void {
    this.#namesLength += name.length;
    if (this.#namesLength > MAX_NAMES_LENGTH) {
      const message = `the names of the module are longer than ${MAX_NAMES_LENGTH} characters together`;
      throw new SchemaError('SCHEMA_INVALID', message, [{ code: 'NAMES_TOO_LONG', message, where: 'module' }]);
    }
    if (!this.#entityNames.take(name, owner)) {
      this.add('DUPLICATE_NAME', where, `name \`${name}\` is used for multiple entities, one of them in ${where}`);
    }
  }

  takeFunctionName(name: string, owner: object): void {
    if (!this.#functionNames.take(name, owner)) {
      const message = `Name ${name} is used for multiple reducers, procedures and/or views`;
      this.add('DUPLICATE_FUNCTION_NAME', `function \`${name}\``, message);
    }
  }
}
