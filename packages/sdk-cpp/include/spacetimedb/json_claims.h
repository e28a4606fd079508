// As much of JSON (RFC 8259) as claims need: strings, and arrays of strings, at the top level of an object.
// The host has parsed the text before, so it is well-formed; what is not is treated as absent.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hex.h"

namespace SpacetimeDB::detail {

class JsonScanner {
 public:
  explicit JsonScanner(std::string_view text) : text_(text) {}

  char peek() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t' || text_[at_] == '\r'))
      at_++;
    return at_ < text_.size() ? text_[at_] : '\0';
  }

  bool accept(char expected) {
    if (peek() != expected) return false;
    at_++;
    return true;
  }

  /** Reads a string if one comes next. */
  std::optional<std::string> text() {
    if (!accept('"')) return std::nullopt;
    std::string read;
    while (at_ < text_.size()) {
      char c = text_[at_++];
      if (c == '"') return read;
      if (c == '\\') {
        escape(read);
      } else {
        read.push_back(c);
      }
    }
    return std::nullopt;
  }

  /** Moves past a value of any kind. */
  void skip() {
    int depth = 0;
    do {
      char c = peek();
      if (c == '\0') return;
      if (c == '"') {
        text();
      } else {
        at_++;
        if (c == '{' || c == '[') depth++;
        if (c == '}' || c == ']') depth--;
        if (depth == 0 && c != '}' && c != ']') {
          while (at_ < text_.size() && std::string_view{",]} \n\t\r"}.find(text_[at_]) == std::string_view::npos) at_++;
        }
      }
    } while (depth > 0);
  }

 private:
  void escape(std::string& into) {
    if (at_ >= text_.size()) return;
    char c = text_[at_++];
    constexpr std::string_view letters = "bfnrt", meant = "\b\f\n\r\t";
    if (c == 'u') {
      append_utf8(into, code_point());
    } else if (auto i = letters.find(c); i != std::string_view::npos) {
      into.push_back(meant[i]);
    } else {
      into.push_back(c);
    }
  }

  uint32_t unit() {
    uint32_t value = 0;
    for (int i = 0; i < 4 && at_ < text_.size(); i++) value = value << 4 | (hex_digit(text_[at_++]) & 15);
    return value;
  }

  /** Two escapes make a code point beyond U+FFFF. Half of such a pair is none: U+FFFD stands in its place. */
  uint32_t code_point() {
    constexpr uint32_t replacement = 0xfffd;
    uint32_t high = unit();
    if (high < 0xd800 || high > 0xdfff) return high;
    if (high > 0xdbff || text_.substr(at_, 2) != "\\u") return replacement;
    size_t after_high = at_;
    at_ += 2;
    uint32_t low = unit();
    if (low >= 0xdc00 && low <= 0xdfff) return 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
    at_ = after_high;
    return replacement;
  }

  static void append_utf8(std::string& into, uint32_t point) {
    auto tail = [&](int shift) { into.push_back(static_cast<char>(0x80 | (point >> shift & 63))); };
    if (point < 0x80) {
      into.push_back(static_cast<char>(point));
    } else if (point < 0x800) {
      into.push_back(static_cast<char>(0xc0 | point >> 6));
      tail(0);
    } else if (point < 0x10000) {
      into.push_back(static_cast<char>(0xe0 | point >> 12));
      tail(6), tail(0);
    } else {
      into.push_back(static_cast<char>(0xf0 | point >> 18));
      tail(12), tail(6), tail(0);
    }
  }

  std::string_view text_;
  size_t at_ = 0;
};

/**
 * Where the value of a member of the object begins. Of several with the same name the last one counts, as RFC 7519
 * (section 4) has it, and as it does for the host.
 */
inline std::optional<JsonScanner> find_member(std::string_view object, std::string_view name) {
  JsonScanner json{object};
  std::optional<JsonScanner> found;
  if (!json.accept('{')) return found;
  while (json.peek() == '"') {
    bool is_it = json.text() == name;
    if (!json.accept(':')) break;
    if (is_it) found = json;
    json.skip();
    if (!json.accept(',')) break;
  }
  return found;
}

inline std::optional<std::string> json_text(std::string_view object, std::string_view member) {
  auto value = find_member(object, member);
  return value ? value->text() : std::nullopt;
}

/** A string, or the strings of an array. */
inline std::vector<std::string> json_texts(std::string_view object, std::string_view member) {
  std::vector<std::string> texts;
  auto value = find_member(object, member);
  if (!value) return texts;
  bool is_array = value->accept('[');
  while (value->peek() == '"') {
    auto text = value->text();
    if (text.has_value()) texts.push_back(*std::move(text));
    if (!is_array || !value->accept(',')) break;
  }
  return texts;
}

}  // namespace SpacetimeDB::detail
