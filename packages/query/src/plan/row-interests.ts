import { ByteWriter, type KeyType, compileKey } from '@lightcone/sats';
import { type KeyPart, fixedColumns, writeConstantKey } from './index-key.ts';
import type { JoinShape } from './join-path.ts';
import type { RowsPlan } from './plan-rows.ts';

/** Which changed rows of a table can matter to a query that is followed. */
export interface TableInterest {
  readonly tableId: number;
  /** One of these says so; undefined when any row may matter. */
  readonly rows: readonly RowInterest[] | undefined;
}

export type RowInterest =
  /** Rows in which the key's one column has this value. */
  | { readonly kind: 'value'; readonly keyType: KeyType; readonly key: Uint8Array }
  /**
   * Rows whose value in `column`, looked up in an index of another table, finds a row in which a column has this value.
   * A partner that went in the same transaction is not found any more; it matters itself then.
   */
  | {
      readonly kind: 'partner';
      readonly column: number;
      readonly indexId: number;
      readonly keyType: KeyType;
      readonly key: Uint8Array;
    };

/**
 * What a query is interested in, a list entry for each table that it reads.
 * @param sender the caller's identity, its 32 BSATN bytes
 */
export function interestsOf(plan: RowsPlan, sender: Uint8Array): TableInterest[] {
  return plan.tableIds.map((tableId) => {
    const rows: RowInterest[] = [];
    for (const shape of plan.shapes) {
      for (const [position, table] of shape.tables.entries()) {
        if (table.id !== tableId) continue;
        const interest = valueInterest(shape, position, sender) ?? partnerInterest(shape, position, sender);
        if (!interest) return { tableId, rows: undefined };
        rows.push(interest);
      }
    }
    return { tableId, rows };
  });
}

/** Whether any changed row of some table may matter to a query with these interests. */
export function isWide(interests: readonly TableInterest[]): boolean {
  return interests.some(({ rows }) => rows === undefined);
}

function valueInterest(shape: JoinShape, position: number, sender: Uint8Array): RowInterest | undefined {
  const table = shape.tables[position]!; // a position of the shape
  let best: { column: number; key: Uint8Array } | undefined;
  for (const [column, part] of fixedColumns(shape.conditions, position, () => false)) {
    const key = keyOf(part, sender);
    // Of several the longest: an identity is likely to be in fewer rows than a number or a flag.
    if (!best || key.length > best.key.length) best = { column, key };
  }
  return best && { kind: 'value', keyType: compileKey(table.row, [best.column]), key: best.key };
}

function partnerInterest(shape: JoinShape, position: number, sender: Uint8Array): RowInterest | undefined {
  for (const { operator, left, right } of shape.conditions.flatMap((c) => (c.kind === 'comparison' ? [c] : []))) {
    if (operator !== '=' || left.kind !== 'column' || right.kind !== 'column') continue;
    const [own, other] = left.table === position ? [left, right] : [right, left];
    if (own.table !== position || other.table === position) continue;
    const partner = shape.tables[other.table]!; // a position of the shape
    const index = partner.indexes.find(({ columns }) => columns.length === 1 && columns[0] === other.column);
    const value = valueInterest(shape, other.table, sender);
    if (!index || value?.kind !== 'value') continue;
    return { kind: 'partner', column: own.column, indexId: index.id, keyType: value.keyType, key: value.key };
  }
  return undefined;
}

function keyOf(part: KeyPart, sender: Uint8Array): Uint8Array {
  if (part.kind === 'constant') return part.bytes;
  const writer = new ByteWriter(32);
  writeConstantKey(writer, [part], sender);
  return writer.finish();
}
