import type { Operation, RecordedTransaction } from '../src/index.ts';

/**
 * A transaction in a line: `a x 1` appends, `r x [1 2]` reads a list, `w x 1` writes a register, `r x 1` or `r x -`
 * reads one; a comma between.
 */
export function tx(name: string, text: string, rest: Partial<RecordedTransaction> = {}): RecordedTransaction {
  const operations = text === '' ? [] : text.split(', ').map(operation);
  return { name, outcome: 'committed', operations, ...rest };
}

function operation(text: string): Operation {
  const [verb, key, ...rest] = text.split(' ');
  if (key === undefined || rest.length === 0) throw new Error(`no operation: ${text}`);
  const found = rest.join(' ');
  if (verb === 'a') return { kind: 'append', key, value: Number(found) };
  if (verb === 'w') return { kind: 'write', key, value: Number(found) };
  if (!found.startsWith('[')) return { kind: 'readRegister', key, value: found === '-' ? undefined : Number(found) };
  const values = found.slice(1, -1).split(' ').filter((value) => value !== ''); // prettier-ignore
  return { kind: 'readList', key, values: values.map(Number) };
}
