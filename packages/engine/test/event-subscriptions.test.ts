import { types } from '@lightcone/sats';
import { expect, test } from 'vitest';
import { btree } from '../../schema/test/raw-modules.ts';
import { TestCore } from './support/test-core.ts';

const columns = [
  ['id', types.u8],
  ['room', types.u8],
] as const;
const TABLES = {
  shout: { columns, isEvent: true, indexes: [{ ...btree(1), name: 'shout_room' }] },
  member: {
    columns,
    indexes: [
      { ...btree(0), name: 'member_id' },
      { ...btree(1), name: 'member_room' },
    ],
  },
};
const row = (id: number, room: number): object => ({ id, room });

test('a subscription to an event table begins empty and gets the rows of each transaction as events', async () => {
  const core = await TestCore.open(TABLES);
  const client = core.connect('ann');
  const id = client.subscribe('SELECT * FROM shout', 'SELECT * FROM shout WHERE room = 2');
  expect(client.messages.at(-1)).toMatchObject({ tag: 'SubscribeApplied', tables: [] });
  core.commit([{ table: 'shout', insert: [row(1, 1), row(2, 2)] as never }]);
  expect(client.messages.at(-1)).toMatchObject({
    querySets: [
      { querySetId: id, tables: [{ table: 'shout', changes: [{ tag: 'EventTable' }, { tag: 'EventTable' }] }] },
    ],
  });
  expect(client.rows(id as number)).toEqual(['0101', '0202', '0202']);
  core.commit([{ table: 'member', insert: [row(1, 1)] as never }]);
  expect(client.messages).toHaveLength(2);
});

test('events are joined with the tables as the transaction leaves them; what changes there later is no event', async () => {
  const core = await TestCore.open(TABLES);
  const client = core.connect('ann');
  const id = client.subscribe(
    'SELECT shout.* FROM shout JOIN member ON shout.room = member.room WHERE member.id = 7',
  ) as number;
  core.commit([{ table: 'shout', insert: [row(1, 1)] as never }]);
  core.commit([{ table: 'member', insert: [row(7, 1)] as never }]);
  expect(client.rows(id)).toEqual([]);
  core.commit([
    { table: 'shout', insert: [row(2, 1), row(3, 2), row(4, 3)] as never },
    { table: 'member', insert: [row(7, 2)] as never, delete: [row(7, 1)] as never },
  ]);
  expect(client.rows(id)).toEqual(['0302']);
});

test('rules decide which events are seen', async () => {
  const core = await TestCore.open(TABLES, [
    'SELECT shout.* FROM shout JOIN member ON shout.room = member.room WHERE member.id = 7',
    'SELECT * FROM shout WHERE room = 5',
  ]);
  const [ann, owner] = [core.connect('ann'), core.connect('owner')];
  const [seen, all] = [ann, owner].map((client) => client.subscribe('SELECT * FROM shout') as number);
  core.commit([{ table: 'member', insert: [row(7, 1), row(7, 5)] as never }]);
  core.commit([{ table: 'shout', insert: [row(1, 1), row(2, 2), row(3, 5)] as never }]);
  expect(ann.rows(seen!)).toEqual(['0101', '0305']);
  expect(owner.rows(all!)).toEqual(['0101', '0202', '0305']);
});

test('an event table that is looked up is refused', async () => {
  const core = await TestCore.open(TABLES);
  expect(core.connect('ann').subscribe('SELECT member.* FROM member JOIN shout ON shout.room = member.room')).toContain(
    'Event tables cannot be used as the lookup table in subscription joins',
  );
});
