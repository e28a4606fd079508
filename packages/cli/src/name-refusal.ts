import { parseJson } from '@lightcone/sats';
import type { JsonValue } from '@lightcone/sats';
import { findMember } from './http/json-access.ts';

/** Why the server does not let a database have a name, in words; undefined if its answer is of another kind. */
export function explainNameRefusal(answerText: string, name: string): string | undefined {
  let answer: JsonValue;
  try {
    answer = parseJson(answerText);
  } catch {
    return undefined;
  }
  const other = findMember(answer, 'OtherError');
  if (typeof other === 'string') return other;
  if (findMember(answer, 'PermissionDenied') ?? findMember(answer, 'PermissionDeniedOnAny')) {
    return `The name \`${name}\` belongs to somebody else. Choose another one.`;
  }
  if (findMember(answer, 'NotYourDatabase') !== undefined) return 'The database belongs to somebody else.';
  return undefined;
}
