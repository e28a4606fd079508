import { ByteReader, SatsError } from '@lightcone/sats';
import { brokenRule } from './call-outcome.ts';
import type { CallTrapped, ViewRows, ViewSql } from './call-outcome.ts';

const ROW_DATA = 0;
const RAW_SQL = 1;

/** Reads what a view has left in its sink with return code 2: a `ViewResultHeader` and what follows it. */
export function readViewResult(bytes: Uint8Array): ViewRows | ViewSql | CallTrapped {
  const reader = new ByteReader(bytes);
  try {
    const tag = reader.u8();
    if (tag === ROW_DATA) return { kind: 'rows', array: bytes.slice(reader.offset) };
    if (tag === RAW_SQL) return { kind: 'sql', sql: reader.string() };
    return brokenRule(`the view's result begins with the unknown tag ${tag}`);
  } catch (error) {
    if (error instanceof SatsError) return brokenRule(`the view's result does not decode: ${error.message}`);
    throw error;
  }
}
