// Queries for views that return a query instead of rows: the database evaluates it, and keeps it up to date cheaply.
//
//   SPACETIMEDB_VIEW(Query<Player>, veterans, Public, AnonymousViewContext ctx) {
//     return ctx.from[player].where(col(&Player::level) >= 50u);
//   }
#pragma once

#include <concepts>
#include <string>
#include <string_view>
#include <utility>

#include "struct.h"
#include "table_data.h"

namespace SpacetimeDB {
namespace detail {

inline std::string quoted_name(std::string_view name) {
  std::string text{"\""};
  for (char c : name) {
    if (c == '"') text.push_back('"');
    text.push_back(c);
  }
  return text.append("\"");
}

/** A value as the database's SQL writes it. */
inline std::string sql_literal(bool value) { return value ? "TRUE" : "FALSE"; }
inline std::string sql_literal(const Identity& value) { return "0x" + value.to_hex(); }
inline std::string sql_literal(const ConnectionId& value) { return "0x" + value.to_hex(); }
inline std::string sql_literal(std::string_view value) {
  std::string text{"'"};
  for (char c : value) {
    if (c == '\'') text.push_back('\'');
    text.push_back(c);
  }
  return text.append("'");
}
template <PlainInteger Integer>
std::string sql_literal(const Integer& value) {
  if constexpr (sizeof(Integer) == 32) {
    return SpacetimeDB::to_string(value);
  } else if constexpr (std::is_signed_v<Integer> || std::is_same_v<Integer, i128>) {
    return SpacetimeDB::to_string(static_cast<i128>(value));
  } else {
    return SpacetimeDB::to_string(static_cast<u128>(value));
  }
}

/** The name of the column that a pointer to a member stands for. */
template <class Row, class Column>
std::string_view column_name(Column Row::*member) {
  static constexpr auto shape = spacetimedb_shape(Of<Row>{});
  std::string_view name;
  [&]<size_t... Position>(std::index_sequence<Position...>) {
    Row probe{};
    const void* wanted = &(probe.*member);
    (void)((static_cast<const void*>(&shape.template get<Position>(probe)) == wanted &&
            (name = shape.fields[Position], true)) ||
           ...);
  }(std::make_index_sequence<decltype(shape)::size>{});
  if (name.empty()) fatal("a query uses a field that SPACETIMEDB_STRUCT does not list");
  return name;
}

}  // namespace detail

/** A condition on the rows of a table: comparisons of `col(…)`, joined by && and ||. */
template <class Row>
class Condition {
 public:
  explicit Condition(std::string sql) : sql_(std::move(sql)) {}

  friend Condition operator&&(const Condition& a, const Condition& b) { return join(a, " AND ", b); }
  friend Condition operator||(const Condition& a, const Condition& b) { return join(a, " OR ", b); }

  /** The text, with the table's name in the place of each placeholder. */
  std::string sql(std::string_view table) const {
    std::string text;
    for (char c : sql_) {
      if (c == table_placeholder) {
        text.append(table);
      } else {
        text.push_back(c);
      }
    }
    return text;
  }

  /** Never part of SQL or a value that the database accepts in it. */
  static constexpr char table_placeholder = '\1';

 private:
  static Condition join(const Condition& a, std::string_view word, const Condition& b) {
    return Condition{std::string{"("}.append(a.sql_).append(word).append(b.sql_).append(")")};
  }

  std::string sql_;
};

/** A column in a condition. */
template <class Row, class Column>
class ColumnRef {
 public:
  explicit ColumnRef(std::string_view name) : name_(name) {}

  Condition<Row> operator==(const Column& value) const { return compare(" = ", value); }
  Condition<Row> operator!=(const Column& value) const { return compare(" <> ", value); }
  Condition<Row> operator<(const Column& value) const { return compare(" < ", value); }
  Condition<Row> operator<=(const Column& value) const { return compare(" <= ", value); }
  Condition<Row> operator>(const Column& value) const { return compare(" > ", value); }
  Condition<Row> operator>=(const Column& value) const { return compare(" >= ", value); }

  std::string_view name() const { return name_; }

 private:
  Condition<Row> compare(std::string_view comparison, const Column& value) const {
    std::string sql{Condition<Row>::table_placeholder};
    sql.append(".").append(detail::quoted_name(name_)).append(comparison).append(detail::sql_literal(value));
    return Condition<Row>{std::move(sql)};
  }

  std::string_view name_;
};

/** A column by its field: `col(&Player::level)`. */
template <class Row, class Column>
ColumnRef<Row, Column> col(Column Row::*member) {
  return ColumnRef<Row, Column>{detail::column_name(member)};
}

/** Rows of one table, as the return type of a view. */
template <class Row>
class Query {
 public:
  /** Any SQL that a subscription takes and that selects whole rows of one table. */
  explicit Query(std::string sql) : sql_(std::move(sql)) {}
  const std::string& sql() const { return sql_; }

 private:
  std::string sql_;
};

/** A table with conditions. */
template <class Table>
class TableQuery {
 public:
  using Row = typename Table::Row;

  /** Rows that also meet this condition. */
  TableQuery where(const Condition<Row>& condition) const {
    TableQuery narrowed = *this;
    if (!narrowed.condition_.empty()) narrowed.condition_.append(" AND ");
    narrowed.condition_.append(condition.sql(name()));
    return narrowed;
  }

  /** My rows, once for each row of the other table whose column equals mine. */
  template <class Other, class Column>
  Query<Row> left_semijoin(const TableQuery<Other>& other, Column Row::*mine, Column Other::Row::*theirs) const {
    return join(other, name(), col(mine).name(), col(theirs).name());
  }

  /** The other table's rows, once for each of mine whose column equals theirs. */
  template <class Other, class Column>
  Query<typename Other::Row> right_semijoin(const TableQuery<Other>& other, Column Row::*mine,
                                            Column Other::Row::*theirs) const {
    return Query<typename Other::Row>{join(other, other.name(), col(mine).name(), col(theirs).name()).sql()};
  }

  operator Query<Row>() const {
    std::string sql{"SELECT * FROM "};
    sql.append(name());
    if (!condition_.empty()) sql.append(" WHERE ").append(condition_);
    return Query<Row>{std::move(sql)};
  }

  static std::string name() { return detail::quoted_name(Table::name); }
  const std::string& condition() const { return condition_; }

 private:
  template <class Other>
  Query<Row> join(const TableQuery<Other>& other, std::string_view selected, std::string_view mine,
                  std::string_view theirs) const {
    std::string sql{"SELECT "};
    sql.append(selected).append(".* FROM ").append(name()).append(" JOIN ").append(other.name()).append(" ON ");
    sql.append(name()).append(".").append(detail::quoted_name(mine)).append(" = ");
    sql.append(other.name()).append(".").append(detail::quoted_name(theirs));
    std::string_view word = " WHERE ";
    for (const std::string& condition : {condition_, other.condition()}) {
      if (condition.empty()) continue;
      sql.append(word).append(condition);
      word = " AND ";
    }
    return Query<Row>{std::move(sql)};
  }

  std::string condition_;
};

/** ctx.from of views. */
struct QuerySource {
  template <class Table>
  TableQuery<Table> operator[](TableTag<Table>) const {
    return {};
  }
};

}  // namespace SpacetimeDB
