// Funds transfers between accounts: the module of the benchmark.

import { primaryKey, reducer, ReducerContext, SenderError, table } from '@lightcone/sdk-assemblyscript';

@table({ accessor: 'accounts', access: 'public' })
export class Account {
  @primaryKey
  id: u32;
  balance: i64;
}

export class Transfers {
  /** Replaces all accounts by `count` new ones with the ids 0, 1, … */
  @reducer
  static seed(ctx: ReducerContext, count: u32, balance: i64): void {
    ctx.db.accounts.clear();
    for (let id: u32 = 0; id < count; id++) ctx.db.accounts.insert({ id, balance });
  }

  @reducer
  static transfer(ctx: ReducerContext, from: u32, to: u32, amount: i64): void {
    if (from == to) throw new SenderError('the two accounts must differ');
    if (amount <= 0) throw new SenderError('the amount must be positive');
    const payer = mustFind(ctx, from);
    const payee = mustFind(ctx, to);
    if (payer.balance < amount) throw new SenderError(`account ${from} has only ${payer.balance}`);
    if (payee.balance > i64.MAX_VALUE - amount) throw new SenderError(`account ${to} cannot hold so much`);
    payer.balance -= amount;
    payee.balance += amount;
    ctx.db.accounts.id.update(payer);
    ctx.db.accounts.id.update(payee);
  }
}

function mustFind(ctx: ReducerContext, id: u32): Account {
  const account = ctx.db.accounts.id.find(id);
  if (account === null) throw new SenderError(`there is no account ${id}`);
  return account;
}
