import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { openTestDatabase } from '../src/testing/index.ts';

const program = await readFile(new URL('../../../modules/crate-1/crate-1.wasm', import.meta.url));
const NOVEL = { tag: 'Novel', value: {} };

test('views of the first crate: points of a hash index, a query, and rows that lifecycle reducers change', async () => {
  await using db = await openTestDatabase(program);
  const runs = (view: string): number => db.database.database.metrics().views.get(view)!.succeeded;
  const alice = await db.connect('alice');
  const view = await alice.subscribe(
    'SELECT * FROM my_reader',
    'SELECT * FROM books_by_goethe',
    'SELECT * FROM old_books',
  );
  expect(view.rows('my_reader')).toMatchObject([{ isHere: true }]);
  expect(view.rows('books_by_goethe')).toMatchObject([{ title: 'Faust' }]);
  await alice.call('add_book', 'Emma', 'Austen', NOVEL, 1815, 2);
  expect(view.rows('old_books').map(({ title }) => title)).toEqual(expect.arrayContaining(['Faust', 'Emma']));
  expect([runs('books_by_goethe'), runs('old_books'), runs('my_reader')]).toEqual([1, 2, 1]);
  await alice.call('add_book', 'Werther', 'Goethe', NOVEL, 1774, 3);
  expect(runs('books_by_goethe')).toBe(2);

  await db.connect('bob'); // another reader
  expect(runs('my_reader')).toBe(1);
  const again = await db.connect('alice');
  again.disconnect();
  await alice.query('SELECT * FROM book');
  expect(view.rows('my_reader')).toMatchObject([{ isHere: false }]);
  expect(runs('my_reader')).toBe(2);
});
