// Scheduled functions: rows that call a reducer or a procedure when their time comes, and a call without a row.

#include <spacetimedb.h>

#include <cstdlib>

#include "answer.h"

struct Reminder {
  uint64_t id;
  ScheduleAt scheduled_at;
  std::string text;
};
SPACETIMEDB_STRUCT(Reminder, id, scheduled_at, text)
SPACETIMEDB_TABLE(Reminder, reminder, Public)
FIELD_PrimaryKeyAutoInc(reminder, id)
SPACETIMEDB_SCHEDULE(reminder, scheduled_at, ring_reminder)

// Answers `<text>` with the number of its rings and whether the database itself called; a repeated one ends at three.
SPACETIMEDB_REDUCER(ring_reminder, ReducerContext ctx, Reminder reminder) {
  auto former = ctx.db[answer_question].find(reminder.text);
  int rings = (former ? std::atoi(former->text.c_str()) : 0) + 1;
  give_answer(ctx, reminder.text, text(rings, " ", ctx.sender_auth().is_internal()));
  if (rings == 3) ctx.db[reminder_id].remove(reminder.id);
  return Ok();
}

SPACETIMEDB_REDUCER(remind_once, ReducerContext ctx, std::string text, uint32_t in_ms) {
  ctx.db[reminder].insert({0, ctx.timestamp + TimeDuration::from_millis(in_ms), text});
  return Ok();
}

SPACETIMEDB_REDUCER(remind_often, ReducerContext ctx, std::string text, uint32_t every_ms) {
  ctx.db[reminder].insert({0, TimeDuration::from_millis(every_ms), text});
  return Ok();
}

// Neither the columns' order nor their names are prescribed.
struct Errand {
  std::string text;
  ScheduleAt due;
  uint64_t number;
};
SPACETIMEDB_STRUCT(Errand, text, due, number)
SPACETIMEDB_TABLE(Errand, errand, Private)
FIELD_PrimaryKeyAutoInc(errand, number)
SPACETIMEDB_SCHEDULE(errand, due, run_errand)

SPACETIMEDB_PROCEDURE(Unit, run_errand, ProcedureContext ctx, Errand errand) {
  ctx.with_tx([&](TxContext& tx) { give_answer(tx, errand.text, "begun"); });
  ctx.sleep_until(ctx.timestamp + TimeDuration::from_millis(1));
  ctx.with_tx([&](TxContext& tx) { give_answer(tx, errand.text, "done"); });
  return {};
}

SPACETIMEDB_REDUCER(send_on_errand, ReducerContext ctx, std::string text) {
  ctx.db[errand].insert({text, ctx.timestamp, 0});
  return Ok();
}

SPACETIMEDB_REDUCER(remark, ReducerContext ctx, std::string text) {
  give_answer(ctx, "remark", text);
  return Ok();
}

// The call happens soon after this one, in a transaction of its own.
SPACETIMEDB_REDUCER(remark_soon, ReducerContext, std::string text) {
  SPACETIMEDB_SCHEDULE_IMMEDIATE(remark, text);
  return Ok();
}
