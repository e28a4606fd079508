// The lifecycle, and what a reducer learns about its caller, the time and chance; the log.

#include <spacetimedb.h>

#include "answer.h"

SPACETIMEDB_ENUM(VisitKind, Connected, Disconnected)

// A row for each time that somebody came or left.
struct Visit {
  uint64_t id;
  VisitKind kind;
  Identity visitor;
  std::optional<ConnectionId> connection;
  Timestamp timestamp;
};
SPACETIMEDB_STRUCT(Visit, id, kind, visitor, connection, timestamp)
SPACETIMEDB_TABLE(Visit, visit, Public)
FIELD_PrimaryKeyAutoInc(visit, id)

static ReducerResult note_visit(const ReducerContext& ctx, VisitKind kind) {
  ctx.db[visit].insert({0, kind, ctx.sender(), ctx.connection_id(), ctx.timestamp});
  return Ok();
}

SPACETIMEDB_INIT(init, ReducerContext ctx) {
  give_answer(ctx, "init", "done");
  return Ok();
}

SPACETIMEDB_CLIENT_CONNECTED(client_connected, ReducerContext ctx) { return note_visit(ctx, VisitKind::Connected); }

SPACETIMEDB_CLIENT_DISCONNECTED(client_disconnected, ReducerContext ctx) {
  return note_visit(ctx, VisitKind::Disconnected);
}

// Lines of `sender`, `connection`, `database`, `internal`, and of the token's `issuer` and `subject`.
SPACETIMEDB_REDUCER(who_am_i, ReducerContext ctx) {
  auto connection = ctx.connection_id();
  auto claims = ctx.sender_auth().jwt();
  give_answer(ctx, "who_am_i",
              text("sender ", ctx.sender(), "\nconnection ", connection ? connection->to_hex() : "none",
                   "\ndatabase ", ctx.identity(), "\ninternal ", ctx.sender_auth().is_internal(), "\nissuer ",
                   claims ? claims->issuer() : "none", "\nsubject ", claims ? claims->subject() : "none"));
  return Ok();
}

// What is random differs between calls, so only its properties are looked at.
SPACETIMEDB_REDUCER(check_chance, ReducerContext ctx) {
  Expectations expect;
  uint32_t counts[6] = {};
  for (int i = 0; i < 600; i++) counts[ctx.rng().below(6)]++;
  for (uint32_t count : counts) expect(count >= 50 && count < 150, "each face of a die comes up");
  expect(ctx.rng()() != ctx.rng()(), "two random numbers differ");
  Uuid first = ctx.new_uuid_v4(), second = ctx.new_uuid_v4();
  expect(first != second && first.version() == 4, "random UUIDs differ");
  first = ctx.new_uuid_v7();
  second = ctx.new_uuid_v7();
  expect(first < second && first.version() == 7, "timely UUIDs grow");
  auto millis = static_cast<int64_t>(first.to_u128() >> 80);
  expect(millis == ctx.timestamp.micros_since_unix_epoch / 1000, "timely UUIDs have the time of the call");
  return expect.result();
}

// A line of each level, and how long that took.
SPACETIMEDB_REDUCER(log_all_levels, ReducerContext, std::string text) {
  LogStopwatch stopwatch{"all levels"};
  LOG_ERROR(text);
  LOG_WARN(text);
  LOG_INFO(text);
  LOG_DEBUG(text);
  LOG_TRACE(text);
  return Ok();
}
