// Primary key, auto-increment, unique columns, and indexes of each kind over one and several columns.
#pragma once

#include <spacetimedb.h>

#include "types.h"

struct Item {
  uint64_t id;
  std::string name;
  uint32_t slot;
  int32_t score;
  Identity owner;
  Color color;
  friend bool operator==(const Item&, const Item&) = default;
};
SPACETIMEDB_STRUCT(Item, id, name, slot, score, owner, color)
SPACETIMEDB_TABLE(Item, item, Public)
FIELD_PrimaryKeyAutoInc(item, id)
FIELD_Unique(item, name)
FIELD_Unique(item, slot, Direct)
FIELD_Index(item, score)
FIELD_Index(item, owner, Hash)
FIELD_MultiColumnIndex(item, by_color_and_score, color, score)
FIELD_MultiColumnHashIndex(item, by_owner_and_color, owner, color)

// The caller's new item; an error if the name or the slot is taken.
inline Outcome<Item> try_add(const ReducerContext& ctx, std::string name, uint32_t slot, int32_t score, Color color) {
  std::string refusal = text("there is an item ", name, " or one in slot ", slot);
  auto added = ctx.db[item].try_insert({0, std::move(name), slot, score, ctx.sender(), color});
  if (added.is_err()) return Err(refusal);
  return Ok(*added);
}
