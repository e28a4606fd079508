// Who calls: the identity of a user or database, and the connection over which the call came.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

#include "hex.h"
#include "integers.h"

namespace SpacetimeDB {

/** A user or a database: 256 bits, the same whenever they come back. */
class Identity {
 public:
  constexpr Identity() = default;
  explicit constexpr Identity(const u256& value) : value_(value) {}

  /** Little-endian. */
  static Identity from_bytes(const std::array<uint8_t, 32>& bytes) {
    std::array<uint64_t, 4> words;
    std::memcpy(words.data(), bytes.data(), 32);
    return Identity{u256::from_words(words)};
  }
  /** Reads 64 hexadecimal digits, with or without `0x`; nothing if the text is something else. */
  static std::optional<Identity> from_hex(std::string_view text) {
    if (text.substr(0, 2) == "0x") text.remove_prefix(2);
    std::array<uint8_t, 32> bytes;
    if (!detail::hex_to_little_endian(text, bytes.data(), 32)) return std::nullopt;
    return from_bytes(bytes);
  }

  constexpr const u256& to_u256() const { return value_; }
  /** 64 lower-case hexadecimal digits. */
  std::string to_hex() const {
    return detail::hex_from_little_endian(reinterpret_cast<const uint8_t*>(value_.words().data()), 32);
  }

  friend constexpr bool operator==(const Identity&, const Identity&) = default;
  friend constexpr auto operator<=>(const Identity&, const Identity&) = default;

 private:
  u256 value_;
};

/** One connection of a client. Zero means none and is not handed out. */
class ConnectionId {
 public:
  constexpr ConnectionId() = default;
  explicit constexpr ConnectionId(u128 value) : value_(value) {}

  constexpr u128 to_u128() const { return value_; }
  constexpr bool is_zero() const { return value_ == 0; }
  /** 32 lower-case hexadecimal digits. */
  std::string to_hex() const {
    return detail::hex_from_little_endian(reinterpret_cast<const uint8_t*>(&value_), 16);
  }

  friend constexpr bool operator==(const ConnectionId&, const ConnectionId&) = default;
  friend constexpr auto operator<=>(const ConnectionId&, const ConnectionId&) = default;

 private:
  u128 value_ = 0;
};

inline std::string to_string(const Identity& identity) { return identity.to_hex(); }
inline std::string to_string(const ConnectionId& connection) { return connection.to_hex(); }

}  // namespace SpacetimeDB
