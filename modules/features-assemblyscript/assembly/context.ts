// The lifecycle, and what a reducer learns about its caller, the time and chance; the log.

import {
  autoInc,
  clientConnected,
  clientDisconnected,
  ConnectionId,
  Identity,
  init,
  LogStopwatch,
  primaryKey,
  reducer,
  ReducerContext,
  table,
  Timestamp,
} from '@lightcone/sdk-assemblyscript';
import { answer, expect } from './answer';

export enum VisitKind {
  Connected,
  Disconnected,
}

/** A row for each time that somebody came or left. */
@table({ access: 'public' })
export class Visit {
  @primaryKey
  @autoInc
  id: u64;
  kind: VisitKind;
  visitor: Identity;
  connection: ConnectionId | null;
  timestamp: Timestamp;
}

export class Context {
  @init
  static init(ctx: ReducerContext): void {
    answer(ctx, 'init', 'done');
  }

  @clientConnected
  static clientConnected(ctx: ReducerContext): void {
    noteVisit(ctx, VisitKind.Connected);
  }

  @clientDisconnected
  static clientDisconnected(ctx: ReducerContext): void {
    noteVisit(ctx, VisitKind.Disconnected);
  }

  /** Lines of `sender`, `connection`, `database`, `internal`, and of the token's `issuer` and `subject`. */
  @reducer
  static whoAmI(ctx: ReducerContext): void {
    const connection = ctx.connectionId;
    const claims = ctx.senderClaims;
    const lines = [
      `sender ${ctx.sender}`,
      `connection ${connection === null ? 'none' : connection.toString()}`,
      `database ${ctx.identity}`,
      `internal ${ctx.isInternal}`,
      `issuer ${claims === null ? 'none' : claims.issuer}`,
      `subject ${claims === null ? 'none' : claims.subject}`,
    ];
    answer(ctx, 'who_am_i', lines.join('\n'));
  }

  /** What is random differs between calls, so only its properties are looked at. */
  @reducer
  static checkChance(ctx: ReducerContext): void {
    const counts: i32[] = [0, 0, 0, 0, 0, 0];
    for (let roll = 0; roll < 600; roll++) counts[<i32>ctx.rng.below(6)]++;
    for (const count of counts) expect(count >= 50 && count < 150, 'each face of a die comes up');
    expect(ctx.rng.nextU64() != ctx.rng.nextU64(), 'two random numbers differ');
    const one = ctx.newUuidV4();
    const other = ctx.newUuidV4();
    expect(!one.equals(other) && ((one.word1 >> 12) & 0xf) == 4, 'random UUIDs differ');
    const first = ctx.newUuidV7();
    const second = ctx.newUuidV7();
    const grows = first.word1 < second.word1 || (first.word1 == second.word1 && first.word0 < second.word0);
    expect(grows && ((first.word1 >> 12) & 0xf) == 7, 'timely UUIDs grow');
    const millis = <i64>(first.word1 >> 16);
    expect(millis == ctx.timestamp.microsSinceUnixEpoch / 1000, 'timely UUIDs have the time of the call');
  }

  /** A line of each level, and how long that took. */
  @reducer
  static logAllLevels(ctx: ReducerContext, text: string): void {
    const stopwatch = new LogStopwatch('all levels');
    console.error(text);
    console.warn(text);
    console.info(text);
    console.debug(text);
    console.trace(text);
    stopwatch.end();
  }
}

function noteVisit(ctx: ReducerContext, kind: VisitKind): void {
  const visitor = ctx.sender;
  const connection = ctx.connectionId;
  const timestamp = ctx.timestamp;
  ctx.db.visit.insert({ id: 0, kind, visitor, connection, timestamp });
}
