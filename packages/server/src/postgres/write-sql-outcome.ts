import { decodeSqlRows } from '@lightcone/engine';
import type { SqlOutcome } from '@lightcone/engine';
import { memberKey } from '@lightcone/sats';
import { BackendWriter } from './backend-writer.ts';
import { columnName, postgresType } from './postgres-type.ts';
import { textForm } from './text-form.ts';

/** The messages that tell how a statement ended: columns, rows and `SELECT n`, or what it changed. */
export function writeSqlOutcome(outcome: SqlOutcome, durationMicros: number): Uint8Array<ArrayBuffer> {
  const { columns, rowCount, stats } = outcome;
  const writer = new BackendWriter();
  const { elements } = columns;
  if (elements.length === 0) {
    return writer.commandComplete(statisticsText(stats, durationMicros)).finish();
  }
  writer.rowDescription(
    elements.map((element, i) => ({ name: columnName(element, i), type: postgresType(element.type) })),
  );
  const keys = elements.map(memberKey);
  const forms = elements.map(({ type }) => textForm(type));
  for (const row of decodeSqlRows(outcome)) {
    const start = writer.beginRow(keys.length);
    for (let i = 0; i < keys.length; i++) writer.value(forms[i]!(row[keys[i]!]!));
    writer.endRow(start);
  }
  return writer.commandComplete(`SELECT ${rowCount}`).finish();
}

/** `inserted: 1, server: 1.72ms`; what is zero is left out. */
function statisticsText({ rowsInserted, rowsDeleted, rowsUpdated }: SqlOutcome['stats'], micros: number): string {
  const counts = { inserted: rowsInserted, deleted: rowsDeleted, updated: rowsUpdated };
  const parts = Object.entries(counts).flatMap(([name, count]) => (count === 0 ? [] : [`${name}: ${count}`]));
  return [...parts, `server: ${formatDuration(micros)}`].join(', ');
}

/** Two decimals, in the largest unit that gives at least 1. */
function formatDuration(micros: number): string {
  if (micros >= 1_000_000) return `${(micros / 1_000_000).toFixed(2)}s`;
  if (micros >= 1000) return `${(micros / 1000).toFixed(2)}ms`;
  return `${micros.toFixed(2)}µs`;
}
