import type { AlgebraicType, NamedType, RefType, Typespace } from './algebraic-type.ts';
import { SatsError } from './errors.ts';
import { MAX_DEPTH, MAX_TYPE_NODES, MAX_VARIANTS } from './limits.ts';

/** Chains through a typespace may be longer than any sane nesting, but must not exhaust the stack. */
const MAX_TYPE_DEPTH = 2048;

/** A type whose refs are replaced by their targets, but for the few that break the cycles of a recursive type. */
export interface InlinedType {
  readonly type: AlgebraicType;
  /** The (inlined) targets of the refs that are left. Empty when the type is not recursive. */
  readonly recursive: ReadonlyMap<number, AlgebraicType>;
}

/**
 * Replaces refs by their targets.
 * @throws SatsError `SATS_INVALID_REF`, `SATS_INVALID_TYPE` (too large, too deep, too many variants)
 */
export function inlineRefs(type: AlgebraicType, typespace: Typespace): InlinedType {
  const inliner = new Inliner(typespace);
  return inliner.inline(type);
}

/**
 * Replaces all refs by their targets. Equal refs share one object.
 * @throws SatsError `SATS_INVALID_REF`, `SATS_RECURSIVE_TYPE`, `SATS_INVALID_TYPE`
 */
export function resolveType(type: AlgebraicType, typespace: Typespace): AlgebraicType {
  const { type: inlined, recursive } = inlineRefs(type, typespace);
  const [ref] = recursive.keys();
  if (ref !== undefined) throw new SatsError('SATS_RECURSIVE_TYPE', `Found recursive type reference ${ref}`);
  return inlined;
}

/**
 * The type a ref points to, through slots that hold refs themselves.
 * @throws SatsError `SATS_INVALID_REF`, `SATS_RECURSIVE_TYPE` for refs that lead only to each other
 */
export function followRef(ref: number, typespace: Typespace): Exclude<AlgebraicType, RefType> {
  let at = ref;
  // A chain longer than the typespace goes round in circles.
  for (let hops = 0; hops <= typespace.length; hops++) {
    const target = typespace[at];
    if (target === undefined) throw new SatsError('SATS_INVALID_REF', `Type reference ${at} out of bounds`);
    if (target.tag !== 'Ref') return target;
    at = target.ref;
  }
  throw new SatsError('SATS_RECURSIVE_TYPE', `Found recursive type reference ${ref}`);
}

interface InlinedTarget {
  readonly type: AlgebraicType;
  readonly nodes: number;
  readonly height: number;
}

class Inliner {
  readonly #typespace: Typespace;
  /** Refs by state of the depth-first walk; one met again while open closes a cycle. */
  readonly #walk = new Map<number, 'open' | 'done'>();
  readonly #cycleBreakers = new Set<number>();
  readonly #inlinedByRef = new Map<number, InlinedTarget>();
  #nodes = 0;
  /** The deepest nesting met since it was last set. */
  #deepest = 0;

  constructor(typespace: Typespace) {
    this.#typespace = typespace;
  }

  inline(type: AlgebraicType): InlinedType {
    this.#findCycles(type, 0);
    const inlined = this.#replace(type, 0);
    const recursive = new Map<number, AlgebraicType>();
    for (const ref of this.#cycleBreakers) recursive.set(ref, this.#replace(followRef(ref, this.#typespace), 0));
    return { type: inlined, recursive };
  }

  #findCycles(type: AlgebraicType, depth: number): void {
    if (depth > MAX_TYPE_DEPTH) throw new SatsError('SATS_INVALID_TYPE', `type nested deeper than ${MAX_TYPE_DEPTH}`);
    switch (type.tag) {
      case 'Ref': {
        const state = this.#walk.get(type.ref);
        if (state === 'open') this.#cycleBreakers.add(type.ref);
        if (state !== undefined) return;
        this.#walk.set(type.ref, 'open');
        this.#findCycles(followRef(type.ref, this.#typespace), depth + 1);
        this.#walk.set(type.ref, 'done');
        return;
      }
      case 'Array':
        return this.#findCycles(type.element, depth + 1);
      case 'Product':
        for (const { type: inner } of type.elements) this.#findCycles(inner, depth + 1);
        return;
      case 'Sum':
        if (type.variants.length > MAX_VARIANTS) {
          throw new SatsError(
            'SATS_INVALID_TYPE',
            `a sum of ${type.variants.length} variants: at most ${MAX_VARIANTS} fit a tag`,
          );
        }
        for (const { type: inner } of type.variants) this.#findCycles(inner, depth + 1);
        return;
      default:
    }
  }

  #replace(type: AlgebraicType, depth: number): AlgebraicType {
    this.#count(1, depth);
    switch (type.tag) {
      case 'Ref':
        return this.#cycleBreakers.has(type.ref) ? type : this.#inlineTarget(type.ref, depth);
      case 'Array':
        return { tag: 'Array', element: this.#replace(type.element, depth + 1) };
      case 'Product':
        return { tag: 'Product', elements: this.#members(type.elements, depth + 1) };
      case 'Sum':
        return { tag: 'Sum', variants: this.#members(type.variants, depth + 1) };
      default:
        return type;
    }
  }

  #inlineTarget(ref: number, depth: number): AlgebraicType {
    const known = this.#inlinedByRef.get(ref);
    if (known !== undefined) {
      // The object is shared, but whoever walks the type walks it again.
      this.#count(known.nodes, depth + known.height);
      return known.type;
    }
    const nodesBefore = this.#nodes;
    const deepestBefore = this.#deepest;
    this.#deepest = depth;
    const type = this.#replace(followRef(ref, this.#typespace), depth);
    this.#inlinedByRef.set(ref, { type, nodes: this.#nodes - nodesBefore, height: this.#deepest - depth });
    this.#deepest = Math.max(this.#deepest, deepestBefore);
    return type;
  }

  #members(members: readonly NamedType[], depth: number): NamedType[] {
    return members.map(({ name, type }) => ({ name, type: this.#replace(type, depth) }));
  }

  #count(nodes: number, depth: number): void {
    this.#nodes += nodes;
    this.#deepest = Math.max(this.#deepest, depth);
    if (this.#nodes > MAX_TYPE_NODES) {
      throw new SatsError('SATS_INVALID_TYPE', `type of more than ${MAX_TYPE_NODES} parts with its references inlined`);
    }
    if (depth > MAX_DEPTH) {
      throw new SatsError('SATS_INVALID_TYPE', `type nested deeper than ${MAX_DEPTH} with its references inlined`);
    }
  }
}
