// Scheduled functions: rows that call a reducer or a procedure when their time comes, and a call without a row.

import {
  autoInc,
  primaryKey,
  procedure,
  ProcedureContext,
  reducer,
  ReducerContext,
  ScheduleAt,
  table,
  TimeDuration,
} from '@lightcone/sdk-assemblyscript';
import { answer } from './answer';

@table({ access: 'public', scheduled: 'ringReminder' })
export class Reminder {
  @primaryKey
  @autoInc
  id: u64;
  scheduledAt: ScheduleAt;
  text: string;
}

/** Neither the columns' order nor their names are prescribed. */
@table({ scheduled: 'runErrand', scheduledAt: 'due' })
export class Errand {
  text: string;
  due: ScheduleAt;
  @primaryKey
  @autoInc
  number: u64;
}

export class Timers {
  /** Answers `<text>` with the number of its rings and whether the database itself called; a repeated one ends at three. */
  @reducer
  static ringReminder(ctx: ReducerContext, reminder: Reminder): void {
    const former = ctx.db.answer.question.find(reminder.text);
    const rings = former === null ? 1 : <i32>parseInt(former.text.split(' ')[0]) + 1;
    answer(ctx, reminder.text, `${rings} ${ctx.isInternal}`);
    if (rings == 3) ctx.db.reminder.id.delete(reminder.id);
  }

  @reducer
  static remindOnce(ctx: ReducerContext, text: string, inMs: u32): void {
    const scheduledAt = ScheduleAt.time(ctx.timestamp.plus(TimeDuration.fromMillis(inMs)));
    ctx.db.reminder.insert({ id: 0, scheduledAt, text });
  }

  @reducer
  static remindOften(ctx: ReducerContext, text: string, everyMs: u32): void {
    const scheduledAt = ScheduleAt.interval(TimeDuration.fromMillis(everyMs));
    ctx.db.reminder.insert({ id: 0, scheduledAt, text });
  }

  @procedure
  static runErrand(ctx: ProcedureContext, errand: Errand): void {
    let tx = ctx.beginTx();
    answer(tx.ctx, errand.text, 'begun');
    tx.commit();
    ctx.sleepUntil(ctx.timestamp.plus(TimeDuration.fromMillis(1)));
    tx = ctx.beginTx();
    answer(tx.ctx, errand.text, 'done');
    tx.commit();
  }

  @reducer
  static sendOnErrand(ctx: ReducerContext, text: string): void {
    ctx.db.errand.insert({ text, due: ScheduleAt.time(ctx.timestamp), number: 0 });
  }

  @reducer
  static remark(ctx: ReducerContext, text: string): void {
    answer(ctx, 'remark', text);
  }

  /** The call happens soon after this one, in a transaction of its own. */
  @reducer
  static remarkSoon(ctx: ReducerContext, text: string): void {
    ctx.soon.remark(text);
  }
}
