// SPACETIMEDB_SCHEDULE: tables whose rows call a reducer or procedure when their time comes.
#pragma once

#include <tuple>

#include "function.h"
#include "module_definition.h"
#include "table_data.h"

/**
 * Makes a table a schedule: `function`, a reducer or procedure whose only argument is a row of the table, runs when a
 * row is due. `column` is the field of type ScheduleAt; the table also needs a primary key of type uint64_t.
 *
 *   SPACETIMEDB_STRUCT(Reminder, scheduled_id, scheduled_at, text)
 *   SPACETIMEDB_TABLE(Reminder, reminder, Private)
 *   FIELD_PrimaryKeyAutoInc(reminder, scheduled_id)
 *   SPACETIMEDB_SCHEDULE(reminder, scheduled_at, send_reminder)
 *   SPACETIMEDB_REDUCER(send_reminder, ReducerContext ctx, Reminder due) { … }
 */
#define SPACETIMEDB_SCHEDULE(table, column, function)                                                              \
  static_assert(::SpacetimeDB::detail::schedule_column<spacetimedb_table_##table::Row>(#column) >= 0,              \
                "SPACETIMEDB_SCHEDULE(" #table ", " #column ", " #function                                         \
                "): the row of the table has no such field of type ScheduleAt");                                   \
  static const ::SpacetimeDB::detail::ScheduleItem spacetimedb_schedule_##table{                                   \
      #table, static_cast<uint16_t>(::SpacetimeDB::detail::schedule_column<spacetimedb_table_##table::Row>(#column)), \
      #function};

/**
 * Runs a reducer soon, in a transaction of its own, even if this one is taken back; a restart forgets it:
 * `SPACETIMEDB_SCHEDULE_IMMEDIATE(send_mail, address, text)`.
 */
#define SPACETIMEDB_SCHEDULE_IMMEDIATE(reducer, ...) \
  ::SpacetimeDB::detail::schedule_immediate(&reducer, #reducer __VA_OPT__(, ) __VA_ARGS__)

namespace SpacetimeDB::detail {

/** The position of a field of type ScheduleAt, given by name or number; -1 if there is none. */
template <class Row>
constexpr int schedule_column(std::string_view field) {
  constexpr size_t count = ShapeOf<Row>::size;
  int column = spacetimedb_shape(Of<Row>{}).column(field);
  if (column < 0 && !field.empty() && field[0] >= '0' && field[0] <= '9') {
    column = 0;
    for (char c : field) column = column * 10 + (c - '0');
  }
  if (column < 0 || static_cast<size_t>(column) >= count) return -1;
  constexpr auto is_schedule = []<size_t... Position>(std::index_sequence<Position...>) {
    return std::array<bool, count>{std::is_same_v<ColumnType<Row, Position>, ScheduleAt>...};
  }(std::make_index_sequence<count>{});
  return is_schedule[column] ? column : -1;
}

/** Registers what SPACETIMEDB_SCHEDULE says. */
class ScheduleItem : public Item {
 public:
  ScheduleItem(std::string_view table, uint16_t column, std::string_view function)
      : Item(Group::Reference, table, describe), column_(column), function_(function) {}

 private:
  static void describe(const Item& item, ModuleDefinition& module) {
    const auto& schedule = static_cast<const ScheduleItem&>(item);
    Writer& out = module.schedules.add();
    out.u8(1);  // no name of its own
    out.text(schedule.name);
    out.u16(schedule.column_);
    out.text(schedule.function_);
  }

  uint16_t column_;
  std::string_view function_;
};

template <class... Params, class... Args>
void schedule_immediate(ReducerResult (*)(Params...), std::string_view name, const Args&... args) {
  static_assert(sizeof...(Params) == sizeof...(Args) + 1, "the reducer takes another number of arguments");
  Writer out;
  auto write = [&]<class First, class... Rest>(std::tuple<First, Rest...>*, const auto&... values) {
    (write_value<std::decay_t<Rest>>(out, static_cast<std::decay_t<Rest>>(values)), ...);
  };
  write(static_cast<std::tuple<Params...>*>(nullptr), args...);
  abi::volatile_nonatomic_schedule_immediate(name.data(), name.size(), out.data(), out.size());
}

}  // namespace SpacetimeDB::detail
