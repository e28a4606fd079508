// Every operation on tables in a reducer of its own, so that a host can make each of its calls go wrong.

#include <spacetimedb.h>

using namespace SpacetimeDB;

struct Entry {
  uint32_t id;
  std::string name;
  int32_t score;
  uint8_t serial;
};
SPACETIMEDB_STRUCT(Entry, id, name, score, serial)
SPACETIMEDB_TABLE(Entry, entry, Public)
FIELD_PrimaryKeyAutoInc(entry, id)
FIELD_Unique(entry, name)
FIELD_Index(entry, score)
FIELD_AutoInc(entry, serial)

// With columns of more than 64 bits.
struct Giant {
  u128 id;
  u256 weight;
};
SPACETIMEDB_STRUCT(Giant, id, weight)
SPACETIMEDB_TABLE(Giant, giant, Public)
FIELD_PrimaryKey(giant, id)
FIELD_Unique(giant, weight)

static ReducerResult told(const Result<Entry, TableError>& result) {
  if (result.is_err()) return Err(result.error());
  return Err(text(result->id, " ", result->name, " ", result->score, " ", result->serial));
}

SPACETIMEDB_REDUCER(insert, ReducerContext ctx, uint32_t id) {
  ctx.db[entry].insert({id, "a", 1, 0});
  return Ok();
}
SPACETIMEDB_REDUCER(try_insert, ReducerContext ctx, uint32_t id) {
  return told(ctx.db[entry].try_insert({id, "a", 1, 0}));
}
SPACETIMEDB_REDUCER(update, ReducerContext ctx, uint32_t id) {
  ctx.db[entry_id].update({id, "a", 1, 1});
  return Ok();
}
SPACETIMEDB_REDUCER(try_update, ReducerContext ctx, uint32_t id) {
  return told(ctx.db[entry_name].try_update({id, "a", 1, 1}));
}
SPACETIMEDB_REDUCER(insert_or_update, ReducerContext ctx, uint32_t id) {
  ctx.db[entry_id].insert_or_update({id, "a", 1, 0});
  return Ok();
}
SPACETIMEDB_REDUCER(find, ReducerContext ctx, uint32_t id) {
  auto found = ctx.db[entry_id].find(id);
  return Err(found ? found->name : "none");
}
SPACETIMEDB_REDUCER(filter, ReducerContext ctx, uint32_t from) {
  std::string names;
  for (const Entry& row : ctx.db[entry_score].filter(range_from(static_cast<int32_t>(from)))) names += row.name;
  return Err(names);
}
SPACETIMEDB_REDUCER(scan, ReducerContext ctx, uint32_t at_most) {
  std::string names;
  for (const Entry& row : ctx.db[entry]) {
    if (at_most-- == 0) break;
    names += row.name;
  }
  return Err(names);
}
SPACETIMEDB_REDUCER(count, ReducerContext ctx, [[maybe_unused]] uint32_t unused) { return Err(text(ctx.db[entry].count())); }
SPACETIMEDB_REDUCER(clear, ReducerContext ctx, [[maybe_unused]] uint32_t unused) { return Err(text(ctx.db[entry].clear())); }
SPACETIMEDB_REDUCER(remove_row, ReducerContext ctx, uint32_t id) {
  return Err(text(ctx.db[entry].remove({id, "a", 1, 1})));
}
SPACETIMEDB_REDUCER(remove_by_key, ReducerContext ctx, uint32_t id) { return Err(text(ctx.db[entry_id].remove(id))); }
SPACETIMEDB_REDUCER(remove_range, ReducerContext ctx, uint32_t from) {
  return Err(text(ctx.db[entry_score].remove(range_from(static_cast<int32_t>(from)))));
}
SPACETIMEDB_REDUCER(use_failed_outcome, ReducerContext, [[maybe_unused]] uint32_t unused) {
  Outcome<uint32_t> failed = Err("no number");
  return Err(text(failed.value()));
}
SPACETIMEDB_REDUCER(find_huge, ReducerContext ctx, uint32_t high) {
  return Err(ctx.db[entry_id].find(uint64_t{high} << 32 | 1) ? "found" : "none");
}
SPACETIMEDB_REDUCER(find_negative, ReducerContext ctx, uint32_t below) {
  return Err(ctx.db[entry_id].find(-static_cast<int32_t>(below)) ? "found" : "none");
}
SPACETIMEDB_REDUCER(find_negative_128, ReducerContext ctx, uint32_t below) {
  return Err(ctx.db[giant_id].find(-static_cast<int32_t>(below)) ? "found" : "none");
}
SPACETIMEDB_REDUCER(find_negative_256, ReducerContext ctx, uint32_t below) {
  return Err(ctx.db[giant_weight].find(-i128{below}) ? "found" : "none");
}
SPACETIMEDB_REDUCER(find_huge_256, ReducerContext ctx, uint32_t high) {
  return Err(ctx.db[giant_id].find(u256{high} << 128 | u256{1}) ? "found" : "none");
}

// What the first use of a scan finds, and what all uses find after it.
SPACETIMEDB_REDUCER(use_again, ReducerContext ctx, std::string use) {
  Rows<Entry> rows = ctx.db[entry].iter();
  std::string found;
  if (use == "range-for") {
    for (const Entry& row : rows) found += row.name;
  } else if (use == "collect") {
    for (const Entry& row : rows.collect()) found += row.name;
  } else if (use == "count") {
    found += text(rows.count());
  } else if (use == "first") {
    found += rows.first().value_or(Entry{}).name;
  }
  for (const Entry& row : rows) found += row.name;
  return Err(text(found, " ", rows.count(), " ", rows.collect().size(), " ", rows.first().has_value()));
}
