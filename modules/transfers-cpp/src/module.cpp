// Funds transfers between accounts: the module of the benchmark, as modules/transfers has it in Rust.

#include <spacetimedb.h>

using namespace SpacetimeDB;

struct Account {
  uint32_t id;
  int64_t balance;
};
SPACETIMEDB_STRUCT(Account, id, balance)
SPACETIMEDB_TABLE(Account, accounts, Public)
FIELD_PrimaryKey(accounts, id)

// Replaces all accounts by `count` new ones with the ids 0, 1, …
SPACETIMEDB_REDUCER(seed, ReducerContext ctx, uint32_t count, int64_t balance) {
  ctx.db[accounts].clear();
  for (uint32_t id = 0; id < count; id++) ctx.db[accounts].insert({id, balance});
  return Ok();
}

static ReducerResult no_account(uint32_t id) { return Err(text("there is no account ", id)); }

SPACETIMEDB_REDUCER(transfer, ReducerContext ctx, uint32_t from, uint32_t to, int64_t amount) {
  if (from == to) return Err("the two accounts must differ");
  if (amount <= 0) return Err("the amount must be positive");
  auto payer = ctx.db[accounts_id].find(from);
  if (!payer) return no_account(from);
  auto payee = ctx.db[accounts_id].find(to);
  if (!payee) return no_account(to);
  if (payer->balance < amount) return Err(text("account ", from, " has only ", payer->balance));
  int64_t credited;
  if (__builtin_add_overflow(payee->balance, amount, &credited)) {
    return Err(text("account ", to, " cannot hold so much"));
  }
  ctx.db[accounts_id].update({from, payer->balance - amount});
  ctx.db[accounts_id].update({to, credited});
  return Ok();
}
