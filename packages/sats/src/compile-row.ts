import type { AlgebraicType, ProductType, Typespace } from './algebraic-type.ts';
import { compileType } from './compile-type.ts';
import type { ColumnAccess, RowType } from './compiled-type.ts';
import { SatsError } from './errors.ts';
import { FunctionSource, plus } from './function-source.ts';
import { emitSkip } from './generate-skip.ts';
import { resolveType } from './inline-refs.ts';
import { runGenerated } from './run-generated.ts';
import { staticSize } from './static-size.ts';
import { StructuralCache } from './structural-cache.ts';

const compiled = new StructuralCache<RowType>();

/**
 * Generates the operations of a table's row, or finds them: row types of equal structure share one `RowType`.
 * @throws SatsError `SATS_INVALID_REF`, `SATS_INVALID_TYPE`, and `SATS_RECURSIVE_TYPE`: rows cannot be recursive
 */
export function compileRow(product: ProductType, typespace: Typespace): RowType {
  const type = resolveType(product, typespace);
  if (type.tag !== 'Product') throw new SatsError('SATS_INVALID_TYPE', `a row must be a product, not a ${type.tag}`);
  return compiled.get(type, () => ({ ...compileType(type, []), columns: compileColumns(type) }));
}

function compileColumns(type: ProductType): ColumnAccess[] {
  const offsets = staticOffsets(type);
  const functions = type.elements.map((_, column) => generateStart(type, offsets, column));
  const names = functions.map((_, column) => `start${column}`);
  // By its last line, which makes one function per column.
  const starts = runGenerated(`${functions.join('\n')}\nreturn [${names.join(', ')}];`) as ColumnAccess['start'][];
  return type.elements.map((element, column) => ({
    name: element.name,
    type: compileType(element.type, []),
    staticOffset: offsets[column],
    start: starts[column]!, // as many as columns
  }));
}

function staticOffsets(type: ProductType): (number | undefined)[] {
  let offset: number | undefined = 0;
  return type.elements.map((element) => {
    const start = offset;
    const size: number | undefined = staticSize(element.type);
    offset = offset === undefined || size === undefined ? undefined : offset + size;
    return start;
  });
}

/** Every eighth column is a stop that later ones start from, so that wide rows do not make quadratic code. */
const STOP = 8;

function generateStart(type: ProductType, offsets: readonly (number | undefined)[], column: number): string {
  const source = new FunctionSource();
  let from = column;
  // Start from the last place known without looking, if near.
  while (from > 0 && offsets[from] === undefined && (from === column || from % STOP !== 0)) from--;
  let offset = offsets[from];
  if (offset === undefined) {
    source.add(`at = start${from}(bytes, at);`);
    offset = 0;
  }
  const passed: readonly { readonly type: AlgebraicType }[] = type.elements.slice(from, column);
  for (const element of passed) offset = emitSkip(source, element.type, offset);
  source.add(`return ${plus('at', offset)};`);
  return source.toFunction(`start${column}`, 'bytes, at');
}
