// Universally unique identifiers (RFC 9562).
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "hex.h"
#include "integers.h"

namespace SpacetimeDB {

/** A UUID; its value is the number that its 16 bytes make, big-endian. */
class Uuid {
 public:
  constexpr Uuid() = default;
  explicit constexpr Uuid(u128 value) : value_(value) {}

  /** Version 4 from 16 random bytes. */
  static constexpr Uuid v4(u128 random) { return Uuid{with_version(random, 4)}; }
  /** Version 7: 48 bits of milliseconds since 1970, a counter by which equal times are ordered, 42 random bits. */
  static constexpr Uuid v7(uint64_t unix_millis, uint32_t counter, u128 random) {
    constexpr u128 random_bits = (u128{1} << 42) - 1;
    u128 counted = u128{counter >> 20} << 64 | u128{counter & 0xfffff} << 42;
    return Uuid{with_version(u128{unix_millis} << 80 | counted | (random & random_bits), 7)};
  }

  /** Reads the form with four hyphens; nothing if the text is something else. */
  static std::optional<Uuid> parse(std::string_view text) {
    if (text.size() != 36) return std::nullopt;
    std::string digits;
    for (unsigned i = 0; i < text.size(); i++) {
      bool is_hyphen_place = i == 8 || i == 13 || i == 18 || i == 23;
      if (is_hyphen_place != (text[i] == '-')) return std::nullopt;
      if (!is_hyphen_place) digits.push_back(text[i]);
    }
    Uuid uuid;
    if (!detail::hex_to_little_endian(digits, reinterpret_cast<uint8_t*>(&uuid.value_), 16)) return std::nullopt;
    return uuid;
  }

  constexpr u128 to_u128() const { return value_; }
  constexpr int version() const { return static_cast<int>(value_ >> 76 & 15); }
  std::string to_string() const {
    std::string text = detail::hex_from_little_endian(reinterpret_cast<const uint8_t*>(&value_), 16);
    for (int place : {20, 16, 12, 8}) text.insert(text.begin() + place, '-');
    return text;
  }

  friend constexpr bool operator==(const Uuid&, const Uuid&) = default;
  friend constexpr auto operator<=>(const Uuid&, const Uuid&) = default;

 private:
  static constexpr u128 with_version(u128 value, unsigned version) {
    constexpr u128 version_bits = u128{15} << 76, variant_bits = u128{3} << 62;
    return (value & ~version_bits & ~variant_bits) | u128{version} << 76 | u128{2} << 62;
  }

  u128 value_ = 0;
};

inline std::string to_string(const Uuid& uuid) { return uuid.to_string(); }

}  // namespace SpacetimeDB
