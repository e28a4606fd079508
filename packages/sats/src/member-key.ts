import type { NamedType } from './algebraic-type.ts';

/** The key of a field, or the tag of a variant, in decoded values: its name, or else its position. */
export function memberKey(member: NamedType, position: number): string {
  return member.name ?? String(position);
}
