// ctx.db[table]: everything that can be done with a table as a whole.
#pragma once

#include <optional>
#include <string>

#include "row_scan.h"
#include "table_data.h"

namespace SpacetimeDB {

/** Why a row could not be written. */
class TableError {
 public:
  explicit TableError(Errno code) : code_(code) {}

  Errno code() const { return code_; }
  bool is_unique_violation() const { return code_ == Errno::UniqueAlreadyExists; }
  std::string message() const { return std::string{errno_text(code_)}; }

  friend bool operator==(const TableError&, const TableError&) = default;

 private:
  Errno code_;
};

/** The failure with the error's message as its text. */
inline detail::ErrValue<std::string> Err(const TableError& error) { return {error.message()}; }
// For an error that could be changed, too: the template for any error would fit that better than the function above.
inline detail::ErrValue<std::string> Err(TableError& error) { return {error.message()}; }
inline detail::ErrValue<std::string> Err(TableError&& error) { return {error.message()}; }

namespace detail {

/** For what goes to the host in one call: no two of these are alive at once. */
[[clang::no_destroy]] inline constinit Writer scratch;

inline Writer& clear_scratch() {
  scratch.clear();
  return scratch;
}

/** The errors of a write that are the data's fault; everything else is a mistake in the module or SDK and ends the call. */
inline bool is_table_error(uint32_t code) {
  auto error = static_cast<Errno>(code);
  return error == Errno::UniqueAlreadyExists || error == Errno::NoSuchRow || error == Errno::AutoIncOverflow ||
         error == Errno::ScheduleAtDelayTooLong;
}

/** Takes over what the host generated for the columns that were zero. */
template <class Table>
void take_generated(typename Table::Row& row, uint32_t length) {
  if (length == 0) return;
  Reader generated{scratch.data(), length};
  for (AutoIncRule* rule = table_data<Table>.auto_incs; rule != nullptr; rule = rule->next) {
    rule->take_generated(&row, generated);
  }
}

/** Inserts `row`, completes it, and returns 0 or the errno. */
template <class Table>
uint32_t insert_row(typename Table::Row& row) {
  Writer& out = clear_scratch();
  write_value(out, row);
  uint32_t length = out.size();
  uint32_t code = abi::datastore_insert_bsatn(table_id<Table>(), out.data(), &length);
  if (code == 0) take_generated<Table>(row, length);
  return code;
}

}  // namespace detail

/** A table. Costs nothing to make; lives as long as the call. */
template <class Table, bool IsWritable>
class TableHandle {
 public:
  using Row = typename Table::Row;

  /** How many rows there are. */
  uint64_t count() const {
    uint64_t count = 0;
    detail::check(abi::datastore_table_row_count(detail::table_id<Table>(), &count), "counting table", Table::name);
    return count;
  }

  /** All rows: `for (const User& row : ctx.db[user])`. */
  Rows<Row> iter() const { return Rows<Row>{open()}; }
  RowIterator<Row> begin() const { return RowIterator<Row>{open()}; }
  std::default_sentinel_t end() const { return {}; }

  /**
   * Inserts a row and returns it, with auto-increment columns that were zero filled in.
   * A violation of a unique column ends the call; see `try_insert`.
   */
  Row insert(Row row) const {
    static_assert(IsWritable, "a view can only read: insert belongs into a reducer or a procedure's with_tx");
    detail::check(detail::insert_row<Table>(row), "inserting into table", Table::name);
    return row;
  }

  /** As `insert`, with a violation as a value. Nothing has changed then. */
  Result<Row, TableError> try_insert(Row row) const {
    static_assert(IsWritable, "a view can only read: try_insert belongs into a reducer or a procedure's with_tx");
    uint32_t code = detail::insert_row<Table>(row);
    if (detail::is_table_error(code)) return detail::ErrValue<TableError>{TableError{static_cast<Errno>(code)}};
    detail::check(code, "inserting into table", Table::name);
    return Ok(std::move(row));
  }

  /** Removes the row that equals this one in every column; false if there is none. */
  bool remove(const Row& row) const {
    static_assert(IsWritable, "a view can only read: remove belongs into a reducer or a procedure's with_tx");
    Writer& out = detail::clear_scratch();
    out.u32(1);
    detail::write_value(out, row);
    uint32_t count = 0;
    detail::check(abi::datastore_delete_all_by_eq_bsatn(detail::table_id<Table>(), out.data(), out.size(), &count),
                  "removing from table", Table::name);
    return count > 0;
  }

  /** Removes all rows and returns how many there were. */
  uint64_t clear() const {
    static_assert(IsWritable, "a view can only read: clear belongs into a reducer or a procedure's with_tx");
    uint64_t count = 0;
    detail::check(abi::datastore_clear(detail::table_id<Table>(), &count), "clearing table", Table::name);
    return count;
  }

 private:
  static uint32_t open() {
    uint32_t iterator = 0;
    detail::check(abi::datastore_table_scan_bsatn(detail::table_id<Table>(), &iterator), "scanning table",
                  Table::name);
    return iterator;
  }
};

}  // namespace SpacetimeDB
