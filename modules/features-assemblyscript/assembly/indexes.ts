// Primary key, auto-increment, unique columns, and indexes of each kind over one and several columns.

import {
  autoInc,
  Identity,
  index,
  primaryKey,
  reducer,
  ReducerContext,
  Rows,
  SenderError,
  table,
  unique,
} from '@lightcone/sdk-assemblyscript';
import { expect } from './answer';
import { Color } from './types';

@table({ access: 'public' })
@index({ accessor: 'byColorAndScore', columns: ['color', 'score'] })
@index({ accessor: 'byOwnerAndColor', algorithm: 'hash', columns: ['owner', 'color'] })
export class Item {
  @primaryKey
  @autoInc
  id: u64;
  @unique
  name: string;
  @unique
  @index({ algorithm: 'direct' })
  slot: u32;
  @index
  score: i32;
  @index({ algorithm: 'hash' })
  owner: Identity;
  color: Color;
}

/** The caller's new item, or null if the name or the slot is taken. */
export function tryAdd(ctx: ReducerContext, name: string, slot: u32, score: i32, color: Color): Item | null {
  const item: Item = { id: 0, name, slot, score, owner: ctx.sender, color };
  return ctx.db.item.tryInsert(item) ? item : null;
}

export function refusal(name: string, slot: u32): string {
  return `there is an item ${name} or one in slot ${slot}`;
}

export class Indexes {
  @reducer
  static addItem(ctx: ReducerContext, name: string, slot: u32, score: i32, color: Color): void {
    if (tryAdd(ctx, name, slot, score, color) === null) throw new SenderError(refusal(name, slot));
  }

  @reducer
  static scoreItem(ctx: ReducerContext, name: string, score: i32): void {
    const item = ctx.db.item.name.find(name);
    if (item === null) throw new SenderError(`there is no item ${name}`);
    item.score = score;
    ctx.db.item.id.update(item);
  }

  @reducer
  static removeItem(ctx: ReducerContext, name: string): void {
    if (!ctx.db.item.name.delete(name)) throw new SenderError(`there is no item ${name}`);
  }

  @reducer
  static clearItems(ctx: ReducerContext): void {
    ctx.db.item.clear();
  }

  /** Replaces all items by six, named `a` to `f`, and looks them up in every way. */
  @reducer
  static checkIndexes(ctx: ReducerContext): void {
    const items = ctx.db.item;
    items.clear();
    expect(items.count() == 0, 'a cleared table is empty');
    add(ctx, 'a', 1, 10, Color.Red);
    add(ctx, 'b', 2, -5, Color.Red);
    add(ctx, 'c', 3, 10, Color.Green);
    add(ctx, 'd', 40, 0, Color.Blue);
    add(ctx, 'e', 500, 99, Color.Red);
    const nobody = new Identity();
    items.insert({ id: 0, name: 'f', slot: 6, score: i32.MAX_VALUE, owner: nobody, color: Color.Red });
    expect(items.count() == 6 && items.iter().count() == 6, 'there are six items');

    expect(tryAdd(ctx, 'a', 7, 0, Color.Red) === null, 'a second name is refused');
    expect(tryAdd(ctx, 'g', 1, 0, Color.Red) === null, 'a second slot is refused');
    expect(items.count() == 6, 'what is refused leaves nothing');

    const c = items.name.find('c');
    expect(c !== null && c.slot == 3, 'unique, found');
    expect(items.name.find('z') === null, 'unique, not found');
    const e = items.slot.find(500);
    expect(e !== null && e.name == 'e', 'direct, found');
    expect(items.slot.find(499) === null, 'direct, not found');

    expect(names(items.score.filter(10)) == 'ac', 'B-tree, a point');
    expect(names(items.score.rangeTo(10)) == 'bd', 'B-tree, a range without a start');
    expect(names(items.score.rangeToInclusive(10)) == 'abcd', 'B-tree, a range with its end');
    expect(names(items.score.rangeFrom(10)) == 'acef', 'B-tree, a range without an end');
    expect(names(items.score.range(-5, 10)) == 'bd', 'B-tree, a range without its end');
    expect(names(items.score.rangeInclusive(-5, 10)) == 'abcd', 'B-tree, a closed range');
    expect(names(items.score.range(11, 99)) == '', 'B-tree, an empty range');
    let last = i32.MIN_VALUE;
    for (const item of items.score.rangeFrom(i32.MIN_VALUE)) {
      expect(item.score >= last, 'a B-tree gives its rows in order');
      last = item.score;
    }

    const byColorAndScore = items.byColorAndScore;
    expect(names(byColorAndScore.at(Color.Red).iter()) == 'abef', 'two columns, the first');
    expect(names(byColorAndScore.rangeFrom(Color.Green)) == 'cd', 'two columns, a range of the first');
    expect(names(byColorAndScore.filter(Color.Red, 10)) == 'a', 'two columns, a point');
    const red = byColorAndScore.at(Color.Red);
    expect(names(red.filter(10)) == 'a', 'two columns, one after the other');
    expect(names(red.rangeFrom(0)) == 'aef', 'two columns, a range behind a prefix');
    expect(names(red.rangeToInclusive(10)) == 'ab', 'two columns, a range up to its end');

    expect(names(items.owner.filter(ctx.sender)) == 'abcde', 'hash, a point');
    expect(names(items.owner.filter(nobody)) == 'f', 'hash, another point');
    expect(names(items.byOwnerAndColor.filter(ctx.sender, Color.Red)) == 'abe', 'hash of two columns');

    checkChanges(ctx);
  }
}

function add(ctx: ReducerContext, name: string, slot: u32, score: i32, color: Color): void {
  const added = tryAdd(ctx, name, slot, score, color);
  if (added === null) throw new SenderError(refusal(name, slot));
  expect(added.id > 0, 'an insert gives a new id');
  const found = ctx.db.item.id.find(added.id);
  expect(found !== null && isSame(ctx, found, added), 'an item is found by its id');
}

function isSame(ctx: ReducerContext, one: Item, other: Item): bool {
  return ctx.db.item.bytesOf(one).toString() == ctx.db.item.bytesOf(other).toString();
}

/** Leaves the items `a` (of score 11), `c`, `d` and `f`. */
function checkChanges(ctx: ReducerContext): void {
  const items = ctx.db.item;
  const a = items.name.find('a');
  if (a === null) throw new SenderError('a is gone');
  const id = a.id;
  a.name = 'x';
  a.score = 11;
  const renamed = items.id.update(a);
  expect(renamed.id == id && renamed.name == 'x', 'an update by id');
  expect(items.name.find('a') === null, 'the old name is free');
  renamed.name = 'a';
  items.id.update(renamed);
  expect(names(items.score.filter(11)) == 'a', 'an update moves the row in its indexes');

  expect(items.score.delete(-5) == 1, 'a point deleted by a B-tree');
  expect(items.byColorAndScore.at(Color.Red).deleteRange(12, 100) == 1, 'a range deleted behind a prefix');
  expect(!items.slot.delete(500), 'what is gone is not deleted again');
  expect(items.owner.delete(new Identity(1)) == 0, 'a point without rows');
  expect(names(items.iter()) == 'acdf', 'what is left');
}

/** The names in alphabetical order, as one text. */
function names(items: Rows<Item>): string {
  const found = new Array<string>();
  for (const item of items) found.push(item.name);
  return found.sort().join('');
}
