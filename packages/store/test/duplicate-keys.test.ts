import { types } from '@lightcone/sats';
import { describe, expect, test } from 'vitest';
import { findDuplicateKeys } from '../src/index.ts';
import { ann, OneTable, person } from './one-table.ts';

describe('keys that rows share', () => {
  const rows = [{ id: 3, name: 'b' }, { id: 1, name: 'a' }, { id: 2, name: 'b' }, { id: 4, name: 'c' }, { id: 5, name: 'b' }, { id: 6, name: 'c' }]; // prettier-ignore

  test.each([
    {
      columns: [1],
      limit: 10,
      expected: [
        { text: '"b"', rowCount: 3 },
        { text: '"c"', rowCount: 2 },
      ],
    },
    { columns: [1], limit: 1, expected: [{ text: '"b"', rowCount: 3 }] },
    { columns: [0], limit: 10, expected: [] },
    { columns: [1, 0], limit: 10, expected: [] },
  ])('in columns $columns, at most $limit', ({ columns, limit, expected }) => {
    const t = new OneTable(person);
    expect(findDuplicateKeys(t.table, columns, limit)).toEqual([]);
    for (const row of rows) t.insert(row);
    expect(findDuplicateKeys(t.table, columns, limit)).toEqual(expected);
  });

  test('of several columns', () => {
    const t = new OneTable([...person, ['age', types.u8]]);
    for (const age of [1, 2]) t.insert({ ...ann, age });
    expect(findDuplicateKeys(t.table, [0, 1], 10)).toEqual([{ text: '(0 = 1, 1 = "Ann")', rowCount: 2 }]);
  });
});
