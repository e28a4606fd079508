import { type AlgebraicType, type AlgebraicValue, ByteWriter, compileRow, types } from '@lightcone/sats';
import { expect, test } from 'vitest';
import { Store } from './store.ts';

const MESSAGE = `Unique constraint violation 'i' in table 't': column(s): `;

test.each<{ columns: [string, AlgebraicType][]; key: Record<string, AlgebraicValue>; text: string }>([
  { columns: [['id', types.u32]], key: { id: 3 }, text: `'["id"]' value: 3` },
  { columns: [['n', types.i128]], key: { n: -5n }, text: `'["n"]' value: -5` },
  { columns: [['name', types.string]], key: { name: 'k' }, text: `'["name"]' value: "k"` },
  { columns: [['on', types.bool]], key: { on: true }, text: `'["on"]' value: true` },
  { columns: [['who', types.identity]], key: { who: { __identity__: 77n } }, text: `'["who"]' value: (0 = 77)` },
  { columns: [['b', types.bytes]], key: { b: Uint8Array.of(1, 255) }, text: `'["b"]' value: 0x01ff` },
  { columns: [['l', types.array(types.u16)]], key: { l: [1, 2] }, text: `'["l"]' value: [1, 2]` },
  {
    columns: [['o', types.option(types.u8)]],
    key: { o: { tag: 'some', value: 1 } },
    text: `'["o"]' value: (some = 1)`,
  },
  { columns: [['a', types.u8], ['b', types.string]], key: { a: 1, b: 'x' }, text: `'["a","b"]' value: (0 = 1, 1 = "x")` }, // prettier-ignore
])('a violation reads $text', ({ columns, key, text }) => {
  const row = compileRow(types.product([...columns, ['other', types.u8]]), []);
  const store = new Store();
  const transaction = store.begin();
  const index = { id: 1, name: 'i', algorithm: 'btree', columns: [...columns.keys()], isUnique: true } as const;
  const table = transaction.createTable({
    id: 1,
    name: 't',
    row,
    indexes: [index],
    sequences: [],
    isEvent: false,
    isEphemeral: false,
  });
  for (const other of [1, 2]) {
    const writer = new ByteWriter();
    row.encode(writer, { ...key, other });
    transaction.insert(table, writer.bytes, 0, writer.length);
  }
  expect(transaction.lastViolation.message()).toBe(MESSAGE + text);
});
