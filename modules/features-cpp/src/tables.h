// Tables of other kinds: private, of events, without a key, with defaults.
#pragma once

#include <spacetimedb.h>

#include "types.h"

// Only the owner can read it.
struct Secret {
  uint32_t id;
  std::string text;
};
SPACETIMEDB_STRUCT(Secret, id, text)
SPACETIMEDB_TABLE(Secret, secret, Private)
FIELD_PrimaryKey(secret, id)

// Its rows reach subscribers and are gone.
struct Pulse {
  uint32_t strength;
};
SPACETIMEDB_STRUCT(Pulse, strength)
SPACETIMEDB_TABLE(Pulse, pulse, Public, true)

// Without a unique column: equal rows are one row.
struct Word {
  std::string text;
  uint32_t length;
};
SPACETIMEDB_STRUCT(Word, text, length)
SPACETIMEDB_TABLE(Word, word, Public)

inline Word new_word(std::string text) {
  auto length = static_cast<uint32_t>(text.size());
  return {std::move(text), length};
}

// What rows get in these columns that are older than the columns.
struct Setting {
  std::string key;
  bool enabled;
  uint8_t volume;
  int64_t offset;
  double ratio;
  std::string note;
  std::optional<uint32_t> limit;
  Color color;
};
SPACETIMEDB_STRUCT(Setting, key, enabled, volume, offset, ratio, note, limit, color)
SPACETIMEDB_TABLE(Setting, setting, Public)
FIELD_PrimaryKey(setting, key)
FIELD_Default(setting, enabled, true)
FIELD_Default(setting, volume, 7)
FIELD_Default(setting, offset, -1)
FIELD_Default(setting, ratio, 0.5)
FIELD_Default(setting, note, "none")
FIELD_Default(setting, limit, std::nullopt)
FIELD_Default(setting, color, Color::Green)
