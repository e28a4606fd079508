import { ByteWriter } from '@lightcone/sats';
import type { CatalogTable } from '../catalog.ts';
import type { CheckedExpression, ConstantValue, SenderValue } from '../check/check-expression.ts';

/** Reading a table through one key of an index. */
export interface IndexPoint {
  readonly indexId: number;
  /** The key for a caller: the BSATN of the index's columns. Not to be modified. */
  readonly keyFor: (sender: Uint8Array) => Uint8Array;
}

/** Longer keys are never looked up. */
const MAX_COLUMNS = 3;

type KeyPart = ConstantValue | SenderValue;

/**
 * Chooses an index all of whose columns the condition fixes: the longest one, the first declared of equally long ones.
 * The condition must still be tested: it may say more, or fix one column twice.
 */
export function chooseIndexPoint(table: CatalogTable, condition: CheckedExpression): IndexPoint | undefined {
  const partByColumn = new Map<number, KeyPart>();
  collectEqualities(condition, partByColumn);
  let best: { indexId: number; parts: KeyPart[] } | undefined;
  for (const { id, columns } of table.indexes) {
    const parts = columns.flatMap((column) => partByColumn.get(column) ?? []);
    const isFixed = parts.length === columns.length && parts.length <= MAX_COLUMNS;
    if (isFixed && parts.length > (best?.parts.length ?? 0)) best = { indexId: id, parts };
  }
  if (!best) return undefined;

  const { indexId, parts } = best;
  if (parts.some((part) => part.kind === 'sender')) return { indexId, keyFor: (sender) => encodeKey(parts, sender) };
  const key = encodeKey(parts, new Uint8Array());
  return { indexId, keyFor: () => key };
}

/** Notes `column = constant` and `column = :sender` of a conjunction, the first for each column. */
function collectEqualities(condition: CheckedExpression, partByColumn: Map<number, KeyPart>): void {
  if (condition.kind === 'logical' && condition.operator === 'AND') {
    for (const operand of condition.operands) collectEqualities(operand, partByColumn);
  }
  if (condition.kind !== 'comparison' || condition.operator !== '=') return;
  const { left, right } = condition;
  const [column, part] = left.kind === 'column' ? [left, right] : [right, left];
  if (column.kind !== 'column' || (part.kind !== 'constant' && part.kind !== 'sender')) return;
  if (!partByColumn.has(column.column)) partByColumn.set(column.column, part);
}

function encodeKey(parts: readonly KeyPart[], sender: Uint8Array): Uint8Array {
  const writer = new ByteWriter(32);
  for (const part of parts) {
    if (part.kind === 'constant') writer.raw(part.bytes);
    else if (part.type.tag === 'Array') writer.lengthPrefixed(sender);
    else writer.raw(sender);
  }
  return writer.finish();
}
