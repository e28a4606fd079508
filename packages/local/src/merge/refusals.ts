import type { Change, FieldValue } from '../change.ts';
import { isChangeId } from '../change-id.ts';
import { hexOf } from '../hex.ts';
import type { Statements } from '../store/statements.ts';

/** Changes that can never be part of the log: kept aside as text, so that nothing is lost and nothing is asked twice. */
export class Refusals {
  readonly #statements: Statements;

  constructor(statements: Statements) {
    this.#statements = statements;
  }

  /** Why a change cannot be part of the log, `undefined` if it can. */
  reasonFor({ id, authorId, entityType, entityId, fields }: Change): string | undefined {
    if (!isChangeId(id)) return 'its id is no UUIDv7 in lower case of a time before 2200';
    if (authorId === '') return 'it has no author';
    if (entityId === '') return 'it has no entity id';
    if (entityType === '' || /^(zv_|sqlite_)/i.test(entityType))
      return `it is about "${entityType}", which is no table of entities`;
    for (const { name, value } of fields) {
      if (name === '') return 'a field has no name';
      if (typeof value === 'bigint' && BigInt.asIntN(64, value) !== value) return `"${name}" has more than 64 bits`;
    }
    if (new Set(fields.map(({ name }) => name)).size < fields.length) return 'it sets a field twice';
    return undefined;
  }

  keep(change: Change, detail: string): void {
    this.#statements
      .plain('INSERT OR IGNORE INTO ZV_REFUSED VALUES (?, ?, ?)')
      .run([change.id, JSON.stringify(change, plainValue), detail]);
  }
}

function plainValue(_: string, value: FieldValue): unknown {
  if (typeof value === 'bigint') return { integer: String(value) };
  if (value instanceof Uint8Array) return { bytes: hexOf(value) };
  return value;
}
