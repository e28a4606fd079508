// Written by the compiler for the editor: what `ctx.db` has. Do not edit.
import type { ConnectionId, HashIndex, i128, i256, Identity, Option, OrderedIndex, QueryTable, Result, ScheduleAt, Table, TimeDuration, Timestamp, u128, u256, UniqueIndex, Unit, Uuid } from "@lightcone/sdk-assemblyscript";
import type { Message } from './index';
import type { User } from './index';

declare module '@lightcone/sdk-assemblyscript' {
  interface Db {
    readonly message: Table<Message>;
    readonly user: Table<User> & {
      readonly identity: UniqueIndex<User, Identity>;
    };
  }
  interface From {
    readonly message: QueryTable<Message>;
    readonly user: QueryTable<User>;
  }
  interface Soon {
    sendMessage(text: string): void;
    setName(name: string): void;
  }
}
