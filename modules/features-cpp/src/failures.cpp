// Reducers that fail: whatever they did is undone.

#include <spacetimedb.h>

#include "tables.h"

// The caller reads the message.
SPACETIMEDB_REDUCER(fail, ReducerContext, std::string message) { return Err(message); }

SPACETIMEDB_REDUCER(insert_and_fail, ReducerContext ctx, std::string text) {
  ctx.db[word].insert(new_word(text));
  return Err("the word is not meant");
}

SPACETIMEDB_REDUCER(insert_and_panic, ReducerContext ctx, std::string text) {
  ctx.db[word].insert(new_word(text));
  LOG_PANIC("the word is too much");
}

// A violation that nobody handles is a panic, too.
SPACETIMEDB_REDUCER(insert_twice, ReducerContext ctx, uint32_t id) {
  for (std::string text : {"first", "second"}) ctx.db[secret].insert({id, text});
  return Ok();
}
