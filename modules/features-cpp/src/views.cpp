// Views: for everybody and for each caller, with rows and with queries as results.

#include <spacetimedb.h>

#include "items.h"

// A view's rows need not be those of a table.
struct ColorCount {
  Color color;
  uint32_t count;
};
SPACETIMEDB_STRUCT(ColorCount, color, count)

// The caller's items.
SPACETIMEDB_VIEW(std::vector<Item>, my_items, Public, ViewContext ctx) {
  return ctx.db[item_owner].filter(ctx.sender()).collect();
}
VIEW_PrimaryKey(my_items, id)

// The item in slot 1, if there is one. Clients know this view by another name than the module.
SPACETIMEDB_VIEW_NAMED(std::optional<Item>, first_item, "given_view", Public, AnonymousViewContext ctx) {
  return ctx.db[item_slot].find(1);
}

SPACETIMEDB_VIEW(std::vector<ColorCount>, color_counts, Public, AnonymousViewContext ctx) {
  std::vector<ColorCount> counts;
  for (Color color : {Color::Red, Color::Green, Color::Blue}) {
    auto count = static_cast<uint32_t>(ctx.db[item_by_color_and_score].filter(color).count());
    counts.push_back({color, count});
  }
  return counts;
}

// A query: the database evaluates it and keeps it up to date.
SPACETIMEDB_VIEW(Query<Item>, good_items, Public, AnonymousViewContext ctx) {
  return ctx.from[item].where(col(&Item::score) >= 10);
}

// A query with the caller as a literal.
SPACETIMEDB_VIEW(Query<Item>, my_good_items, Public, ViewContext ctx) {
  return ctx.from[item].where(col(&Item::owner) == ctx.sender()).where(col(&Item::score) >= 10);
}
