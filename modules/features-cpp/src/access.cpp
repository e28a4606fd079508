// A client visibility filter: everybody sees their own pages.

#include <spacetimedb.h>

using namespace SpacetimeDB;

struct Page {
  uint64_t id;
  Identity owner;
  std::string text;
};
SPACETIMEDB_STRUCT(Page, id, owner, text)
SPACETIMEDB_TABLE(Page, page, Public)
FIELD_PrimaryKeyAutoInc(page, id)
FIELD_Index(page, owner)

SPACETIMEDB_CLIENT_VISIBILITY_FILTER(own_pages, "SELECT * FROM page WHERE owner = :sender")

SPACETIMEDB_REDUCER(write_page, ReducerContext ctx, std::string text) {
  ctx.db[page].insert({0, ctx.sender(), text});
  return Ok();
}
