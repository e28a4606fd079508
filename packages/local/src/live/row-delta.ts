import type { FieldValue } from '../change.ts';
import { isSameValue } from '../store/stored-table.ts';

/** How a result differs from the one before, by the column `id`; by position where rows have none of their own. */
export interface RowDelta<Row> {
  readonly added: readonly Row[];
  readonly updated: readonly Row[];
  /** As they were. */
  readonly removed: readonly Row[];
}

type Stored = Record<string, FieldValue>;

/** One result of a live query: the rows as SQLite gave them, and as the application reads them. */
export interface Result<Row> {
  readonly stored: readonly Stored[];
  readonly rows: readonly Row[];
  readonly positions: ReadonlyMap<unknown, number>;
}

export const emptyResult: Result<never> = { stored: [], rows: [], positions: new Map() };

/**
 * The next result, whose unchanged rows are the same objects as before, and how it differs.
 * @returns `undefined` if nothing differs
 */
export function compareResults<Row>(
  before: Result<Row>,
  stored: readonly Stored[],
  read: (row: Stored) => Row,
): { result: Result<Row>; delta: RowDelta<Row> } | undefined {
  const positions = positionsOf(stored);
  const rows: Row[] = [];
  const added: Row[] = [];
  const updated: Row[] = [];
  let isSame = stored.length === before.stored.length;
  let at = 0;
  for (const key of positions.keys()) {
    const row = stored[at]!;
    const position = before.positions.get(key);
    if (position !== at) isSame = false;
    if (position !== undefined && isSameRow(before.stored[position]!, row)) rows.push(before.rows[position]!);
    else {
      isSame = false;
      const now = read(row);
      rows.push(now);
      (position === undefined ? added : updated).push(now);
    }
    at++;
  }
  if (isSame) return undefined;
  const removed: Row[] = [];
  for (const [key, position] of before.positions) if (!positions.has(key)) removed.push(before.rows[position]!);
  return { result: { stored, rows, positions }, delta: { added, updated, removed } };
}

/** The rows' keys in order: their ids, or their places if an id is missing or not unique. */
function positionsOf(stored: readonly Stored[]): Map<unknown, number> {
  const positions = new Map<unknown, number>();
  for (let at = 0; at < stored.length; at++) {
    const id = stored[at]!['id'];
    if (typeof id !== 'string' || positions.has(id)) return new Map(stored.map((_, place) => [place, place]));
    positions.set(id, at);
  }
  return positions;
}

function isSameRow(a: Stored, b: Stored): boolean {
  for (const name in b) if (!(name in a) || !isSameValue(a[name]!, b[name]!)) return false;
  return true;
}
