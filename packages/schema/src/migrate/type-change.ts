import type { AlgebraicType, NamedType, SumType } from '@lightcone/sats';
import { memoryLayout } from './memory-layout.ts';

/**
 * What becomes of stored values when a type changes: nothing (`none`), they stay valid as they are
 * (`extended`), or `reason` says what keeps them from it.
 */
export type TypeChange =
  | { readonly kind: 'none' | 'extended' }
  | { readonly kind: 'incompatible'; readonly reason: string };

const NONE: TypeChange = { kind: 'none' };
const EXTENDED: TypeChange = { kind: 'extended' };

/**
 * Compares a type with its successor; both without refs. The one change that values survive is that
 * an enum, however deep inside, gets more variants at its end and keeps its memory layout.
 */
export function typeChange(old: AlgebraicType, next: AlgebraicType): TypeChange {
  if (old.tag === 'Product' && next.tag === 'Product') {
    if (old.elements.length !== next.elements.length) return incompatible('with a different number of elements');
    return membersChange(old.elements, next.elements, 'element');
  }
  if (old.tag === 'Sum' && next.tag === 'Sum') return sumChange(old, next);
  if (old.tag === 'Array' && next.tag === 'Array') return typeChange(old.element, next.element);
  return old.tag === next.tag ? NONE : incompatible('');
}

function sumChange(old: SumType, next: SumType): TypeChange {
  if (next.variants.length < old.variants.length) return incompatible('with fewer variants');
  const change = membersChange(old.variants, next.variants.slice(0, old.variants.length), 'variant');
  if (change.kind === 'incompatible' || next.variants.length === old.variants.length) return change;
  const before = memoryLayout(old);
  const after = memoryLayout(next);
  if (before.size !== after.size) return incompatible('with a different size');
  return before.alignment === after.alignment ? EXTENDED : incompatible('with a different alignment');
}

/** @param next as many as `old` */
function membersChange(old: readonly NamedType[], next: readonly NamedType[], what: string): TypeChange {
  let result = NONE;
  for (const [position, member] of old.entries()) {
    const other = next[position]!; // as many as `old`
    if (member.name !== other.name) return incompatible(`with a renamed ${what}`);
    const change = typeChange(member.type, other.type);
    if (change.kind === 'incompatible') return change;
    if (change.kind === 'extended') result = EXTENDED;
  }
  return result;
}

function incompatible(reason: string): TypeChange {
  return { kind: 'incompatible', reason };
}
