// text(…): makes one string of values, without the weight of streams.
#pragma once

#include <concepts>
#include <cstdio>
#include <string>
#include <string_view>
#include <type_traits>

#include "identity.h"
#include "integers.h"
#include "uuid.h"

namespace SpacetimeDB {
namespace detail {

inline void append_text(std::string& into, std::string_view value) { into.append(value); }
// A template: a pointer to characters must not become a bool.
template <std::same_as<bool> Bool>
void append_text(std::string& into, Bool value) {
  into.append(value ? "true" : "false");
}
inline void append_text(std::string& into, char value) { into.push_back(value); }
inline void append_text(std::string& into, const Identity& value) { into.append(value.to_hex()); }
inline void append_text(std::string& into, const ConnectionId& value) { into.append(value.to_hex()); }
inline void append_text(std::string& into, const Uuid& value) { into.append(value.to_string()); }

template <class Number>
  requires((std::is_arithmetic_v<Number> && !std::same_as<Number, bool> && !std::same_as<Number, char>) || std::same_as<Number, u128> || std::same_as<Number, i128> ||
           std::same_as<Number, u256> || std::same_as<Number, i256>)
void append_text(std::string& into, const Number& value) {
  if constexpr (std::is_floating_point_v<Number>) {
    char digits[32];
    into.append(digits, std::snprintf(digits, sizeof digits, "%g", static_cast<double>(value)));
  } else if constexpr (sizeof(Number) > 8) {
    into.append(SpacetimeDB::to_string(value));
  } else {
    char digits[21];
    int at = sizeof digits;
    bool is_negative = value < 0;
    auto rest = static_cast<uint64_t>(value);
    if (is_negative) rest = -rest;
    do {
      digits[--at] = static_cast<char>('0' + rest % 10);
      rest /= 10;
    } while (rest != 0);
    if (is_negative) digits[--at] = '-';
    into.append(digits + at, sizeof digits - at);
  }
}

}  // namespace detail

/** The values one after the other: `text("account ", id, " has only ", balance)`. */
template <class... Values>
std::string text(const Values&... values) {
  std::string made;
  (detail::append_text(made, values), ...);
  return made;
}

}  // namespace SpacetimeDB
