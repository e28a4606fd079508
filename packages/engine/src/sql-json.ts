import { ByteReader, compileJson, formatJson, typeToJson } from '@lightcone/sats';
import type { SqlOutcome } from './sql.ts';

/**
 * The answer to SQL over HTTP: a JSON array with one element, rows as arrays of values (file 21 §5.2
 * of the specification).
 */
export function formatSqlOutcome({ columns, rowCount, rows, stats }: SqlOutcome, durationMicros: number): string {
  const elements = columns.elements.map(({ name, type }) => {
    const nameJson = name === undefined ? '{"none":[]}' : `{"some":${JSON.stringify(name)}}`;
    return `{"name":${nameJson},"algebraic_type":${formatJson(typeToJson(type))}}`;
  });
  const toJson = compileJson(columns, [], 'untyped');
  const reader = new ByteReader(rows);
  const rowTexts = Array.from({ length: rowCount }, () => toJson(reader));
  const { rowsInserted, rowsDeleted, rowsUpdated } = stats;
  return (
    `[{"schema":{"elements":[${elements.join(',')}]},"rows":[${rowTexts.join(',')}],` +
    `"total_duration_micros":${durationMicros},` +
    `"stats":{"rows_inserted":${rowsInserted},"rows_deleted":${rowsDeleted},"rows_updated":${rowsUpdated}}}]`
  );
}
