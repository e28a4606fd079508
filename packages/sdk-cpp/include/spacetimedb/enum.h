// SPACETIMEDB_ENUM: declares enums, plain ones and such whose variants carry a value.
#pragma once

#include <array>
#include <concepts>
#include <string_view>
#include <type_traits>
#include <variant>

#include "codec.h"
#include "macros.h"
#include "struct.h"

/**
 * Declares and registers an enum.
 *
 *   SPACETIMEDB_ENUM(Colour, Red, Green, DarkBlue)
 *     is an `enum class Colour : uint8_t`.
 *
 *   SPACETIMEDB_ENUM(Shape, Nothing, (Circle, double), (Polygon, std::vector<Position>))
 *     is a tagged union: `Shape::Circle(1.5)` makes one, `shape.tag() == Shape::Tag::Circle` looks at it,
 *     `shape.get<Shape::Tag::Circle>()` is the payload. A variant alone, without parentheses, carries nothing.
 */
#define SPACETIMEDB_ENUM(Type, ...)                                                     \
  SPACETIMEDB_PP_ENUM_KIND(SPACETIMEDB_PP_EACH(SPACETIMEDB_PP_IF_PAIR, Type, __VA_ARGS__)) \
  (Type, __VA_ARGS__)

// What the loop leaves for each variant with a payload decides about the whole.
#define SPACETIMEDB_PP_IF_PAIR(Type, variant) \
  SPACETIMEDB_PP_JOIN(SPACETIMEDB_PP_IF_PAIR_, SPACETIMEDB_PP_IS_PAIR(variant))
#define SPACETIMEDB_PP_IF_PAIR_0
#define SPACETIMEDB_PP_IF_PAIR_1 tagged
#define SPACETIMEDB_PP_ENUM_KIND(...) SPACETIMEDB_PP_ENUM_KIND_(__VA_ARGS__)
#define SPACETIMEDB_PP_ENUM_KIND_(...) \
  SPACETIMEDB_PP_FIRST(__VA_OPT__(SPACETIMEDB_PP_TAGGED_UNION, ) SPACETIMEDB_PP_PLAIN_ENUM, )

#define SPACETIMEDB_PP_PLAIN_ENUM(Type, ...)                                                              \
  enum class Type : uint8_t { __VA_ARGS__ };                                                              \
  [[maybe_unused]] constexpr auto spacetimedb_shape(::SpacetimeDB::detail::Of<Type>) {                    \
    constexpr auto variants = ::SpacetimeDB::detail::names_of(SPACETIMEDB_PP_EACH(SPACETIMEDB_PP_NAME,    \
                                                                                  Type, __VA_ARGS__) "");  \
    static_assert(::SpacetimeDB::detail::are_bare_names(variants),                                        \
                  "SPACETIMEDB_ENUM(" #Type ", ...): a variant is a name alone, its value is its position"); \
    return ::SpacetimeDB::detail::EnumShape<variants.size()>{#Type, variants};                            \
  }

#define SPACETIMEDB_PP_TAGGED_UNION(Type, ...)                                                               \
  struct Type;                                                                                               \
  [[maybe_unused]] constexpr auto spacetimedb_shape(::SpacetimeDB::detail::Of<Type>) {                       \
    constexpr auto variants = ::SpacetimeDB::detail::names_of(                                               \
        SPACETIMEDB_PP_EACH(SPACETIMEDB_PP_VARIANT_NAME, Type, __VA_ARGS__) "");                             \
    return ::SpacetimeDB::detail::UnionShape<variants.size()>{#Type, variants};                              \
  }                                                                                                          \
  struct Type : ::SpacetimeDB::detail::TaggedUnion<void SPACETIMEDB_PP_EACH(SPACETIMEDB_PP_VARIANT_PAYLOAD, \
                                                                            Type, __VA_ARGS__)> {            \
    enum class Tag : uint8_t { SPACETIMEDB_PP_EACH(SPACETIMEDB_PP_VARIANT_TAG, Type, __VA_ARGS__) };         \
    Tag tag() const { return static_cast<Tag>(value.index()); }                                              \
    bool is(Tag which) const { return tag() == which; }                                                      \
    /* The payload; of another variant than the present one it ends the call. */                             \
    template <Tag which>                                                                                     \
    auto& get() {                                                                                            \
      return Type::template payload<static_cast<uint8_t>(which)>(value);                                     \
    }                                                                                                        \
    template <Tag which>                                                                                     \
    const auto& get() const {                                                                                \
      return Type::template payload<static_cast<uint8_t>(which)>(value);                                     \
    }                                                                                                        \
    /* Null for another variant than the present one. */                                                     \
    template <Tag which>                                                                                     \
    const auto* get_if() const {                                                                             \
      return std::get_if<static_cast<uint8_t>(which)>(&value);                                               \
    }                                                                                                        \
    SPACETIMEDB_PP_EACH(SPACETIMEDB_PP_VARIANT_MAKER, Type, __VA_ARGS__)                                     \
  };

// Each of these takes a variant in either form: name, or (name, payload).
#define SPACETIMEDB_PP_VARIANT(what, Type, variant) \
  SPACETIMEDB_PP_JOIN(what, SPACETIMEDB_PP_IS_PAIR(variant))(Type, variant)
#define SPACETIMEDB_PP_PAIR_NAME(name, ...) name
#define SPACETIMEDB_PP_PAIR_PAYLOAD(name, ...) __VA_ARGS__
#define SPACETIMEDB_PP_QUOTE(name) SPACETIMEDB_PP_QUOTE_(name)
#define SPACETIMEDB_PP_QUOTE_(name) #name

#define SPACETIMEDB_PP_VARIANT_NAME(Type, variant) \
  SPACETIMEDB_PP_VARIANT(SPACETIMEDB_PP_VARIANT_NAME_, Type, variant)
#define SPACETIMEDB_PP_VARIANT_NAME_0(Type, name) #name,
#define SPACETIMEDB_PP_VARIANT_NAME_1(Type, pair) SPACETIMEDB_PP_QUOTE(SPACETIMEDB_PP_PAIR_NAME pair),

#define SPACETIMEDB_PP_VARIANT_TAG(Type, variant) SPACETIMEDB_PP_VARIANT(SPACETIMEDB_PP_VARIANT_TAG_, Type, variant)
#define SPACETIMEDB_PP_VARIANT_TAG_0(Type, name) name,
#define SPACETIMEDB_PP_VARIANT_TAG_1(Type, pair) SPACETIMEDB_PP_PAIR_NAME pair,

#define SPACETIMEDB_PP_VARIANT_PAYLOAD(Type, variant) \
  SPACETIMEDB_PP_VARIANT(SPACETIMEDB_PP_VARIANT_PAYLOAD_, Type, variant)
#define SPACETIMEDB_PP_VARIANT_PAYLOAD_0(Type, name) , ::SpacetimeDB::Unit
#define SPACETIMEDB_PP_VARIANT_PAYLOAD_1(Type, pair) , SPACETIMEDB_PP_PAIR_PAYLOAD pair

#define SPACETIMEDB_PP_VARIANT_MAKER(Type, variant) \
  SPACETIMEDB_PP_VARIANT(SPACETIMEDB_PP_VARIANT_MAKER_, Type, variant)
#define SPACETIMEDB_PP_VARIANT_MAKER_0(Type, name)                       \
  static Type name() {                                                   \
    Type made;                                                           \
    made.value.template emplace<static_cast<uint8_t>(Tag::name)>();      \
    return made;                                                         \
  }
#define SPACETIMEDB_PP_VARIANT_MAKER_1(Type, pair) \
  SPACETIMEDB_PP_VARIANT_MAKER_OF(Type, SPACETIMEDB_PP_PAIR_NAME pair)
#define SPACETIMEDB_PP_VARIANT_MAKER_OF(Type, name) SPACETIMEDB_PP_VARIANT_MAKER_OF_(Type, name)
#define SPACETIMEDB_PP_VARIANT_MAKER_OF_(Type, name)                                             \
  static Type name(Payload<static_cast<uint8_t>(Tag::name)> payload) {                           \
    Type made;                                                                                   \
    made.value.template emplace<static_cast<uint8_t>(Tag::name)>(std::move(payload));            \
    return made;                                                                                 \
  }

namespace SpacetimeDB::detail {

/** The names, without the empty one at the end that the macros leave. */
template <class... Names>
constexpr auto names_of(Names... names) {
  std::array<std::string_view, sizeof...(Names)> all{names...};
  std::array<std::string_view, sizeof...(Names) - 1> kept;
  for (size_t i = 0; i < kept.size(); i++) kept[i] = all[i];
  return kept;
}

/** False if one of them is given a value: `Red = 4`. */
constexpr bool are_bare_names(const auto& names) {
  for (std::string_view name : names) {
    if (name.find('=') != std::string_view::npos) return false;
  }
  return true;
}

template <size_t Variants>
struct EnumShape {
  static_assert(Variants > 0, "an enum needs a variant");
  static_assert(Variants <= 256, "an enum has at most 256 variants: their number is one byte");
  std::string_view name;
  std::array<std::string_view, Variants> variants;
};

template <size_t Variants>
struct UnionShape {
  static_assert(Variants <= 256, "an enum has at most 256 variants: their number is one byte");
  std::string_view name;
  std::array<std::string_view, Variants> variants;
};

/** What SPACETIMEDB_ENUM derives a tagged union from. The first argument only makes the macro's commas come out. */
template <class, class... Payloads>
struct TaggedUnion {
  using Variant = std::variant<Payloads...>;
  template <size_t Tag>
  using Payload = std::variant_alternative_t<Tag, Variant>;

  /** The payload of the present variant, at the position of its tag. */
  Variant value;

  /** Where the payloads can be compared. */
  template <std::derived_from<TaggedUnion> Union>
  friend bool operator==(const Union& a, const Union& b) {
    return a.value == b.value;
  }

  template <size_t Tag>
  static auto& payload(auto& value) {
    auto* present = std::get_if<Tag>(&value);
    if (present == nullptr) fatal("the payload of another variant than the present one was asked for");
    return *present;
  }
};

template <class Shape>
inline constexpr bool is_enum_shape = false;
template <size_t Variants>
inline constexpr bool is_enum_shape<EnumShape<Variants>> = true;

template <class Shape>
inline constexpr bool is_union_shape = false;
template <size_t Variants>
inline constexpr bool is_union_shape<UnionShape<Variants>> = true;

template <class T>
concept RegisteredEnum = requires {
  spacetimedb_shape(Of<T>{});
  requires is_enum_shape<decltype(spacetimedb_shape(Of<T>{}))>;
};

template <class T>
concept RegisteredUnion = requires {
  spacetimedb_shape(Of<T>{});
  requires is_union_shape<decltype(spacetimedb_shape(Of<T>{}))>;
};

template <RegisteredEnum T>
struct Codec<T> {
  static constexpr auto shape = spacetimedb_shape(Of<T>{});

  static void write(Writer& out, T value) { out.u8(static_cast<uint8_t>(value)); }
  static T read(Reader& in) {
    uint8_t tag = in.u8();
    if (tag >= shape.variants.size()) unknown_variant();
    return static_cast<T>(tag);
  }
  static void describe(Typespace& types, Writer& out) {
    types.write_ref(out, &type_identity<T>, shape.name, [](Typespace&, Writer& body) {
      write_members(body, TypeTag::Sum, shape.variants.size());
      for (std::string_view variant : shape.variants) {
        write_member_name(body, variant);
        write_unit(body);
      }
    });
  }
};

template <RegisteredUnion T>
struct Codec<T> {
  static constexpr auto shape = spacetimedb_shape(Of<T>{});
  using Tags = std::make_index_sequence<shape.variants.size()>;

  static void write(Writer& out, const T& value) {
    out.u8(static_cast<uint8_t>(value.tag()));
    write_payload(out, value, Tags{});
  }
  static T read(Reader& in) {
    T value;
    if (!read_payload(in, value, in.u8(), Tags{})) unknown_variant();
    return value;
  }
  static void describe(Typespace& types, Writer& out) {
    types.write_ref(out, &type_identity<T>, shape.name, [](Typespace& types, Writer& body) {
      write_members(body, TypeTag::Sum, shape.variants.size());
      describe_variants(types, body, Tags{});
    });
  }

 private:
  template <size_t Tag>
  using Payload = std::variant_alternative_t<Tag, typename T::Variant>;

  template <size_t... Tag>
  static void write_payload(Writer& out, const T& value, std::index_sequence<Tag...>) {
    (void)((value.value.index() == Tag && (write_value<Payload<Tag>>(out, *std::get_if<Tag>(&value.value)), true)) || ...);
  }
  template <size_t... Tag>
  static bool read_payload(Reader& in, T& value, uint8_t tag, std::index_sequence<Tag...>) {
    return ((tag == Tag && (value.value.template emplace<Tag>(read_value<Payload<Tag>>(in)), true)) || ...);
  }
  template <size_t... Tag>
  static void describe_variants(Typespace& types, Writer& body, std::index_sequence<Tag...>) {
    ((write_member_name(body, shape.variants[Tag]), describe_type<Payload<Tag>>(types, body)), ...);
  }
};

}  // namespace SpacetimeDB::detail
