// SPACETIMEDB_TABLE and the FIELD_ macros.
#pragma once

#include <string_view>

#include "database.h"
#include "declaration.h"
#include "macros.h"
#include "module_definition.h"
#include "table_data.h"
#include "text.h"

/**
 * Makes a table of rows of a registered struct, and a name for it: `ctx.db[accessor]`.
 *
 *   SPACETIMEDB_TABLE(User, user, Public)          everybody may read it
 *   SPACETIMEDB_TABLE(Secret, secret, Private)     only the module and the owner
 *   SPACETIMEDB_TABLE(Note, note, Public, true)    an event table: rows are sent when they are inserted, and not kept
 */
#define SPACETIMEDB_TABLE(Type, accessor, access, ...) \
  SPACETIMEDB_PP_TABLE(Type, accessor, "", access, __VA_ARGS__)

/** As SPACETIMEDB_TABLE, with the name that clients and SQL see given as a text. */
#define SPACETIMEDB_TABLE_NAMED(Type, accessor, canonical_name, access, ...) \
  SPACETIMEDB_PP_TABLE(Type, accessor, canonical_name, access, __VA_ARGS__)

#define SPACETIMEDB_PP_TABLE(Type, accessor, canonical_name, access, ...)                                     \
  static_assert(::SpacetimeDB::detail::RegisteredStruct<Type>,                                                \
                "SPACETIMEDB_TABLE(" #Type ", " #accessor ", ...): register the struct's fields first, with " \
                "SPACETIMEDB_STRUCT(" #Type ", ...)");                                                        \
  struct spacetimedb_table_##accessor {                                                                       \
    using Row = Type;                                                                                         \
    static constexpr std::string_view name = #accessor;                                                       \
  };                                                                                                          \
  inline constexpr ::SpacetimeDB::TableTag<spacetimedb_table_##accessor> accessor{};                          \
  template <uint64_t>                                                                                         \
  inline const ::SpacetimeDB::detail::TableItem spacetimedb_table_item_##accessor{                            \
      ::SpacetimeDB::TableTag<spacetimedb_table_##accessor>{}, canonical_name,                                \
      ::SpacetimeDB::TableAccess::access, false __VA_OPT__(|| (__VA_ARGS__))};                                \
  [[maybe_unused]] static constexpr auto& spacetimedb_table_of_this_file_##accessor =                         \
      spacetimedb_table_item_##accessor<::SpacetimeDB::detail::table_declaration<Type>(                       \
          canonical_name, #access, false __VA_OPT__(|| (__VA_ARGS__)))>;

/**
 * The column by which rows are told apart; its values are unique. `ctx.db[user_id]` finds, updates and removes by it.
 * A last argument `Hash` or `Direct` chooses another index than a b-tree, here and in the macros below.
 */
#define FIELD_PrimaryKey(table, field, ...)                                                              \
  inline constexpr bool spacetimedb_only_one_primary_key_of_##table = true;                              \
  SPACETIMEDB_PP_COLUMN_INDEX("FIELD_PrimaryKey", table, field, true, true, __VA_ARGS__)

/** A column without two equal values. `ctx.db[user_name]` finds, updates and removes by it. */
#define FIELD_Unique(table, field, ...) \
  SPACETIMEDB_PP_COLUMN_INDEX("FIELD_Unique", table, field, false, true, __VA_ARGS__)

/** A column with an index: `ctx.db[user_age].filter(…)`. */
#define FIELD_Index(table, field, ...) \
  SPACETIMEDB_PP_COLUMN_INDEX("FIELD_Index", table, field, false, false, __VA_ARGS__)

/** A column that gets the next number when a row with 0 in it is inserted. */
#define FIELD_AutoInc(table, field)                                                                               \
  SPACETIMEDB_PP_CHECK_FIELD("FIELD_AutoInc", table, field)                                                       \
  static_assert(                                                                                                  \
      ::SpacetimeDB::detail::PlainInteger<SPACETIMEDB_PP_FIELD_TYPE(table, field)>,                               \
      "FIELD_AutoInc(" #table ", " #field "): only an integer can count by itself");                              \
  inline ::SpacetimeDB::detail::AutoIncItem<spacetimedb_table_##table, SPACETIMEDB_PP_COLUMN(table, field)>       \
      spacetimedb_auto_inc_##table##_##field;

#define FIELD_PrimaryKeyAutoInc(table, field, ...) \
  FIELD_PrimaryKey(table, field, __VA_ARGS__) FIELD_AutoInc(table, field)
#define FIELD_UniqueAutoInc(table, field, ...) FIELD_Unique(table, field, __VA_ARGS__) FIELD_AutoInc(table, field)
#define FIELD_IndexAutoInc(table, field, ...) FIELD_Index(table, field, __VA_ARGS__) FIELD_AutoInc(table, field)

/** What the rows that are there get in this column when an update of the module adds it. */
#define FIELD_Default(table, field, ...)                                                                         \
  SPACETIMEDB_PP_CHECK_FIELD("FIELD_Default", table, field)                                                      \
  inline ::SpacetimeDB::detail::DefaultItem<spacetimedb_table_##table> spacetimedb_default_##table##_##field{    \
      SPACETIMEDB_PP_COLUMN(table, field), [](::SpacetimeDB::Writer& out) {                                      \
        using Column = SPACETIMEDB_PP_FIELD_TYPE(table, field);                                                  \
        ::SpacetimeDB::detail::write_value<Column>(out, ::SpacetimeDB::detail::to_column<Column>(__VA_ARGS__));                       \
      }};

/**
 * A b-tree index over columns in this order: `ctx.db[score_by_game_and_points].filter("chess", range_from(100))` for
 * `FIELD_MultiColumnIndex(score, by_game_and_points, game, points)`. One column gives an index with a name of its own.
 */
#define FIELD_MultiColumnIndex(table, accessor, ...) \
  SPACETIMEDB_PP_NAMED_INDEX("FIELD_MultiColumnIndex", table, accessor, "", BTree, __VA_ARGS__)
/** As FIELD_MultiColumnIndex, with the index's canonical name as a text after its accessor. */
#define FIELD_MultiColumnIndex_NAMED(table, accessor, canonical_name, ...) \
  SPACETIMEDB_PP_NAMED_INDEX("FIELD_MultiColumnIndex_NAMED", table, accessor, canonical_name, BTree, __VA_ARGS__)
/** The older name of FIELD_MultiColumnIndex. */
#define FIELD_NamedMultiColumnIndex(table, accessor, ...) FIELD_MultiColumnIndex(table, accessor, __VA_ARGS__)
/** As FIELD_MultiColumnIndex with a hash index, which finds whole keys only. */
#define FIELD_MultiColumnHashIndex(table, accessor, ...) \
  SPACETIMEDB_PP_NAMED_INDEX("FIELD_MultiColumnHashIndex", table, accessor, "", Hash, __VA_ARGS__)
/** A direct index over one column, with a name of its own. */
#define FIELD_NamedDirectIndex(table, accessor, field) \
  SPACETIMEDB_PP_NAMED_INDEX("FIELD_NamedDirectIndex", table, accessor, "", Direct, field)

#define SPACETIMEDB_PP_COLUMN(table, field) \
  ::SpacetimeDB::detail::column_of<spacetimedb_table_##table::Row>(#field)
#define SPACETIMEDB_PP_FIELD_TYPE(table, field) \
  ::SpacetimeDB::detail::ColumnType<spacetimedb_table_##table::Row, SPACETIMEDB_PP_COLUMN(table, field)>

#define SPACETIMEDB_PP_CHECK_FIELD(macro, table, field)                                        \
  static_assert(::SpacetimeDB::detail::has_field<spacetimedb_table_##table::Row>(#field),      \
                macro "(" #table ", " #field                                                   \
                      "): the row of the table has no such field; SPACETIMEDB_STRUCT lists those that it has");

#define SPACETIMEDB_PP_CHECK_KEY(macro, table, field, algorithm)                                                   \
  SPACETIMEDB_PP_CHECK_FIELD(macro, table, field)                                                                  \
  static_assert(::SpacetimeDB::detail::is_key<SPACETIMEDB_PP_FIELD_TYPE(table, field)>,                            \
                macro "(" #table ", " #field                                                                       \
                      "): a column of this type cannot be looked up; integers, bool, strings, plain enums, "       \
                      "identities, connection ids, timestamps, durations and UUIDs can");                          \
  static_assert(::SpacetimeDB::IndexAlgorithm::algorithm != ::SpacetimeDB::IndexAlgorithm::Direct ||               \
                    ::SpacetimeDB::detail::is_direct_key<SPACETIMEDB_PP_FIELD_TYPE(table, field)>,                 \
                macro "(" #table ", " #field                                                                       \
                      "): a direct index needs an unsigned integer of at most 64 bits or a plain enum");

#define SPACETIMEDB_PP_COLUMN_INDEX(macro, table, field, is_primary_key, is_unique, ...)                         \
  SPACETIMEDB_PP_COLUMN_INDEX_(macro, table, field, is_primary_key, is_unique,                                   \
                               SPACETIMEDB_PP_FIRST(__VA_ARGS__ __VA_OPT__(, ) BTree, ),                         \
                               SPACETIMEDB_PP_FIRST(__VA_OPT__(Column, ) Implied, ))
#define SPACETIMEDB_PP_COLUMN_INDEX_(macro, table, field, is_primary_key, is_unique, algorithm, origin)         \
  SPACETIMEDB_PP_CHECK_KEY(macro, table, field, algorithm)                                                      \
  SPACETIMEDB_PP_INDEX(table, field, "", is_primary_key, is_unique, origin, algorithm,                          \
                       SPACETIMEDB_PP_COLUMN(table, field))

#define SPACETIMEDB_PP_NAMED_INDEX(macro, table, accessor, canonical_name, algorithm, ...)                     \
  SPACETIMEDB_PP_EACH(SPACETIMEDB_PP_CHECK_NAMED, (macro, table, algorithm), __VA_ARGS__)                      \
  SPACETIMEDB_PP_INDEX(table, accessor, canonical_name, false, false, Named, algorithm,                         \
                       SPACETIMEDB_PP_TAIL(SPACETIMEDB_PP_EACH(SPACETIMEDB_PP_COMMA_COLUMN, table, __VA_ARGS__)))
#define SPACETIMEDB_PP_CHECK_NAMED(context, field) SPACETIMEDB_PP_CHECK_NAMED_(SPACETIMEDB_PP_UNWRAP context, field)
#define SPACETIMEDB_PP_UNWRAP(...) __VA_ARGS__
#define SPACETIMEDB_PP_CHECK_NAMED_(...) SPACETIMEDB_PP_CHECK_NAMED__(__VA_ARGS__)
#define SPACETIMEDB_PP_CHECK_NAMED__(macro, table, algorithm, field) \
  SPACETIMEDB_PP_CHECK_KEY(macro, table, field, algorithm)
#define SPACETIMEDB_PP_COMMA_COLUMN(table, field) , SPACETIMEDB_PP_COLUMN(table, field)
#define SPACETIMEDB_PP_TAIL(...) SPACETIMEDB_PP_TAIL_(__VA_ARGS__)
#define SPACETIMEDB_PP_TAIL_(first, ...) __VA_ARGS__

#define SPACETIMEDB_PP_INDEX(table, accessor, canonical_name, is_primary_key, is_unique, origin, algorithm, ...) \
  using spacetimedb_index_##table##_##accessor =                                                                      \
      ::SpacetimeDB::detail::Index<spacetimedb_table_##table, ::SpacetimeDB::IndexAlgorithm::algorithm, is_unique,    \
                                   __VA_ARGS__>;                                                                      \
  inline constexpr ::SpacetimeDB::IndexTag<spacetimedb_index_##table##_##accessor> table##_##accessor{};              \
  inline ::SpacetimeDB::detail::IndexItem<spacetimedb_index_##table##_##accessor>                                     \
      spacetimedb_index_item_##table##_##accessor{#accessor, canonical_name, is_primary_key,                      \
                                                  ::SpacetimeDB::detail::IndexOrigin::origin};

namespace SpacetimeDB::detail {

/** Registers what FIELD_AutoInc says. */
template <class Table, uint16_t position>
struct AutoIncItem : AutoIncRule {
  AutoIncItem() : AutoIncRule{nullptr, position, take} { insert_by_column(table_data<Table>.auto_incs, *this); }

 private:
  static void take(void* row, Reader& generated) {
    using Row = typename Table::Row;
    auto& value = ShapeOf<Row>::template get<position>(*static_cast<Row*>(row));
    if (value == std::decay_t<decltype(value)>{}) value = read_value<std::decay_t<decltype(value)>>(generated);
  }
};

/** Registers what FIELD_Default says. */
template <class Table>
struct DefaultItem : DefaultRule {
  DefaultItem(uint16_t column, void (*write)(Writer&)) : DefaultRule{nullptr, column, write} {
    insert_by_column(table_data<Table>.defaults, *this);
  }
};

/** Registers an index. The order is that of the Rust bindings, so that equal modules have equal definitions. */
template <class Index>
struct IndexItem : IndexRule {
  IndexItem(std::string_view accessor, std::string_view canonical_name, bool is_primary_key, IndexOrigin origin)
      : IndexRule{nullptr,  is_primary_key, Index::is_unique,   origin,         Index::algorithm,
                  accessor, canonical_name, Index::source_name, Index::columns.data(), Index::column_count} {
    IndexRule** at = &table_data<typename Index::Table>.indexes;
    while (*at != nullptr && rank(**at) <= rank(*this)) at = &(*at)->next;
    next = *at;
    *at = this;
  }

 private:
  /** Unique columns first, those with a chosen index before the others; then named indexes, in the order of the source. */
  static uint32_t rank(const IndexRule& rule) {
    if (rule.is_unique) return (rule.origin == IndexOrigin::Implied ? 1 : 0) << 16 | rule.first_column();
    return rule.origin == IndexOrigin::Named ? 2 << 16 : 3 << 16 | rule.first_column();
  }
};

/** Registers a table. */
class TableItem : public Item {
 public:
  template <class Table>
  TableItem(TableTag<Table>, std::string_view canonical_name, TableAccess access, bool is_event)
      : Item(Group::Main, Table::name, describe),
        canonical_name_(canonical_name),
        access_(access),
        is_event_(is_event),
        data_(table_data<Table>),
        slot_(Codec<typename Table::Row>::slot) {}

 private:
  static void describe(const Item& item, ModuleDefinition& module) {
    const auto& table = static_cast<const TableItem&>(item);
    if (table.name == module.last_table) {
      fatal(text("table ", table.name, ": two files say SPACETIMEDB_TABLE or the row's fields differently; put both ",
                 "into a header"));
    }
    module.last_table = table.name;
    uint32_t row_type = table.slot_(module.types);
    module.name(ModuleDefinition::NameKind::Table, table.name, table.canonical_name_);
    Writer& out = module.tables.add();
    out.text(table.name);
    out.u32(row_type);
    table.write_primary_key(out);
    table.write_indexes(out, module);
    table.write_unique_constraints(out);
    table.write_sequences(out);
    constexpr uint8_t user_table = 1;
    out.u8(user_table);
    out.u8(static_cast<uint8_t>(table.access_));
    table.write_defaults(out);
    out.u8(table.is_event_ ? 1 : 0);
  }

  void write_primary_key(Writer& out) const {
    for (const IndexRule* index = data_.indexes; index != nullptr; index = index->next) {
      if (!index->is_primary_key) continue;
      out.u32(1);
      out.u16(index->first_column());
      return;
    }
    out.u32(0);
  }

  void write_indexes(Writer& out, ModuleDefinition& module) const {
    out.u32(count(data_.indexes));
    for (const IndexRule* index = data_.indexes; index != nullptr; index = index->next) {
      std::string source_name = index->source_name();
      write_member_name(out, source_name);
      write_member_name(out, index->accessor);
      out.u8(static_cast<uint8_t>(index->algorithm));
      if (index->algorithm == IndexAlgorithm::Direct) {
        out.u16(index->first_column());
      } else {
        out.u32(index->column_count);
        for (uint32_t i = 0; i < index->column_count; i++) out.u16(index->columns[i]);
      }
      module.name(ModuleDefinition::NameKind::Index, source_name, index->canonical_name);
    }
  }

  /** In the order of columns. */
  void write_unique_constraints(Writer& out) const {
    std::vector<uint16_t> columns;
    for (const IndexRule* index = data_.indexes; index != nullptr; index = index->next) {
      if (!index->is_unique) continue;
      auto at = columns.begin();
      while (at != columns.end() && *at < index->first_column()) ++at;
      columns.insert(at, index->first_column());
    }
    out.u32(columns.size());
    for (uint16_t column : columns) {
      out.u8(1);  // no name of its own
      out.u8(0);  // Unique
      out.u32(1);
      out.u16(column);
    }
  }

  void write_sequences(Writer& out) const {
    out.u32(count(data_.auto_incs));
    for (const AutoIncRule* rule = data_.auto_incs; rule != nullptr; rule = rule->next) {
      out.u8(1);  // no name of its own
      out.u16(rule->column);
      for (int i = 0; i < 3; i++) out.u8(1);  // neither start, minimum nor maximum
      out.number(i128{1});
    }
  }

  void write_defaults(Writer& out) const {
    out.u32(count(data_.defaults));
    for (const DefaultRule* rule = data_.defaults; rule != nullptr; rule = rule->next) {
      Writer value;
      rule->write(value);
      out.u16(rule->column);
      out.u32(value.size());
      out.bytes(value.data(), value.size());
    }
  }

  template <class Rule>
  static uint32_t count(const Rule* list) {
    uint32_t count = 0;
    for (; list != nullptr; list = list->next) count++;
    return count;
  }

  std::string_view canonical_name_;
  TableAccess access_;
  bool is_event_;
  const TableData& data_;
  uint32_t (*slot_)(Typespace&);
};

}  // namespace SpacetimeDB::detail
