// SPACETIMEDB_STRUCT: makes a struct's fields known, so that it can be a row, a parameter or part of another type.
#pragma once

#include <array>
#include <string_view>
#include <tuple>
#include <utility>

#include "codec.h"
#include "macros.h"

/**
 * Registers a struct's fields in the order of their columns:
 *
 *   struct Person { uint64_t id; std::string name; };
 *   SPACETIMEDB_STRUCT(Person, id, name)
 *
 * Belongs into the struct's namespace. The struct needs a default constructor.
 */
#define SPACETIMEDB_STRUCT(Type, ...)                                                                    \
  [[maybe_unused]] constexpr auto spacetimedb_shape(::SpacetimeDB::detail::Of<Type>) {                   \
    return ::SpacetimeDB::detail::StructShape<Type SPACETIMEDB_PP_EACH(SPACETIMEDB_PP_MEMBER, Type,      \
                                                                       __VA_ARGS__)>{                    \
        #Type, {SPACETIMEDB_PP_EACH(SPACETIMEDB_PP_NAME, Type, __VA_ARGS__)}};                           \
  }                                                                                                      \
  static_assert(!::SpacetimeDB::detail::has_more_fields_than<                                            \
                    Type, decltype(spacetimedb_shape(::SpacetimeDB::detail::Of<Type>{}))::size>,         \
                "SPACETIMEDB_STRUCT(" #Type ", ...): the struct has more fields than are listed");

#define SPACETIMEDB_PP_MEMBER(Type, field) , &Type::field
#define SPACETIMEDB_PP_NAME(Type, field) #field,

namespace SpacetimeDB::detail {

/** Finds, by its template argument, the function that SPACETIMEDB_STRUCT or SPACETIMEDB_ENUM left in T's namespace. */
template <class T>
struct Of {};

template <class Member>
struct MemberType;
template <class Struct, class Type>
struct MemberType<Type Struct::*> {
  using type = Type;
};

template <class T, auto... Members>
struct StructShape {
  static constexpr size_t size = sizeof...(Members);
  using Fields = std::tuple<typename MemberType<decltype(Members)>::type...>;

  std::string_view name;
  std::array<std::string_view, size> fields;

  /** The field's column, -1 if there is none of that name. */
  constexpr int column(std::string_view field) const {
    for (size_t i = 0; i < size; i++) {
      if (fields[i] == field) return static_cast<int>(i);
    }
    return -1;
  }

  template <size_t Column>
  static constexpr auto& get(auto& row) {
    return row.*std::get<Column>(std::tuple{Members...});
  }
  static void write(Writer& out, const T& row) { (write_value(out, row.*Members), ...); }
  static void read(Reader& in, T& row) {
    ((row.*Members = read_value<typename MemberType<decltype(Members)>::type>(in)), ...);
  }
  void describe(Typespace& types, Writer& out) const {
    write_members(out, TypeTag::Product, size);
    [[maybe_unused]] size_t i = 0;
    ((write_member_name(out, fields[i++]),
      describe_type<typename MemberType<decltype(Members)>::type>(types, out)),
     ...);
  }
};

template <class Shape>
inline constexpr bool is_struct_shape = false;
template <class T, auto... Members>
inline constexpr bool is_struct_shape<StructShape<T, Members...>> = true;

template <class T>
concept RegisteredStruct = requires {
  spacetimedb_shape(Of<T>{});
  requires is_struct_shape<decltype(spacetimedb_shape(Of<T>{}))>;
};

template <class T>
using ShapeOf = decltype(spacetimedb_shape(Of<T>{}));

/** Becomes whatever a field is. */
struct AnyField {
  template <class T>
  constexpr operator T() const;
};

template <class T, size_t... Fields>
constexpr bool takes_fields(std::index_sequence<Fields...>) {
  return requires { T{(static_cast<void>(Fields), AnyField{})...}; };
}

/** Whether an aggregate has more than `count` fields. A forgotten one would silently be lost. */
template <class T, size_t count>
inline constexpr bool has_more_fields_than =
    std::is_aggregate_v<T> && takes_fields<T>(std::make_index_sequence<count + 1>{});

template <RegisteredStruct T>
struct Codec<T> {
  static constexpr auto shape = spacetimedb_shape(Of<T>{});
  static_assert(std::is_default_constructible_v<T>,
                "a struct of SPACETIMEDB_STRUCT needs a default constructor: rows are made before they are read");

  static void write(Writer& out, const T& value) { ShapeOf<T>::write(out, value); }
  static T read(Reader& in) {
    T value;
    ShapeOf<T>::read(in, value);
    return value;
  }
  static void describe(Typespace& types, Writer& out) {
    types.write_ref(out, &type_identity<T>, shape.name, describe_shape);
  }
  static uint32_t slot(Typespace& types) { return types.slot_of(&type_identity<T>, shape.name, describe_shape); }

 private:
  static void describe_shape(Typespace& types, Writer& out) { shape.describe(types, out); }
};

}  // namespace SpacetimeDB::detail
