// A number for what SPACETIMEDB_TABLE says in one file. A module of several files has the table once if they say the
// same, as a header makes them do; what they say differently becomes a second table, which the definition refuses.
#pragma once

#include <cstdint>
#include <string_view>
#include <tuple>
#include <type_traits>

#include "struct.h"

namespace SpacetimeDB::detail {

/** FNV-1a, with an end of its own behind each text. */
constexpr uint64_t mix(uint64_t hash, std::string_view text) {
  constexpr uint64_t prime = 0x100000001b3;
  for (char byte : text) hash = (hash ^ static_cast<uint8_t>(byte)) * prime;
  return (hash ^ 0xff) * prime;
}

template <class Type>
constexpr uint64_t mix_type(uint64_t hash);

template <class... Fields>
constexpr uint64_t mix_types(uint64_t hash, std::type_identity<std::tuple<Fields...>>) {
  ((hash = mix_type<Fields>(hash)), ...);
  return hash;
}

/** The type's name; of a struct also the fields with their types. */
template <class Type>
constexpr uint64_t mix_type(uint64_t hash) {
  hash = mix(hash, __PRETTY_FUNCTION__);
  if constexpr (RegisteredStruct<Type>) {
    constexpr auto shape = spacetimedb_shape(Of<Type>{});
    for (std::string_view field : shape.fields) hash = mix(hash, field);
    hash = mix_types(hash, std::type_identity<typename ShapeOf<Type>::Fields>{});
  }
  return hash;
}

template <class Row>
constexpr uint64_t table_declaration(std::string_view canonical_name, std::string_view access, bool is_event) {
  constexpr uint64_t basis = 0xcbf29ce484222325;
  return mix_type<Row>(mix(mix(basis ^ is_event, canonical_name), access));
}

}  // namespace SpacetimeDB::detail
