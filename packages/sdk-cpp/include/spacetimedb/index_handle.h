// ctx.db[index]: look-ups, updates and removals by key.
#pragma once

#include <concepts>
#include <optional>
#include <string_view>

#include "range.h"
#include "table_handle.h"

namespace SpacetimeDB {
namespace detail {

/** Whether a look-up of the column can be given such a value. */
template <class Column, class Value>
inline constexpr bool is_key_of =
    std::is_same_v<Column, std::string> ? std::is_convertible_v<Value, std::string_view>
    : PlainInteger<Column>              ? PlainInteger<std::decay_t<Value>>
                                        : std::is_convertible_v<Value, Column>;

template <class Column, class Value>
void write_key(Writer& out, const Value& value) {
  static_assert(is_key_of<Column, Value>, "a look-up needs a value of its column's type");
  if constexpr (std::is_same_v<Column, std::string>) {
    out.text(value);
  } else if constexpr (is_key_of<Column, Value>) {
    write_value<Column>(out, to_column<Column>(value));
  }
}

template <class Column, class Value>
void write_bound(Writer& out, BoundKind kind, const Value& value) {
  out.u8(static_cast<uint8_t>(kind));
  if (kind != BoundKind::Unbounded) write_key<Column>(out, value);
}

/** A look-up in the form of the ABI: bytes in `scratch`, and where its parts end. */
struct LookUp {
  uint32_t prefix_columns = 0;
  uint32_t prefix_end = 0;
  uint32_t start_end = 0;
  bool is_point = false;

  const uint8_t* prefix() const { return scratch.data(); }
  const uint8_t* start() const { return scratch.data() + prefix_end; }
  uint32_t start_length() const { return start_end - prefix_end; }
  /** Where only one value is looked for, its bound serves as both ends. */
  bool has_end() const { return scratch.size() > start_end; }
  const uint8_t* end() const { return has_end() ? scratch.data() + start_end : start(); }
  uint32_t end_length() const { return has_end() ? scratch.size() - start_end : start_length(); }
};

template <class Index, class... Keys>
LookUp look_up(const Keys&... keys) {
  constexpr uint32_t count = sizeof...(Keys);
  static_assert(count > 0 && count <= Index::column_count,
                "a look-up takes as many values as the index has columns, or fewer from the left");
  constexpr bool has_range = (is_range<Keys> || ...);
  constexpr bool is_point = !has_range && count == Index::column_count;
  static_assert(is_point || Index::algorithm != IndexAlgorithm::Hash,
                "a hash index finds whole keys only: neither ranges nor the first columns alone");
  Writer& out = clear_scratch();
  LookUp made;
  made.is_point = is_point;
  [&]<size_t... Position>(std::index_sequence<Position...>) {
    auto write = [&]<size_t position, class Key>(std::integral_constant<size_t, position>, const Key& key) {
      using Column = typename Index::template Column<position>;
      constexpr bool is_last = position + 1 == count;
      if constexpr (is_range<Key>) {
        static_assert(is_last, "only the last value of a look-up can be a range");
        made.prefix_end = out.size();
        write_bound<Column>(out, key.start_kind, key.start);
        made.start_end = out.size();
        write_bound<Column>(out, key.end_kind, key.end);
      } else if constexpr (is_last && !is_point) {
        made.prefix_end = out.size();
        write_bound<Column>(out, BoundKind::Included, key);
        made.start_end = out.size();
      } else {
        write_key<Column>(out, key);
      }
    };
    (write(std::integral_constant<size_t, Position>{}, keys), ...);
  }(std::make_index_sequence<count>{});
  made.prefix_columns = count - 1;
  return made;
}

template <class Index>
uint32_t open_scan(const LookUp& by) {
  uint32_t iterator = 0;
  uint32_t code =
      by.is_point
          ? abi::datastore_index_scan_point_bsatn(Index::id(), scratch.data(), scratch.size(), &iterator)
          : abi::datastore_index_scan_range_bsatn(Index::id(), by.prefix(), by.prefix_end, by.prefix_columns,
                                                  by.start(), by.start_length(), by.end(), by.end_length(), &iterator);
  check(code, "looking into an index of table", Index::Table::name);
  return iterator;
}

template <class Index>
uint32_t remove_found(const LookUp& by) {
  uint32_t count = 0;
  uint32_t code =
      by.is_point ? abi::datastore_delete_by_index_scan_point_bsatn(Index::id(), scratch.data(), scratch.size(), &count)
                  : abi::datastore_delete_by_index_scan_range_bsatn(Index::id(), by.prefix(), by.prefix_end,
                                                                    by.prefix_columns, by.start(), by.start_length(),
                                                                    by.end(), by.end_length(), &count);
  check(code, "removing by an index of table", Index::Table::name);
  return count;
}

/** Puts `row` in the place of the one with its key, completes it, and returns 0 or the errno. */
template <class Index>
uint32_t update_row(typename Index::Row& row) {
  Writer& out = clear_scratch();
  write_value(out, row);
  uint32_t length = out.size();
  uint32_t code =
      abi::datastore_update_bsatn(table_id<typename Index::Table>(), Index::id(), out.data(), &length);
  if (code == 0) take_generated<typename Index::Table>(row, length);
  return code;
}

}  // namespace detail

/** An index whose keys may occur often. */
template <class Index, bool IsWritable>
class IndexHandle {
 public:
  using Row = typename Index::Row;

  /**
   * The rows with these values in the index's columns. Values may be left off from the right, and the last one may be
   * a range (range.h): `filter("chess", range_from(100))`.
   */
  template <class... Keys>
  Rows<Row> filter(const Keys&... keys) const {
    auto by = detail::look_up<Index>(keys...);
    return Rows<Row>{detail::open_scan<Index>(by)};
  }

  /** Removes what `filter` would find, and returns how many rows that were. */
  template <class... Keys>
  uint32_t remove(const Keys&... keys) const {
    static_assert(IsWritable, "a view can only read: remove belongs into a reducer or a procedure's with_tx");
    auto by = detail::look_up<Index>(keys...);
    return detail::remove_found<Index>(by);
  }
};

/** The index of a unique column or primary key. */
template <class Index, bool IsWritable>
class UniqueIndexHandle {
 public:
  using Row = typename Index::Row;
  using Key = typename Index::template Column<0>;

  /** The row with this key, if there is one. */
  template <class Value>
  std::optional<Row> find(const Value& key) const {
    auto by = detail::look_up<Index>(key);
    detail::RowScan scan{detail::open_scan<Index>(by)};
    std::optional<Row> found{std::in_place};
    if (!scan.next(*found)) found.reset();
    return found;
  }

  /** The rows whose key lies in a range. */
  template <class Value>
  Rows<Row> filter(const Value& key_or_range) const {
    auto by = detail::look_up<Index>(key_or_range);
    return Rows<Row>{detail::open_scan<Index>(by)};
  }

  /** Puts `row` in the place of the one with the same key. Ends the call if there is none, or another column clashes. */
  Row update(Row row) const {
    static_assert(IsWritable, "a view can only read: update belongs into a reducer or a procedure's with_tx");
    detail::check(detail::update_row<Index>(row), "updating a row of table", Index::Table::name);
    return row;
  }

  /** As `update`, with the failure as a value. */
  Result<Row, TableError> try_update(Row row) const {
    static_assert(IsWritable, "a view can only read: try_update belongs into a reducer or a procedure's with_tx");
    uint32_t code = detail::update_row<Index>(row);
    if (detail::is_table_error(code)) return detail::ErrValue<TableError>{TableError{static_cast<Errno>(code)}};
    detail::check(code, "updating a row of table", Index::Table::name);
    return Ok(std::move(row));
  }

  /** Updates the row with the same key, or inserts the row if there is none. */
  Row insert_or_update(Row row) const {
    static_assert(IsWritable, "a view can only read: insert_or_update belongs into a reducer or with_tx");
    uint32_t code = detail::update_row<Index>(row);
    if (static_cast<Errno>(code) == Errno::NoSuchRow) code = detail::insert_row<typename Index::Table>(row);
    detail::check(code, "writing a row of table", Index::Table::name);
    return row;
  }

  /** Removes the row with this key; false if there is none. */
  template <class Value>
  bool remove(const Value& key) const {
    static_assert(IsWritable, "a view can only read: remove belongs into a reducer or a procedure's with_tx");
    auto by = detail::look_up<Index>(key);
    return detail::remove_found<Index>(by) > 0;
  }
};

}  // namespace SpacetimeDB
