// Written by the compiler for the editor: what `ctx.db` has. Do not edit.
import type { ConnectionId, HashIndex, i128, i256, Identity, Option, OrderedIndex, QueryTable, Result, ScheduleAt, Table, TimeDuration, Timestamp, u128, u256, UniqueIndex, Unit, Uuid } from "@lightcone/sdk-assemblyscript";
import type { Account } from './index';

declare module '@lightcone/sdk-assemblyscript' {
  interface Db {
    readonly accounts: Table<Account> & {
      readonly id: UniqueIndex<Account, u32>;
    };
  }
  interface From {
    readonly accounts: QueryTable<Account>;
  }
  interface Soon {
    seed(count: u32, balance: i64): void;
    transfer(from: u32, to: u32, amount: i64): void;
  }
}
