// Procedures: what they know, transactions, sleep and HTTP requests.

import {
  ConnectionId,
  Identity,
  procedure,
  ProcedureContext,
  product,
  Result,
  TimeDuration,
} from '@lightcone/sdk-assemblyscript';
import { refusal, tryAdd } from './indexes';
import { Color, Everything } from './types';

@product
export class Caller {
  identity: Identity;
  connection: ConnectionId | null;
  database: Identity;
}

export class Procedures {
  /** Known to clients by another name than to the module. */
  @procedure({ name: 'given_procedure' })
  static addNumbers(ctx: ProcedureContext, left: i64, right: i64): i64 {
    return left + right;
  }

  @procedure
  static echoEverything(ctx: ProcedureContext, row: Everything): Everything {
    return row;
  }

  @procedure
  static getCaller(ctx: ProcedureContext): Caller {
    return { identity: ctx.sender, connection: ctx.connectionId, database: ctx.identity };
  }

  @procedure
  static rollDice(ctx: ProcedureContext, count: u32): u8[] {
    const rolls = new Array<u8>();
    for (let roll: u32 = 0; roll < count; roll++) rolls.push(<u8>ctx.rng.below(6) + 1);
    return rolls;
  }

  /** Commits, and returns the score that the item has then. */
  @procedure
  static keepItem(ctx: ProcedureContext, name: string, slot: u32): Result<i32, string> {
    let tx = ctx.beginTx();
    if (tryAdd(tx.ctx, name, slot, 1, Color.Red) === null) {
      tx.abort();
      return Result.err<i32, string>(refusal(name, slot));
    }
    tx.commit();
    tx = ctx.beginTx();
    const item = tx.db.item.name.find(name);
    tx.commit();
    return item === null ? Result.err<i32, string>(`${name} is gone`) : Result.ok<i32, string>(item.score);
  }

  /** Aborts the transaction, which takes the item back; the procedure itself returns whether it is gone. */
  @procedure
  static abortItem(ctx: ProcedureContext, name: string, slot: u32): bool {
    let tx = ctx.beginTx();
    tryAdd(tx.ctx, name, slot, 1, Color.Red);
    tx.abort();
    tx = ctx.beginTx();
    const isGone = tx.db.item.name.find(name) === null;
    tx.commit();
    return isGone;
  }

  /** Whether the clock of the procedure went on by as much as it slept, at least. */
  @procedure
  static takeNap(ctx: ProcedureContext, ms: u32): bool {
    const end = ctx.timestamp.plus(TimeDuration.fromMillis(ms));
    ctx.sleepUntil(end);
    return ctx.timestamp.microsSinceUnixEpoch >= end.microsSinceUnixEpoch;
  }

  /** `<status> <body>` of a GET. */
  @procedure
  static fetchText(ctx: ProcedureContext, url: string): Result<string, string> {
    const result = ctx.http.get(url);
    if (result.isErr) return Result.err<string, string>(result.error);
    const response = result.value;
    return Result.ok<string, string>(`${response.status} ${response.text()}`);
  }
}
