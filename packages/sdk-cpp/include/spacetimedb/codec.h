// BSATN for every type of a column, parameter or return value: how it is written, read and described.
//
// Codec<T> has   write(Writer&, const T&)   read(Reader&) -> T   describe(Typespace&, Writer&)
// Structs and enums get theirs from SPACETIMEDB_STRUCT (struct.h) and SPACETIMEDB_ENUM (enum.h).
#pragma once

#include <concepts>
#include <optional>
#include <string>
#include <type_traits>
#include <variant>
#include <vector>

#include "identity.h"
#include "outcome.h"
#include "time.h"
#include "typespace.h"
#include "uuid.h"

namespace SpacetimeDB {

/** No value: the payload of an enum's variant that has none, and the result of a procedure that has none. */
using Unit = std::monostate;

namespace detail {

template <class T>
struct Codec {
  static_assert(always_false<T>,
                "this type cannot be in a table, parameter or result: register a struct with SPACETIMEDB_STRUCT, "
                "declare an enum with SPACETIMEDB_ENUM, or use one of the types that the README lists");
  static void write(Writer&, const T&) {}
  static T read(Reader&) { __builtin_trap(); }
  static void describe(Typespace&, Writer&) {}
};

template <class T>
void write_value(Writer& out, const T& value) {
  Codec<T>::write(out, value);
}

template <class T>
T read_value(Reader& in) {
  return Codec<T>::read(in);
}

template <class T>
void describe_type(Typespace& types, Writer& out) {
  Codec<T>::describe(types, out);
}

/** Numbers whose bytes in memory are their BSATN. `char` is none: it is neither a text nor clearly signed. */
template <class T>
concept PlainNumber =
    (std::integral<T> && !std::same_as<T, bool> && !std::same_as<T, char> && !std::same_as<T, wchar_t> &&
     !std::same_as<T, char8_t> && !std::same_as<T, char16_t> && !std::same_as<T, char32_t>) ||
    std::same_as<T, u128> || std::same_as<T, i128> || std::same_as<T, u256> || std::same_as<T, i256> ||
    std::same_as<T, float> || std::same_as<T, double>;

template <class T>
concept PlainInteger = PlainNumber<T> && !std::floating_point<T>;

template <PlainNumber T>
constexpr TypeTag number_tag() {
  if constexpr (std::same_as<T, float>) return TypeTag::F32;
  if constexpr (std::same_as<T, double>) return TypeTag::F64;
  constexpr bool is_signed = std::same_as<T, i128> || std::same_as<T, i256> || std::is_signed_v<T>;
  constexpr TypeTag by_width[][2] = {{TypeTag::U8, TypeTag::I8},       {TypeTag::U16, TypeTag::I16},
                                     {TypeTag::U32, TypeTag::I32},     {TypeTag::U64, TypeTag::I64},
                                     {TypeTag::U128, TypeTag::I128},   {TypeTag::U256, TypeTag::I256}};
  return by_width[__builtin_ctz(sizeof(T))][is_signed ? 1 : 0];
}

template <PlainNumber T>
struct Codec<T> {
  static void write(Writer& out, const T& value) { out.number(value); }
  static T read(Reader& in) { return in.number<T>(); }
  static void describe(Typespace&, Writer& out) { write_tag(out, number_tag<T>()); }
};

template <>
struct Codec<bool> {
  static void write(Writer& out, bool value) { out.u8(value ? 1 : 0); }
  static bool read(Reader& in) { return in.u8() != 0; }
  static void describe(Typespace&, Writer& out) { write_tag(out, TypeTag::Bool); }
};

template <>
struct Codec<std::string> {
  static void write(Writer& out, std::string_view value) { out.text(value); }
  static std::string read(Reader& in) { return std::string{in.text()}; }
  static void describe(Typespace&, Writer& out) { write_tag(out, TypeTag::String); }
};

template <>
struct Codec<Unit> {
  static void write(Writer&, Unit) {}
  static Unit read(Reader&) { return {}; }
  static void describe(Typespace&, Writer& out) { write_unit(out); }
};

template <>
struct Codec<Identity> {
  static void write(Writer& out, const Identity& value) { out.number(value.to_u256()); }
  static Identity read(Reader& in) { return Identity{in.number<u256>()}; }
  static void describe(Typespace&, Writer& out) { write_special(out, "__identity__", TypeTag::U256); }
};

template <>
struct Codec<ConnectionId> {
  static void write(Writer& out, ConnectionId value) { out.number(value.to_u128()); }
  static ConnectionId read(Reader& in) { return ConnectionId{in.number<u128>()}; }
  static void describe(Typespace&, Writer& out) { write_special(out, "__connection_id__", TypeTag::U128); }
};

template <>
struct Codec<Uuid> {
  static void write(Writer& out, Uuid value) { out.number(value.to_u128()); }
  static Uuid read(Reader& in) { return Uuid{in.number<u128>()}; }
  static void describe(Typespace&, Writer& out) { write_special(out, "__uuid__", TypeTag::U128); }
};

template <>
struct Codec<Timestamp> {
  static void write(Writer& out, Timestamp value) { out.number(value.micros_since_unix_epoch); }
  static Timestamp read(Reader& in) { return Timestamp{in.number<int64_t>()}; }
  static void describe(Typespace&, Writer& out) {
    write_special(out, "__timestamp_micros_since_unix_epoch__", TypeTag::I64);
  }
};

template <>
struct Codec<TimeDuration> {
  static void write(Writer& out, TimeDuration value) { out.number(value.micros); }
  static TimeDuration read(Reader& in) { return TimeDuration{in.number<int64_t>()}; }
  static void describe(Typespace&, Writer& out) { write_special(out, "__time_duration_micros__", TypeTag::I64); }
};

[[noreturn]] inline void unknown_variant() { fatal("could not decode: an enum has no variant of that number"); }

template <>
struct Codec<ScheduleAt> {
  static void write(Writer& out, const ScheduleAt& value) {
    out.u8(value.is_time() ? 1 : 0);
    out.number(value.is_time() ? value.get_time()->micros_since_unix_epoch : value.get_interval()->micros);
  }
  static ScheduleAt read(Reader& in) {
    uint8_t tag = in.u8();
    if (tag > 1) unknown_variant();
    auto micros = in.number<int64_t>();
    return tag == 1 ? ScheduleAt{Timestamp{micros}} : ScheduleAt{TimeDuration{micros}};
  }
  static void describe(Typespace& types, Writer& out) {
    write_members(out, TypeTag::Sum, 2);
    write_member_name(out, "Interval");
    describe_type<TimeDuration>(types, out);
    write_member_name(out, "Time");
    describe_type<Timestamp>(types, out);
  }
};

template <class T>
struct Codec<std::optional<T>> {
  static void write(Writer& out, const std::optional<T>& value) {
    out.u8(value.has_value() ? 0 : 1);
    if (value.has_value()) write_value<T>(out, *value);
  }
  static std::optional<T> read(Reader& in) {
    uint8_t tag = in.u8();
    if (tag > 1) unknown_variant();
    if (tag == 1) return std::nullopt;
    // In place: an optional of an optional must not lose a level.
    return std::optional<T>{std::in_place, read_value<T>(in)};
  }
  static void describe(Typespace& types, Writer& out) {
    write_members(out, TypeTag::Sum, 2);
    write_member_name(out, "some");
    describe_type<T>(types, out);
    write_member_name(out, "none");
    write_unit(out);
  }
};

template <class Value, class Error>
struct Codec<Result<Value, Error>> {
  static void write(Writer& out, const Result<Value, Error>& result) {
    out.u8(result.is_ok() ? 0 : 1);
    if (result.is_ok()) {
      write_value<Value>(out, result.value());
    } else {
      write_value<Error>(out, result.error());
    }
  }
  static Result<Value, Error> read(Reader& in) {
    uint8_t tag = in.u8();
    if (tag > 1) unknown_variant();
    if (tag == 0) return Ok(read_value<Value>(in));
    return ErrValue<Error>{read_value<Error>(in)};
  }
  static void describe(Typespace& types, Writer& out) {
    write_members(out, TypeTag::Sum, 2);
    write_member_name(out, "ok");
    describe_type<Value>(types, out);
    write_member_name(out, "err");
    describe_type<Error>(types, out);
  }
};

template <class T>
struct Codec<std::vector<T>> {
  /** The elements lie in memory as they do in BSATN. */
  static constexpr bool is_block = PlainNumber<T>;

  static void write(Writer& out, const std::vector<T>& values) {
    out.u32(values.size());
    if constexpr (is_block) {
      out.bytes(values.data(), values.size() * sizeof(T));
    } else {
      for (const auto& value : values) write_value<T>(out, value);
    }
  }
  static std::vector<T> read(Reader& in) {
    uint32_t count = in.u32();
    std::vector<T> values;
    if constexpr (is_block) {
      if (count > in.left() / sizeof(T)) fatal("could not decode: an array has fewer elements than it says");
      values.resize(count);
      if (count > 0) std::memcpy(values.data(), in.take(count * sizeof(T)), count * sizeof(T));
    } else {
      // The count is only believed as far as there are bytes for it.
      values.reserve(count < in.left() ? count : in.left());
      for (uint32_t i = 0; i < count; i++) values.push_back(read_value<T>(in));
    }
    return values;
  }
  static void describe(Typespace& types, Writer& out) {
    write_tag(out, TypeTag::Array);
    describe_type<T>(types, out);
  }
};

}  // namespace detail
}  // namespace SpacetimeDB
