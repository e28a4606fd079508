// What reducers, views, procedures and handlers have in common: a C++ function whose parameters become a product type.
#pragma once

#include <string_view>
#include <tuple>
#include <utility>

#include "codec.h"

namespace SpacetimeDB::detail {

/** The text of a macro's parameter list, cut into its parameters. */
class ParameterList {
 public:
  explicit constexpr ParameterList(std::string_view text) : text_(text) {}

  /** The name of a parameter, counted from 0: the last word. Empty if it has none, only a type. */
  constexpr std::string_view name(size_t position) const {
    std::string_view part = parameter(position);
    size_t end = part.size();
    while (end > 0 && !is_word(part[end - 1])) end--;
    size_t begin = end;
    while (begin > 0 && is_word(part[begin - 1])) begin--;
    size_t before = begin;
    while (before > 0 && part[before - 1] == ' ') before--;
    bool is_type = before == 0 || part[before - 1] == ':' || end != part.find_last_not_of(' ') + 1;
    return is_type ? std::string_view{} : part.substr(begin, end - begin);
  }

  /** Whether all arguments have names. The context, which comes before them, needs none. */
  constexpr bool has_names(size_t count) const {
    for (size_t i = 1; i < count; i++) {
      if (name(i).empty()) return false;
    }
    return true;
  }

 private:
  static constexpr bool is_word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || (c & 0x80) != 0;
  }

  constexpr std::string_view parameter(size_t position) const {
    int depth = 0;
    size_t begin = 0;
    for (size_t i = 0; i <= text_.size(); i++) {
      char c = i < text_.size() ? text_[i] : ',';
      if (c == '<' || c == '(' || c == '[' || c == '{') depth++;
      if (c == '>' || c == ')' || c == ']' || c == '}') depth--;
      if (c != ',' || depth > 0) continue;
      if (position-- == 0) return text_.substr(begin, i - begin);
      begin = i + 1;
    }
    return {};
  }

  std::string_view text_;
};

/** Functions of a kind take its context, by value or reference, and then their arguments. */
template <class Context, class Function>
struct Signature {
  static constexpr bool is_valid = false;
  static constexpr size_t parameter_count = 0;
};

template <class Context, class Return, class First, class... Args>
struct Signature<Context, Return (*)(First, Args...)> {
  static constexpr bool is_valid = std::is_same_v<std::decay_t<First>, Context>;
  static constexpr size_t argument_count = sizeof...(Args);
  static constexpr size_t parameter_count = argument_count + 1;

  /** Reads the arguments and calls. */
  template <auto function>
  static Return call(auto& context, Reader& args) {
    // Braces: the arguments are read from left to right.
    std::tuple<std::decay_t<Args>...> read{read_value<std::decay_t<Args>>(args)...};
    return std::apply(
        [&](auto&... values) -> Return { return function(context, static_cast<Args>(std::move(values))...); }, read);
  }

  /** Writes the arguments as a product type. */
  static void describe(Typespace& types, Writer& out, std::string_view parameters) {
    ParameterList list{parameters};
    out.u32(argument_count);
    [[maybe_unused]] size_t position = 1;
    ((write_member_name(out, list.name(position++)), describe_type<std::decay_t<Args>>(types, out)), ...);
  }
};

}  // namespace SpacetimeDB::detail

// kind("reducer"), Context, the function's type, its name, and its parameters as written.
#define SPACETIMEDB_PP_CHECK_FUNCTION(kind, Context, Function, function, ...)                                     \
  static_assert(::SpacetimeDB::detail::Signature<Context, Function>::is_valid,                                    \
                "the " kind " " #function " has a wrong signature: its first parameter must be a " #Context);      \
  static_assert(::SpacetimeDB::detail::ParameterList{#__VA_ARGS__}.has_names(                                     \
                    ::SpacetimeDB::detail::Signature<Context, Function>::parameter_count),                        \
                "the " kind " " #function " has an argument without a name");
