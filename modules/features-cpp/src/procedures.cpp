// Procedures: functions outside of transactions that return a value to their caller alone, may sleep, send HTTP
// requests, and take as many transactions as they need.

#include <spacetimedb.h>

#include "items.h"

struct Caller {
  Identity identity;
  std::optional<ConnectionId> connection;
  Identity database;
};
SPACETIMEDB_STRUCT(Caller, identity, connection, database)

// Known to clients by another name than to the module.
SPACETIMEDB_PROCEDURE_NAMED(int64_t, add_numbers, "given_procedure", ProcedureContext, int64_t left, int64_t right) {
  return static_cast<int64_t>(static_cast<uint64_t>(left) + static_cast<uint64_t>(right));
}

SPACETIMEDB_PROCEDURE(Everything, echo_everything, ProcedureContext, Everything row) { return row; }

SPACETIMEDB_PROCEDURE(Caller, get_caller, ProcedureContext ctx) {
  return {ctx.sender(), ctx.connection_id(), ctx.identity()};
}

SPACETIMEDB_PROCEDURE(std::vector<uint8_t>, roll_dice, ProcedureContext ctx, uint32_t count) {
  std::vector<uint8_t> rolls(count);
  for (uint8_t& roll : rolls) roll = ctx.rng().between(1, 6);
  return rolls;
}

using KeptScore = Result<int32_t, std::string>;

// Commits, and returns the score that the item has then.
SPACETIMEDB_PROCEDURE(KeptScore, keep_item, ProcedureContext ctx, std::string name, uint32_t slot) {
  auto added = ctx.try_with_tx([&](TxContext& tx) { return try_add(tx, name, slot, 1, Color::Red); });
  if (added.is_err()) return Err(added.error());
  auto found = ctx.with_tx([&](TxContext& tx) { return tx.db[item_name].find(name); });
  if (!found) return Err(text(name, " is gone"));
  return Ok(found->score);
}

// Returns an error from the transaction, which takes the item back; the procedure itself returns whether it is gone.
SPACETIMEDB_PROCEDURE(bool, abort_item, ProcedureContext ctx, std::string name, uint32_t slot) {
  auto aborted = ctx.try_with_tx([&](TxContext& tx) -> Outcome<Unit> {
    auto added = try_add(tx, name, slot, 1, Color::Red);
    if (added.is_err()) return Err(added.error());
    return Err("not meant");
  });
  bool is_gone = ctx.with_tx([&](TxContext& tx) { return !tx.db[item_name].find(name).has_value(); });
  return aborted.is_err() && is_gone;
}

// Whether the clock of the procedure went on by as much as it slept, at least.
SPACETIMEDB_PROCEDURE(bool, take_nap, ProcedureContext ctx, uint32_t ms) {
  Timestamp end = ctx.timestamp + TimeDuration::from_millis(ms);
  ctx.sleep_until(end);
  return ctx.timestamp >= end;
}

using FetchedText = Result<std::string, std::string>;

// `<status> <body>` of a GET.
SPACETIMEDB_PROCEDURE(FetchedText, fetch_text, ProcedureContext ctx, std::string url) {
  auto response = ctx.http.get(url);
  if (response.is_err()) return Err(response.error());
  return Ok(text(response->status, " ", response->body));
}
