import { type AlgebraicType, type Typespace, specialType } from '@lightcone/sats';
import type { SchemaProblemCode } from '../errors.ts';
import { typeText } from './type-text.ts';

/** Follows of references and nesting together; beyond it a definition is refused rather than the stack used up. */
const MAX_DEPTH = 1024;

export interface TypeProblem {
  readonly code: SchemaProblemCode;
  readonly message: string;
}

/**
 * Decides which types may be used in columns, parameters and members of other types: everything
 * that generated bindings can name. An inline product or sum has no name, unless it is special; a
 * ref is fine if a type definition names its target.
 */
export class TypeUses {
  readonly #typespace: Typespace;
  readonly #declared: ReadonlySet<number>;
  /** Of refs to types without a name. `open` while the walk is inside. */
  readonly #verdictByRef = new Map<number, TypeProblem | 'open' | 'fine'>();

  /** @param declared refs of the module's type definitions */
  constructor(typespace: Typespace, declared: ReadonlySet<number>) {
    this.#typespace = typespace;
    this.#declared = declared;
  }

  isDeclared(ref: number): boolean {
    return this.#declared.has(ref);
  }

  /** What keeps `type` from being used, or undefined. */
  problem(type: AlgebraicType): TypeProblem | undefined {
    return this.#problem(type, 0);
  }

  #problem(type: AlgebraicType, depth: number): TypeProblem | undefined {
    if (depth > MAX_DEPTH) {
      return { code: 'TYPE_TOO_LARGE', message: `the type is nested deeper than ${MAX_DEPTH}` };
    }
    switch (type.tag) {
      case 'Ref':
        return this.#refProblem(type.ref, depth);
      case 'Array':
        return this.#problem(type.element, depth + 1);
      case 'Product':
        return type.elements.length === 0 || specialType(type) !== undefined ? undefined : notAUse(type);
      case 'Sum': {
        if (type.variants.length === 0) return undefined;
        if (specialType(type) === undefined) return notAUse(type);
        for (const variant of type.variants) {
          const problem = this.#problem(variant.type, depth + 1);
          if (problem !== undefined) return problem;
        }
        return undefined;
      }
      default:
        return undefined;
    }
  }

  #refProblem(ref: number, depth: number): TypeProblem | undefined {
    const target = this.#typespace[ref];
    if (target === undefined) {
      return { code: 'INVALID_TYPE_REF', message: `type reference &${ref} is out of bounds` };
    }
    if (this.#declared.has(ref)) return undefined;
    const known = this.#verdictByRef.get(ref);
    if (known === 'open') {
      return { code: 'RECURSIVE_TYPE', message: `type reference &${ref} leads back to itself without a named type` };
    }
    if (known !== undefined) return known === 'fine' ? undefined : known;
    this.#verdictByRef.set(ref, 'open');
    const problem = this.#problem(target, depth + 1);
    this.#verdictByRef.set(ref, problem ?? 'fine');
    return problem;
  }
}

function notAUse(type: AlgebraicType): TypeProblem {
  return {
    code: 'NOT_A_TYPE_USE',
    message: `product or sum type ${typeText(type)} has no name: give it a type definition and refer to that`,
  };
}
