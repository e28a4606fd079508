// Big-endian hexadecimal, the form in which identities, connections and UUIDs are read by people.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace SpacetimeDB::detail {

/** Two lower-case digits a byte, the last byte first. */
inline std::string hex_from_little_endian(const uint8_t* bytes, int count) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  text.reserve(count * 2);
  for (int i = count - 1; i >= 0; i--) {
    text.push_back(digits[bytes[i] >> 4]);
    text.push_back(digits[bytes[i] & 15]);
  }
  return text;
}

/** -1 for what is no digit. */
constexpr int hex_digit(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
  return -1;
}

/** False unless the text has exactly two digits for each byte. */
constexpr bool hex_to_little_endian(std::string_view text, uint8_t* bytes, unsigned count) {
  if (text.size() != count * 2) return false;
  for (unsigned i = 0; i < count; i++) {
    int high = hex_digit(text[i * 2]), low = hex_digit(text[i * 2 + 1]);
    if (high < 0 || low < 0) return false;
    bytes[count - 1 - i] = static_cast<uint8_t>(high << 4 | low);
  }
  return true;
}

}  // namespace SpacetimeDB::detail
