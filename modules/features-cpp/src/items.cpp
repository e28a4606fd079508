// Everything that an index can do.

#include "items.h"

#include <algorithm>
#include <limits>

#include "answer.h"

SPACETIMEDB_REDUCER(add_item, ReducerContext ctx, std::string name, uint32_t slot, int32_t score, Color color) {
  auto added = try_add(ctx, name, slot, score, color);
  if (added.is_err()) return Err(added.error());
  return Ok();
}

SPACETIMEDB_REDUCER(score_item, ReducerContext ctx, std::string name, int32_t score) {
  auto found = ctx.db[item_name].find(name);
  if (!found) return Err(text("there is no item ", name));
  found->score = score;
  ctx.db[item_id].update(*found);
  return Ok();
}

SPACETIMEDB_REDUCER(remove_item, ReducerContext ctx, std::string name) {
  if (!ctx.db[item_name].remove(name)) return Err(text("there is no item ", name));
  return Ok();
}

SPACETIMEDB_REDUCER(clear_items, ReducerContext ctx) {
  ctx.db[item].clear();
  return Ok();
}

// The names in alphabetical order, as one text.
static std::string names(Rows<Item> rows) {
  std::vector<std::string> found;
  for (const Item& row : rows) found.push_back(row.name);
  std::sort(found.begin(), found.end());
  std::string joined;
  for (const std::string& name : found) joined += name;
  return joined;
}

// Leaves the items `a` (of score 11), `c`, `d` and `f`.
static void check_changes(const ReducerContext& ctx, Expectations& expect) {
  Item a = ctx.db[item_name].find("a").value_or(Item{});
  Item changed = a;
  changed.name = "x";
  changed.score = 11;
  Item renamed = ctx.db[item_id].update(changed);
  expect(renamed.id == a.id && renamed.name == "x", "an update by id");
  expect(!ctx.db[item_name].find("a"), "the old name is free");
  renamed.name = "a";
  ctx.db[item_id].update(renamed);
  expect(names(ctx.db[item_score].filter(11)) == "a", "an update moves the row in its indexes");

  expect(ctx.db[item_score].remove(-5) == 1, "a point deleted by a B-tree");
  expect(ctx.db[item_by_color_and_score].remove(Color::Red, range(12, 100)) == 1, "a range deleted behind a prefix");
  expect(!ctx.db[item_slot].remove(500), "what is gone is not deleted again");
  expect(ctx.db[item_owner].remove(Identity{1u}) == 0, "a point without rows");
  expect(names(ctx.db[item].iter()) == "acdf", "what is left");
}

// Replaces all items by six, named `a` to `f`, and looks them up in every way.
SPACETIMEDB_REDUCER(check_indexes, ReducerContext ctx) {
  using enum Color;
  Expectations expect;
  ctx.db[item].clear();
  expect(ctx.db[item].count() == 0, "a cleared table is empty");
  struct New {
    std::string name;
    uint32_t slot;
    int32_t score;
    Color color;
  };
  for (const New& made : {New{"a", 1, 10, Red}, New{"b", 2, -5, Red}, New{"c", 3, 10, Green}, New{"d", 40, 0, Blue},
                          New{"e", 500, 99, Red}}) {
    auto added = try_add(ctx, made.name, made.slot, made.score, made.color);
    if (added.is_err()) return Err(added.error());
    expect(added->id > 0, "an insert gives a new id");
    expect(ctx.db[item_id].find(added->id) == *added, "an item is found by its id");
  }
  ctx.db[item].insert({0, "f", 6, std::numeric_limits<int32_t>::max(), Identity{}, Red});
  expect(ctx.db[item].count() == 6 && ctx.db[item].iter().count() == 6, "there are six items");

  expect(try_add(ctx, "a", 7, 0, Red).is_err(), "a second name is refused");
  expect(try_add(ctx, "g", 1, 0, Red).is_err(), "a second slot is refused");
  expect(ctx.db[item].count() == 6, "what is refused leaves nothing");

  auto c = ctx.db[item_name].find("c");
  expect(c && c->slot == 3, "unique, found");
  expect(!ctx.db[item_name].find("z"), "unique, not found");
  auto in_500 = ctx.db[item_slot].find(500);
  expect(in_500 && in_500->name == "e", "direct, found");
  expect(!ctx.db[item_slot].find(499), "direct, not found");

  auto by_score = ctx.db[item_score];
  expect(names(by_score.filter(10)) == "ac", "B-tree, a point");
  expect(names(by_score.filter(range_to(10))) == "bd", "B-tree, a range without a start");
  expect(names(by_score.filter(range_to_inclusive(10))) == "abcd", "B-tree, a range with its end");
  expect(names(by_score.filter(range_from(10))) == "acef", "B-tree, a range without an end");
  expect(names(by_score.filter(range_after(10))) == "ef", "B-tree, a range without its start");
  expect(names(by_score.filter(range(-5, 10))) == "bd", "B-tree, a range without its end");
  expect(names(by_score.filter(range_inclusive(-5, 10))) == "abcd", "B-tree, a closed range");
  expect(names(by_score.filter(range(11, 99))).empty(), "B-tree, an empty range");
  std::vector<Item> all = by_score.filter(range_from(std::numeric_limits<int32_t>::min())).collect();
  bool is_sorted = std::is_sorted(all.begin(), all.end(), [](auto& a, auto& b) { return a.score < b.score; });
  expect(is_sorted, "a B-tree gives its rows in order");

  auto by_color_and_score = ctx.db[item_by_color_and_score];
  expect(names(by_color_and_score.filter(Red)) == "abef", "two columns, the first");
  expect(names(by_color_and_score.filter(range_from(Green))) == "cd", "two columns, a range of the first");
  expect(names(by_color_and_score.filter(Red, 10)) == "a", "two columns, a point");
  expect(names(by_color_and_score.filter(Red, range_from(0))) == "aef", "two columns, a range behind a prefix");
  expect(names(by_color_and_score.filter(Red, range_to_inclusive(10))) == "ab", "two columns, a range up to its end");

  expect(names(ctx.db[item_owner].filter(ctx.sender())) == "abcde", "hash, a point");
  expect(names(ctx.db[item_owner].filter(Identity{})) == "f", "hash, another point");
  expect(names(ctx.db[item_by_owner_and_color].filter(ctx.sender(), Red)) == "abe", "hash of two columns");

  check_changes(ctx, expect);
  return expect.result();
}
