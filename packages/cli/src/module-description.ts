import { resolveType, specialType, typeFromJson } from '@lightcone/sats';
import type { AlgebraicType, JsonValue, ProductType, Typespace } from '@lightcone/sats';
import { findMember, mustList, mustMember, mustText } from './http/json-access.ts';

/** A reducer or procedure, as far as calling it needs. */
export interface FunctionDescription {
  readonly kind: 'reducer' | 'procedure';
  /** What clients call it. */
  readonly name: string;
  /** What the module calls it. */
  readonly sourceName: string;
  /** Whether the host calls it, when the module starts or a client comes or goes, and nobody else can. */
  readonly isLifecycle: boolean;
  readonly params: readonly { readonly name: string; readonly type: AlgebraicType }[];
}

/** The schema document of version 10 (the answer of `…/schema?version=10`). */
export class ModuleDescription {
  readonly functions: readonly FunctionDescription[];
  readonly #document: JsonValue;
  readonly #typespace: Typespace;
  readonly #typeNames = new Map<number, string>();

  /** @throws CliError `CLI_UNEXPECTED_ANSWER`; SatsError `SATS_INVALID_JSON` */
  constructor(document: JsonValue) {
    this.#document = document;
    const typespace = this.#section('Typespace');
    this.#typespace = typespace === undefined ? [] : mustList(mustMember(typespace, 'types')).map(typeFromJson);
    for (const type of this.#list('Types')) {
      const ref = mustMember(type, 'ty');
      if (typeof ref === 'bigint') {
        this.#typeNames.set(Number(ref), mustText(mustMember(mustMember(type, 'source_name'), 'source_name')));
      }
    }
    this.functions = [
      ...this.#list('Reducers').map((reducer) => this.#function('reducer', reducer)),
      ...this.#list('Procedures').map((procedure) => this.#function('procedure', procedure)),
    ];
  }

  findFunction(name: string): FunctionDescription | undefined {
    return (
      this.functions.find((candidate) => candidate.name === name) ??
      this.functions.find((candidate) => candidate.sourceName === name)
    );
  }

  /** The part of the document that describes one table or function; undefined if there is none of that name. */
  findElement(kind: 'Table' | 'Reducer' | 'Procedure' | 'View', name: string): JsonValue | undefined {
    const explicitKind = kind === 'Table' ? 'Table' : 'Function';
    return this.#list(`${kind}s`).find((element) => {
      const source = mustText(mustMember(element, 'source_name'));
      return source === name || this.#canonicalName(explicitKind, source) === name;
    });
  }

  /** The names that clients use. */
  names(kind: 'Table' | 'Reducer' | 'Procedure' | 'View'): string[] {
    const explicitKind = kind === 'Table' ? 'Table' : 'Function';
    return this.#list(`${kind}s`).map((element) =>
      this.#canonicalName(explicitKind, mustText(mustMember(element, 'source_name'))),
    );
  }

  /** What the rows of a table or view are, by the name that clients use; undefined if there is none of that name. */
  findRowType(name: string): ProductType | undefined {
    const table = this.findElement('Table', name);
    if (table !== undefined) return this.#product({ tag: 'Ref', ref: Number(mustMember(table, 'product_type_ref')) });
    const view = this.findElement('View', name);
    return view === undefined ? undefined : this.#product(typeFromJson(mustMember(view, 'return_type')));
  }

  /** The product itself, or what a list, an option or a query is of: views return those. */
  #product(type: AlgebraicType): ProductType | undefined {
    const resolved = this.resolve(type);
    if (resolved.tag === 'Array') return this.#product(resolved.element);
    const [first] = resolved.tag === 'Sum' ? resolved.variants : resolved.tag === 'Product' ? resolved.elements : [];
    if (resolved.tag === 'Sum' || first?.name === '__query__') return first && this.#product(first.type);
    return resolved.tag === 'Product' ? resolved : undefined;
  }

  /** `say(text: String, times: U32)` */
  signature({ name, params }: FunctionDescription): string {
    return `${name}(${params.map((param) => `${param.name}: ${this.#typeText(param.type)}`).join(', ')})`;
  }

  /** The type without references. */
  resolve(type: AlgebraicType): AlgebraicType {
    return resolveType(type, this.#typespace);
  }

  #function(kind: 'reducer' | 'procedure', element: JsonValue): FunctionDescription {
    const sourceName = mustText(mustMember(element, 'source_name'));
    const params = mustList(mustMember(mustMember(element, 'params'), 'elements')).map((param, i) => {
      const name = findMember(mustMember(param, 'name'), 'some');
      return {
        name: typeof name === 'string' ? name : String(i),
        type: typeFromJson(mustMember(param, 'algebraic_type')),
      };
    });
    const isLifecycle = this.#list('LifeCycleReducers').some(
      (assignment) => findMember(assignment, 'function_name') === sourceName,
    );
    return { kind, name: this.#canonicalName('Function', sourceName), sourceName, isLifecycle, params };
  }

  #canonicalName(kind: 'Table' | 'Function', sourceName: string): string {
    const names = this.#section('ExplicitNames');
    const entries = names === undefined ? [] : mustList(mustMember(names, 'entries'));
    for (const entry of entries) {
      const mapping = findMember(entry, kind);
      if (findMember(mapping, 'source_name') === sourceName) return mustText(mustMember(mapping, 'canonical_name'));
    }
    return sourceName;
  }

  #section(name: string): JsonValue | undefined {
    for (const section of mustList(mustMember(this.#document, 'sections'))) {
      const found = findMember(section, name);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #list(section: string): readonly JsonValue[] {
    const found = this.#section(section);
    return found === undefined ? [] : mustList(found);
  }

  #typeText(type: AlgebraicType): string {
    if (type.tag === 'Ref') return this.#typeNames.get(type.ref) ?? this.#typeText(this.resolve(type));
    if (type.tag === 'Array') return type.element.tag === 'U8' ? 'Bytes' : `Array<${this.#typeText(type.element)}>`;
    const special = specialType(type);
    if (special === 'Option' && type.tag === 'Sum') {
      const [some] = type.variants;
      return some === undefined ? special : `Option<${this.#typeText(some.type)}>`;
    }
    if (special !== undefined) return special;
    if (type.tag === 'Product') {
      const fields = type.elements.map(({ name, type: field }, i) => `${name ?? i}: ${this.#typeText(field)}`);
      return `(${fields.join(', ')})`;
    }
    if (type.tag === 'Sum') return type.variants.map(({ name }, i) => name ?? String(i)).join(' | ');
    return type.tag;
  }
}
