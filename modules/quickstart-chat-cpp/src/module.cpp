// A chat room: everybody who is connected sees every message, and may choose a name. The same module as
// modules/quickstart-chat has in Rust.

#include <spacetimedb.h>

#include "trim.h"

using namespace SpacetimeDB;

constexpr uint32_t max_name_chars = 32;
constexpr uint32_t max_text_chars = 1000;

// Everybody who has ever connected.
struct User {
  Identity identity;
  std::optional<std::string> name;
  bool online;
};
SPACETIMEDB_STRUCT(User, identity, name, online)
SPACETIMEDB_TABLE(User, user, Public)
FIELD_PrimaryKey(user, identity)

struct Message {
  Identity sender;
  Timestamp sent;
  std::string text;
};
SPACETIMEDB_STRUCT(Message, sender, sent, text)
SPACETIMEDB_TABLE(Message, message, Public)

// The text without white space at its ends, or why it cannot be used.
static Outcome<std::string> checked_text(std::string_view written, std::string_view what, uint32_t max_chars) {
  std::string_view trimmed = trim(written);
  if (trimmed.empty()) return Err(text(what, " must not be empty"));
  if (count_chars(trimmed) > max_chars) return Err(text(what, " has at most ", max_chars, " characters"));
  return Ok(std::string{trimmed});
}

SPACETIMEDB_REDUCER(set_name, ReducerContext ctx, std::string name) {
  auto checked = checked_text(name, "a name", max_name_chars);
  if (checked.is_err()) return Err(checked.error());
  auto caller = ctx.db[user_identity].find(ctx.sender());
  if (!caller) return Err("only somebody who has connected once can have a name");
  caller->name = *checked;
  ctx.db[user_identity].update(*caller);
  return Ok();
}

SPACETIMEDB_REDUCER(send_message, ReducerContext ctx, std::string text) {
  auto checked = checked_text(text, "a message", max_text_chars);
  if (checked.is_err()) return Err(checked.error());
  LOG_INFO(ctx.sender(), ": ", *checked);
  ctx.db[message].insert({ctx.sender(), ctx.timestamp, *checked});
  return Ok();
}

SPACETIMEDB_INIT(init, ReducerContext) {
  LOG_INFO("the chat room is open");
  return Ok();
}

SPACETIMEDB_CLIENT_CONNECTED(client_connected, ReducerContext ctx) {
  if (auto known = ctx.db[user_identity].find(ctx.sender())) {
    known->online = true;
    ctx.db[user_identity].update(*known);
  } else {
    ctx.db[user].insert({ctx.sender(), std::nullopt, true});
  }
  return Ok();
}

SPACETIMEDB_CLIENT_DISCONNECTED(client_disconnected, ReducerContext ctx) {
  if (auto known = ctx.db[user_identity].find(ctx.sender())) {
    known->online = false;
    ctx.db[user_identity].update(*known);
  } else {
    LOG_WARN(ctx.sender(), " left without ever having come");
  }
  return Ok();
}
