// Texts in UTF-8, as people count them.
#pragma once

#include <cstdint>
#include <string_view>

/** The length in bytes of the white space character (Unicode's White_Space) at the beginning; 0 if there is none. */
inline uint32_t leading_space(std::string_view text) {
  auto begins = [&](std::string_view with) { return text.substr(0, with.size()) == with; };
  if (!text.empty() && (text[0] == ' ' || (text[0] >= '\t' && text[0] <= '\r'))) return 1;
  if (begins("\u0085") || begins("\u00a0")) return 2;
  for (std::string_view space : {"\u1680", "\u2028", "\u2029", "\u202f", "\u205f", "\u3000"}) {
    if (begins(space)) return 3;
  }
  // U+2000 to U+200A
  bool is_quad = text.size() >= 3 && begins("\xe2\x80") && text[2] >= '\x80' && text[2] <= '\x8a';
  return is_quad ? 3 : 0;
}

/** The text without white space at its ends. */
inline std::string_view trim(std::string_view text) {
  while (uint32_t length = leading_space(text)) text.remove_prefix(length);
  for (bool is_trimmed = false; !is_trimmed;) {
    is_trimmed = true;
    for (uint32_t length = 1; length <= 3 && length <= text.size(); length++) {
      if (leading_space(text.substr(text.size() - length)) != length) continue;
      text.remove_suffix(length);
      is_trimmed = false;
      break;
    }
  }
  return text;
}

/** The number of code points. */
inline uint32_t count_chars(std::string_view text) {
  uint32_t count = 0;
  for (char c : text) count += (c & 0xc0) != 0x80;
  return count;
}
