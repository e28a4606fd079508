import { type AlgebraicValue, type ProductType, memberKey } from '@lightcone/sats';
import type { ScriptRecord } from './parse-script.ts';
import { type ScriptSchema, declare } from './script-schema.ts';
import { columnLetter, printValue } from './print-value.ts';

/** What a statement yields. */
export type Answer =
  | { readonly kind: 'rows'; readonly columns: ProductType; readonly rows: readonly AlgebraicValue[] }
  | { readonly kind: 'changes'; readonly count: number }
  | { readonly kind: 'error'; readonly message: string };

/** Takes the declarations, which come first, from a script. */
export function splitScript(records: readonly ScriptRecord[]): { schema: ScriptSchema; statements: ScriptRecord[] } {
  let schema: ScriptSchema = { tables: [], filters: [] };
  for (const [at, { sql }] of records.entries()) {
    const declared = declare(schema, sql);
    if (declared === undefined) return { schema, statements: records.slice(at) };
    schema = declared;
  }
  throw new Error('a script without statements');
}

/** What a script says of a statement, to be compared with `found`. */
export function wanted(record: ScriptRecord): unknown {
  if (record.kind === 'statement') return record.expected;
  const { columns, rows, isSorted } = record;
  return { kind: 'rows', columns, rows: isSorted ? rows.toSorted() : rows };
}

/** An answer in the words of the script. */
export function found(record: ScriptRecord, answer: Answer): unknown {
  const expected = record.kind === 'statement' ? record.expected : undefined;
  if (expected?.kind === 'ok' && answer.kind !== 'error') return expected;
  if (answer.kind === 'rows') {
    const { elements } = answer.columns;
    const rows = answer.rows.map((row) => {
      const values = row as Readonly<Record<string, AlgebraicValue>>; // what rows are decoded to
      return elements.map((column, i) => printValue(column.type, values[memberKey(column, i)]!)).join('\t'); // it has all
    });
    const isSorted = record.kind === 'query' && record.isSorted;
    const columns = elements.map(({ type }) => columnLetter(type)).join('');
    return { kind: 'rows', columns, rows: isSorted ? rows.toSorted() : rows };
  }
  if (answer.kind === 'changes') return { ...answer, kind: 'count' };
  const { message } = answer;
  return expected?.kind === 'errorWith' && message.includes(expected.part) ? expected : { kind: 'error', message };
}
