import { formatJson, typeFromJson } from '@lightcone/sats';
import type { JsonValue } from '@lightcone/sats';
import { findMember, mustList, mustMember } from '../http/json-access.ts';
import { printable } from './printable.ts';
import { formatSqlCell } from './sql-cell.ts';
import { textTable } from './text-table.ts';

/** The answer to one SQL statement, for people. */
export interface SqlAnswerText {
  /** Undefined for a statement that has no columns. */
  readonly table: string | undefined;
  /** `inserted: 1, deleted: 2`, without those that are 0. */
  readonly changes: string;
}

/** @throws CliError `CLI_UNEXPECTED_ANSWER`; SatsError `SATS_INVALID_JSON` */
export function formatSqlAnswer(answer: JsonValue): SqlAnswerText[] {
  return mustList(answer).map((statement) => {
    const columns = mustList(mustMember(mustMember(statement, 'schema'), 'elements')).map((element, i) => ({
      name: findMember(mustMember(element, 'name'), 'some'),
      fallback: `column ${i}`,
      type: typeFromJson(mustMember(element, 'algebraic_type')),
    }));
    const rows = mustList(mustMember(statement, 'rows')).map((row) => {
      const cells = mustList(row);
      return columns.map(({ type }, i) => formatSqlCell(type, cells[i] ?? null));
    });
    const head = columns.map(({ name, fallback }) => (typeof name === 'string' ? printable(name) : fallback));
    const statistics = findMember(statement, 'stats');
    const changes = ['inserted', 'deleted', 'updated'].flatMap((kind) => {
      const count = findMember(statistics, `rows_${kind}`) ?? 0n;
      return count === 0n ? [] : [`${kind}: ${formatJson(count)}`];
    });
    return { table: columns.length === 0 ? undefined : textTable(head, rows), changes: changes.join(', ') };
  });
}
