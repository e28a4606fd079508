// What the SDK knows of a table: its name and row at compile time; its id, once the host has told it; and what the
// FIELD_ macros said about its columns.
#pragma once

#include <array>
#include <concepts>
#include <string>
#include <string_view>
#include <type_traits>

#include "enum.h"
#include "errno_text.h"
#include "struct.h"

namespace SpacetimeDB {

enum class TableAccess : uint8_t { Public = 0, Private = 1 };

/** How an index finds rows, by its tag in the definition. */
enum class IndexAlgorithm : uint8_t { BTree = 0, Hash = 1, Direct = 2 };

namespace detail {

/** Where an index comes from. Only decides about its place in the definition. */
enum class IndexOrigin : uint8_t {
  /** FIELD_MultiColumnIndex and the like: it has a name of its own. */
  Named,
  /** A column whose index was chosen. */
  Column,
  /** A unique column or primary key, which needs one. */
  Implied,
};

/** An index or unique column, as FIELD_PrimaryKey, FIELD_Unique, FIELD_Index and FIELD_MultiColumnIndex register it. */
struct IndexRule {
  IndexRule* next;
  bool is_primary_key;
  bool is_unique;
  IndexOrigin origin;
  IndexAlgorithm algorithm;
  std::string_view accessor;
  /** Empty for the name that the host makes up. */
  std::string_view canonical_name;
  std::string (*source_name)();
  const uint16_t* columns;
  uint32_t column_count;

  uint16_t first_column() const { return columns[0]; }
};

/** A column that counts by itself. */
struct AutoIncRule {
  AutoIncRule* next;
  uint16_t column;
  /** If the row has zero there, reads what the host generated. */
  void (*take_generated)(void* row, Reader& generated);
};

/** What rows get in a column that an update of the module adds. */
struct DefaultRule {
  DefaultRule* next;
  uint16_t column;
  void (*write)(Writer& out);
};

struct TableData {
  /** 0 until the first use: the host's ids stay the same as long as an instance lives. */
  uint32_t id = 0;
  IndexRule* indexes = nullptr;
  AutoIncRule* auto_incs = nullptr;
  DefaultRule* defaults = nullptr;
};

template <class Table>
inline constinit TableData table_data{};

template <class Table>
uint32_t table_id() {
  uint32_t& id = table_data<Table>.id;
  if (__builtin_expect(id == 0, 0)) {
    check(abi::table_id_from_name(Table::name.data(), Table::name.size(), &id), "looking up table", Table::name);
  }
  return id;
}

/** Puts a rule into its place in a list that is ordered by column. */
template <class Rule>
void insert_by_column(Rule*& list, std::type_identity_t<Rule>& rule) {
  Rule** at = &list;
  while (*at != nullptr && (*at)->column < rule.column) at = &(*at)->next;
  rule.next = *at;
  *at = &rule;
}

/** The types of columns that can be looked up: those with an obvious equality and order. */
template <class Column>
inline constexpr bool is_key = PlainInteger<Column> || std::is_same_v<Column, bool> ||
                               std::is_same_v<Column, std::string> || std::is_same_v<Column, Identity> ||
                               std::is_same_v<Column, ConnectionId> || std::is_same_v<Column, Uuid> ||
                               std::is_same_v<Column, Timestamp> || std::is_same_v<Column, TimeDuration> ||
                               RegisteredEnum<Column>;

template <class Column>
inline constexpr bool is_direct_key =
    (std::is_unsigned_v<Column> && !std::is_same_v<Column, bool> && sizeof(Column) <= 8) || RegisteredEnum<Column>;

/** The column of a field; 0 for one that does not exist, which a static_assert has told by then. */
template <class Row>
constexpr uint16_t column_of(std::string_view field) {
  int column = spacetimedb_shape(Of<Row>{}).column(field);
  return column < 0 ? 0 : column;
}

template <class Row>
constexpr bool has_field(std::string_view field) {
  return spacetimedb_shape(Of<Row>{}).column(field) >= 0;
}

template <class Row, size_t Column>
using ColumnType = std::tuple_element_t<Column, typename ShapeOf<Row>::Fields>;

inline void check_fit(bool fits) {
  if (!fits) fatal("a number does not fit the type of its column");
}

/** The bits of an integer, with its sign up to 256 of them. */
template <PlainInteger Integer>
u256 to_bits(const Integer& value) {
  if constexpr (sizeof(Integer) == sizeof(u256)) {
    return u256::from_words(value.words());
  } else {
    return u256{value};
  }
}

/** The integer that the lowest of these bits make. */
template <PlainInteger Integer>
Integer from_bits(const u256& bits) {
  const auto& words = bits.words();
  if constexpr (sizeof(Integer) == sizeof(u256)) {
    return Integer::from_words(words);
  } else {
    return static_cast<Integer>(u128{words[1]} << 64 | words[0]);
  }
}

/** A value as its column has it. A whole number that does not fit would become another one: it ends the call. */
template <class Column, class Value>
Column to_column(const Value& value) {
  if constexpr (std::same_as<Column, Value>) {
    return value;
  } else if constexpr (std::integral<Column> && std::integral<Value>) {
    auto converted = static_cast<Column>(value);
    check_fit(static_cast<Value>(converted) == value && (converted < Column{}) == (value < Value{}));
    return converted;
  } else if constexpr (PlainInteger<Column> && PlainInteger<Value>) {
    auto converted = from_bits<Column>(to_bits(value));
    check_fit(to_bits(converted) == to_bits(value) && (converted < Column{}) == (value < Value{}));
    return converted;
  } else {
    return static_cast<Column>(value);
  }
}

/** An index as a type. Unique ones find one row. */
template <class TableType, IndexAlgorithm algorithm_, bool is_unique_, uint16_t... columns_>
struct Index {
  using Table = TableType;
  using Row = typename TableType::Row;
  static constexpr IndexAlgorithm algorithm = algorithm_;
  static constexpr bool is_unique = is_unique_;
  static constexpr uint32_t column_count = sizeof...(columns_);
  static constexpr std::array<uint16_t, column_count> columns{columns_...};

  template <size_t Position>
  using Column = ColumnType<Row, columns[Position]>;

  /** The name by which the host knows the index, as the Rust bindings form it. */
  static std::string source_name() {
    constexpr auto shape = spacetimedb_shape(Of<Row>{});
    std::string name{Table::name};
    for (uint16_t column : columns) name.append("_").append(shape.fields[column]);
    constexpr std::string_view suffixes[] = {"_idx_btree", "_idx_hash", "_idx_direct"};
    return name.append(suffixes[static_cast<uint8_t>(algorithm)]);
  }

  static uint32_t id() {
    if (__builtin_expect(id_ == 0, 0)) {
      std::string name = source_name();
      check(abi::index_id_from_name(name.data(), name.size(), &id_), "looking up index", name);
    }
    return id_;
  }

 private:
  inline static constinit uint32_t id_ = 0;
};

}  // namespace detail

/** What SPACETIMEDB_TABLE names: `ctx.db[user]`. */
template <class Table>
struct TableTag {};

/** What the FIELD_ macros name: `ctx.db[user_id]`. */
template <class Index>
struct IndexTag {};

}  // namespace SpacetimeDB
