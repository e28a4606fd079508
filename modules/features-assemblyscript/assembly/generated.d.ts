// Written by the compiler for the editor: what `ctx.db` has. Do not edit.
import type { ConnectionId, HashIndex, i128, i256, Identity, Option, OrderedIndex, QueryTable, Result, ScheduleAt, Table, TimeDuration, Timestamp, u128, u256, UniqueIndex, Unit, Uuid } from "@lightcone/sdk-assemblyscript";
import type { Answer } from './answer';
import type { Errand } from './timers';
import type { Everything } from './types';
import type { Item } from './indexes';
import type { Color } from './types';
import type { Label } from './names';
import type { Page } from './access';
import type { Pulse } from './tables';
import type { Reminder } from './timers';
import type { Secret } from './tables';
import type { Setting } from './tables';
import type { Visit } from './context';
import type { Word } from './tables';

declare module '@lightcone/sdk-assemblyscript' {
  interface Db {
    readonly answer: Table<Answer> & {
      readonly question: UniqueIndex<Answer, string>;
    };
    readonly errand: Table<Errand> & {
      readonly number: UniqueIndex<Errand, u64>;
    };
    readonly everything: Table<Everything> & {
      readonly id: UniqueIndex<Everything, u32>;
    };
    readonly item: Table<Item> & {
      readonly slot: UniqueIndex<Item, u32>;
      readonly id: UniqueIndex<Item, u64>;
      readonly name: UniqueIndex<Item, string>;
      readonly byColorAndScore: OrderedIndex<Item, [Color, i32]>;
      readonly byOwnerAndColor: HashIndex<Item, [Identity, Color]>;
      readonly score: OrderedIndex<Item, [i32]>;
      readonly owner: HashIndex<Item, [Identity]>;
    };
    readonly label: Table<Label> & {
      readonly id: UniqueIndex<Label, u32>;
      readonly byText: OrderedIndex<Label, [string]>;
    };
    readonly page: Table<Page> & {
      readonly id: UniqueIndex<Page, u64>;
      readonly owner: OrderedIndex<Page, [Identity]>;
    };
    readonly pulse: Table<Pulse>;
    readonly reminder: Table<Reminder> & {
      readonly id: UniqueIndex<Reminder, u64>;
    };
    readonly secret: Table<Secret> & {
      readonly id: UniqueIndex<Secret, u32>;
    };
    readonly setting: Table<Setting> & {
      readonly key: UniqueIndex<Setting, string>;
    };
    readonly visit: Table<Visit> & {
      readonly id: UniqueIndex<Visit, u64>;
    };
    readonly word: Table<Word>;
  }
  interface From {
    readonly answer: QueryTable<Answer>;
    readonly errand: QueryTable<Errand>;
    readonly everything: QueryTable<Everything>;
    readonly item: QueryTable<Item>;
    readonly label: QueryTable<Label>;
    readonly page: QueryTable<Page>;
    readonly pulse: QueryTable<Pulse>;
    readonly reminder: QueryTable<Reminder>;
    readonly secret: QueryTable<Secret>;
    readonly setting: QueryTable<Setting>;
    readonly visit: QueryTable<Visit>;
    readonly word: QueryTable<Word>;
  }
  interface Soon {
    addItem(name: string, slot: u32, score: i32, color: Color): void;
    checkChance(): void;
    checkIndexes(): void;
    checkTypes(): void;
    checkWords(): void;
    clearItems(): void;
    fail(message: string): void;
    insertAndFail(text: string): void;
    insertAndPanic(text: string): void;
    insertTwice(id: u32): void;
    keepSecret(id: u32, text: string): void;
    logAllLevels(text: string): void;
    putEverything(row: Everything): void;
    putLabel(id: u32, text: string): void;
    putSetting(key: string, volume: u8): void;
    remark(text: string): void;
    remarkSoon(text: string): void;
    remindOften(text: string, everyMs: u32): void;
    remindOnce(text: string, inMs: u32): void;
    removeItem(name: string): void;
    ringReminder(reminder: Reminder): void;
    scoreItem(name: string, score: i32): void;
    sendOnErrand(text: string): void;
    sendPulses(count: u32): void;
    whoAmI(): void;
    writePage(text: string): void;
    abortItem(name: string, slot: u32): void;
    addNumbers(left: i64, right: i64): void;
    echoEverything(row: Everything): void;
    fetchText(url: string): void;
    getCaller(): void;
    keepItem(name: string, slot: u32): void;
    rollDice(count: u32): void;
    runErrand(errand: Errand): void;
    takeNap(ms: u32): void;
  }
}
