import { expect, test } from 'vitest';
import { textTable } from './text-table.ts';

test('columns are as wide as their widest cell, in characters', () => {
  expect(
    textTable(
      ['id', 'name'],
      [
        ['1', '"🦀"'],
        ['10', ''],
      ],
    ),
  ).toBe(
    // prettier-ignore
    [' id | name ', '----+------', ' 1  | "🦀"  ', ' 10 |      '].join('\n'),
  );
});

test('a table of very many rows is written like any other', () => {
  const rows = Array.from({ length: 300_000 }, (_, i) => [String(i)]);
  expect(textTable(['n'], rows).split('\n')).toHaveLength(300_002);
});
