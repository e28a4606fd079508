// A guest book: everybody may sign it once under each name.

#include <spacetimedb.h>

using namespace SpacetimeDB;

struct Guest {
  uint64_t id;
  std::string name;
  Identity signed_by;
  Timestamp signed_at;
};
SPACETIMEDB_STRUCT(Guest, id, name, signed_by, signed_at)
SPACETIMEDB_TABLE(Guest, guest, Public)
FIELD_PrimaryKeyAutoInc(guest, id)
FIELD_Unique(guest, name)

// Clients call it. With `Err` nothing of what it did remains, and the caller reads why.
SPACETIMEDB_REDUCER(sign, ReducerContext ctx, std::string name) {
  if (name.empty()) return Err("a guest needs a name");
  if (ctx.db[guest_name].find(name)) return Err(text(name, " has signed already"));
  LOG_INFO("Welcome, ", name, "!");
  ctx.db[guest].insert({0, name, ctx.sender(), ctx.timestamp});
  return Ok();
}
