import { execPath } from 'node:process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { defineSchema, int, openDbSync, table, text } from '../src/index.ts';
import type { SqliteDriver, SqliteStatement } from '../src/index.ts';
import { betterSqlite } from '../src/node/index.ts';
import { naiveRows } from './support/naive-model.ts';
import { logOf, openReplica, pull, rowsOf } from './support/replica.ts';
import { temporaryFile } from './support/temporary-file.ts';

const schema = defineSchema({ Artist: table({ name: text(), plays: int().default(0) }) });

/** A driver whose `nth` statement fails as SQLite does when the disk fails; counts them in `seen`. */
function failingDriver(inner: SqliteDriver, control: { failAt: number; seen: number }): SqliteDriver {
  const step = <Result>(run: () => Result): Result => {
    if (++control.seen === control.failAt)
      throw Object.assign(new Error('disk I/O error'), { code: 'SQLITE_IOERR_WRITE' });
    return run();
  };
  return {
    exec: (text) => step(() => inner.exec(text)),
    close: () => inner.close(),
    get isInTransaction() {
      return inner.isInTransaction;
    },
    prepare: (text, options): SqliteStatement => {
      const statement = inner.prepare(text, options);
      return {
        isQuery: statement.isQuery,
        isReadOnly: statement.isReadOnly,
        run: (values) => step(() => statement.run(values)),
        all: (values) => step(() => statement.all(values)),
        get: (values) => step(() => statement.get(values)),
      };
    },
  };
}

test('[S7] a failure at any statement keeps the rows what the log says, and loses nothing that was committed', () => {
  using other = openReplica(schema);
  other.Artist.save({ id: 'x', name: 'theirs' });
  other.Artist.save({ id: 'y', name: 'theirs' });
  other.Artist.delete('y');
  for (let failAt = 1; ; failAt++) {
    const control = { failAt: 0, seen: 0 };
    using db = openDbSync({ schema, driver: failingDriver(betterSqlite(':memory:'), control) });
    db.Artist.save({ id: 'x', name: 'committed' });
    Object.assign(control, { failAt, seen: 0 });
    const work = [
      () => db.transaction((tx) => [tx.Artist.save({ id: 'z', name: 'n' }), tx.Artist.update('x', { plays: 1 })]),
      () => pull(other, db),
      () => db.Artist.delete('x'),
    ];
    let failures = 0;
    for (const does of work)
      try {
        does();
      } catch (error) {
        expect(error).toMatchObject({ code: 'LOCAL_IO' });
        failures++;
      }
    control.failAt = 0;
    expect(rowsOf(db)).toEqual(naiveRows(logOf(db), schema));
    expect(db.history('Artist', 'x').map(({ values }) => values['name'])).toContain('committed');
    // The cause is gone: everything works again.
    pull(other, db);
    db.Artist.save({ id: 'z', name: 'm' });
    expect(rowsOf(db)).toEqual(naiveRows(logOf(db), schema));
    if (failures === 0) break;
    expect(failAt).toBeLessThan(200);
  }
});

test('a killed process loses nothing that it said it had', async () => {
  const file = temporaryFile();
  const index = new URL('../src/index.ts', import.meta.url).href;
  const node = new URL('../src/node/index.ts', import.meta.url).href;
  const program = `
    const { defineSchema, openDbSync, table, text, int } = await import(${JSON.stringify(index)});
    const { betterSqlite } = await import(${JSON.stringify(node)});
    const schema = defineSchema({ Artist: table({ name: text(), plays: int().default(0) }) });
    const db = openDbSync({ schema, driver: betterSqlite(${JSON.stringify(file)}) });
    for (let i = 1; i <= 100000; i++) {
      db.transaction((tx) => {
        tx.Artist.save({ id: 'a', name: String(i) });
        tx.Artist.save({ id: 'b', name: String(i) });
      });
      process.stdout.write(i + '\\n');
    }`;
  const child = spawn(execPath, ['--conditions=lightcone-source', '--input-type=module', '--eval', program]);
  let said = 0;
  let errors = '';
  child.stderr.on('data', (text: Buffer) => (errors += text.toString()));
  child.stdout.on('data', (text: Buffer) => {
    said = Number(text.toString().trim().split('\n').at(-1));
    if (said >= 50) child.kill('SIGKILL');
  });
  await once(child, 'close');
  expect(said, errors).toBeGreaterThanOrEqual(50);
  using db = openDbSync({ schema, driver: betterSqlite(file) });
  const [a, b] = rowsOf(db)['Artist']!;
  expect(Number(a!['name'])).toBeGreaterThanOrEqual(said);
  expect(b!['name']).toBe(a!['name']);
  expect(rowsOf(db)).toEqual(naiveRows(logOf(db), schema));
});

test('two processes write to one file in turns, and nothing of either is lost', async () => {
  const file = temporaryFile();
  using db = openDbSync({ schema, driver: betterSqlite(file) });
  const index = new URL('../src/index.ts', import.meta.url).href;
  const node = new URL('../src/node/index.ts', import.meta.url).href;
  const program = (name: string) => `
    const { defineSchema, openDbSync, table, text, int } = await import(${JSON.stringify(index)});
    const { betterSqlite } = await import(${JSON.stringify(node)});
    const schema = defineSchema({ Artist: table({ name: text(), plays: int().default(0) }) });
    const db = openDbSync({ schema, driver: betterSqlite(${JSON.stringify(file)}), durability: 'normal' });
    for (let i = 0; i < 100; i++) db.Artist.save({ id: 'both', name: ${JSON.stringify(name)} + i });
    db.close();`;
  const children = ['a', 'b'].map((name) =>
    spawn(execPath, ['--conditions=lightcone-source', '--input-type=module', '--eval', program(name)], {
      stdio: 'ignore',
    }),
  );
  const codes = await Promise.all(children.map(async (child) => ((await once(child, 'close')) as [number])[0]));
  expect(codes).toEqual([0, 0]);
  const ids = logOf(db).map(({ id }) => id);
  expect(ids).toHaveLength(200);
  expect(ids).toEqual(ids.toSorted());
  expect(rowsOf(db)).toEqual(naiveRows(logOf(db), schema));
});
