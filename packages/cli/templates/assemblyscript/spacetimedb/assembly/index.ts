// A guest book: whoever signs it is kept, and greeted in the log.

import {
  autoInc,
  Identity,
  primaryKey,
  reducer,
  ReducerContext,
  SenderError,
  table,
  Timestamp,
  unique,
} from '@lightcone/sdk-assemblyscript';

/** Everybody can read a public table, and subscribe to it. */
@table({ access: 'public' })
export class Guest {
  @primaryKey
  @autoInc
  id: u64;
  @unique
  name: string;
  signedBy: Identity;
  signedAt: Timestamp;
}

/** Clients change tables through reducers alone. Each call is a transaction: on an error nothing of it stays. */
export class Guests {
  @reducer
  static sign(ctx: ReducerContext, name: string): void {
    const trimmed = name.trim();
    if (trimmed.length == 0) throw new SenderError('a guest has a name');
    if (ctx.db.guest.name.find(trimmed) !== null) throw new SenderError(`${trimmed} has signed already`);
    console.info(`Welcome, ${trimmed}!`);
    ctx.db.guest.insert({ id: 0, name: trimmed, signedBy: ctx.sender, signedAt: ctx.timestamp });
  }

  @reducer
  static greetAll(ctx: ReducerContext): void {
    for (const guest of ctx.db.guest.iter()) console.info(`Hello, ${guest.name}!`);
  }
}
