import type { AlgebraicType } from './algebraic-type.ts';
import { typeEquals } from './type-equals.ts';
import { types } from './types.ts';

export type SpecialType =
  | 'Identity'
  | 'ConnectionId'
  | 'Timestamp'
  | 'TimeDuration'
  | 'Uuid'
  | 'Option'
  | 'Result'
  | 'ScheduleAt';

/** Which of the types with a meaning of their own this is. They are recognised by exact shape alone. */
export function specialType(type: AlgebraicType): SpecialType | undefined {
  if (type.tag === 'Product') {
    if (type.elements.length !== 1) return undefined;
    if (typeEquals(type, types.identity)) return 'Identity';
    if (typeEquals(type, types.connectionId)) return 'ConnectionId';
    if (typeEquals(type, types.timestamp)) return 'Timestamp';
    if (typeEquals(type, types.timeDuration)) return 'TimeDuration';
    if (typeEquals(type, types.uuid)) return 'Uuid';
    return undefined;
  }
  if (type.tag !== 'Sum' || type.variants.length !== 2) return undefined;
  const [first, second] = type.variants;
  if (first?.name === 'some' && second?.name === 'none' && typeEquals(second.type, types.unit)) return 'Option';
  if (first?.name === 'ok' && second?.name === 'err') return 'Result';
  if (typeEquals(type, types.scheduleAt)) return 'ScheduleAt';
  return undefined;
}
