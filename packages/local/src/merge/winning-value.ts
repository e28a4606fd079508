import type { FieldValue } from '../change.ts';
import type { Winner } from '../log/log-reader.ts';
import type { TableColumn } from '../schema/table.ts';

/** What a column of an entity with these winners has: the value of its winner, or its default. */
export function winningValue(winners: ReadonlyMap<string, Winner>, { name, defaultValue }: TableColumn): FieldValue {
  const winner = winners.get(name);
  return winner === undefined ? defaultValue : winner.value;
}
