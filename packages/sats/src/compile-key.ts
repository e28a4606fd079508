import type { ProductType } from './algebraic-type.ts';
import { compileType } from './compile-type.ts';
import type { ColumnAccess, KeyType, RowType } from './compiled-type.ts';
import { SatsError } from './errors.ts';
import { FunctionSource, plus } from './function-source.ts';
import { COMPARE_VARIABLES, emitCompare } from './generate-compare.ts';
import { emitHash } from './generate-hash.ts';
import { emitSkip } from './generate-skip.ts';
import { runGenerated } from './run-generated.ts';

type RowOperations = Pick<KeyType, 'compareRows' | 'compareKeyToRow' | 'hashRow' | 'writeKey'>;

const keysByRow = new WeakMap<RowType, Map<string, KeyType>>();

/**
 * Generates the operations of an index key made of some columns of a row, in that order, or finds them.
 * @param columns positions in `row.columns`; a column may not be given twice
 * @throws SatsError `SATS_INVALID_TYPE` when there is no such column, or none at all
 */
export function compileKey(row: RowType, columns: readonly number[]): KeyType {
  let keys = keysByRow.get(row);
  if (keys === undefined) {
    keys = new Map();
    keysByRow.set(row, keys);
  }
  const name = columns.join();
  let key = keys.get(name);
  if (key === undefined) {
    key = compile(row, columns);
    keys.set(name, key);
  }
  return key;
}

function compile(row: RowType, columns: readonly number[]): KeyType {
  if (columns.length === 0 || new Set(columns).size !== columns.length) {
    throw new SatsError('SATS_INVALID_TYPE', `a key of columns [${columns.join()}]: expected some, each once`);
  }
  const parts = columns.map((column) => {
    const access = row.columns[column];
    if (access === undefined) {
      throw new SatsError('SATS_INVALID_TYPE', `column ${column} of a row of ${row.columns.length}`);
    }
    return access;
  });
  // A key outside a row is laid out as the product of its columns.
  const product: ProductType = {
    tag: 'Product',
    elements: parts.map((part) => ({ name: undefined, type: part.type.type })),
  };
  const { staticSize: size, validate, hash } = compileType(product, []);
  const functions = [
    generateCompareRows(parts, columns),
    generateCompareKeyToRow(parts, columns),
    generateHashRow(parts, columns),
    generateWriteKey(parts, columns),
  ];
  const source = `return (${columns.map((column) => `start${column}`).join(', ')}) => {\n${functions.join('\n')}
return { compareRows, compareKeyToRow, hashRow, writeKey };\n};`;
  const bind = runGenerated(source) as (...starts: ColumnAccess['start'][]) => RowOperations; // by its last line
  const { compareRows, compareKeyToRow, hashRow, writeKey } = bind(...parts.map((part) => part.start));
  return { columns: parts, staticSize: size, validate, compareRows, compareKeyToRow, hashRow, hashKey: hash, writeKey };
}

/** Source of where a column starts in a row. */
function startOf(part: ColumnAccess, column: number, bytes: string, row: string): string {
  return part.staticOffset === undefined ? `start${column}(${bytes}, ${row})` : plus(row, part.staticOffset);
}

function generateCompareRows(parts: readonly ColumnAccess[], columns: readonly number[]): string {
  const source = new FunctionSource();
  source.add(`${COMPARE_VARIABLES}\nlet i = 0, j = 0;`);
  parts.forEach((part, k) => {
    source.add(`i = ${startOf(part, columns[k]!, 'a', 'aRow')};`); // as many as parts
    source.add(`j = ${startOf(part, columns[k]!, 'b', 'bRow')};`);
    emitCompare(source, part.type.type, 0);
  });
  source.add('return 0;');
  return source.toFunction('compareRows', 'a, aRow, b, bRow');
}

function generateCompareKeyToRow(parts: readonly ColumnAccess[], columns: readonly number[]): string {
  const source = new FunctionSource();
  source.add(`${COMPARE_VARIABLES}\nlet j = 0;`);
  let offset = 0;
  parts.forEach((part, k) => {
    // Both sides are read at the same offset, so the row's position makes up for the key's.
    const start = startOf(part, columns[k]!, 'b', 'bRow'); // as many as parts
    source.add(`j = ${offset === 0 ? start : `${start} - ${offset}`};`);
    offset = emitCompare(source, part.type.type, offset);
  });
  source.add('return 0;');
  return source.toFunction('compareKeyToRow', 'a, i, b, bRow');
}

function generateHashRow(parts: readonly ColumnAccess[], columns: readonly number[]): string {
  const source = new FunctionSource();
  source.add('let h = 0, at = 0;');
  parts.forEach((part, k) => {
    source.add(`at = ${startOf(part, columns[k]!, 'bytes', 'row')};`); // as many as parts
    emitHash(source, part.type.type, 0);
  });
  source.add('return h >>> 0;');
  return source.toFunction('hashRow', 'bytes, row');
}

function generateWriteKey(parts: readonly ColumnAccess[], columns: readonly number[]): string {
  const source = new FunctionSource();
  source.add('let from = 0, at = 0;');
  parts.forEach((part, k) => {
    source.add(`from = at = ${startOf(part, columns[k]!, 'bytes', 'row')};`); // as many as parts
    const end = emitSkip(source, part.type.type, 0);
    source.add(`writer.slice(bytes, from, ${plus('at', end)});`);
  });
  return source.toFunction('writeKey', 'writer, bytes, row');
}
