// Rows with the least and the greatest values of every type.

#include "types.h"

#include <limits>

#include "answer.h"

// Puts a row in, or another in its place, and finds the same by its key.
SPACETIMEDB_REDUCER(put_everything, ReducerContext ctx, Everything row) {
  auto by_id = ctx.db[everything_id];
  if (by_id.find(row.id)) {
    by_id.update(row);
  } else {
    ctx.db[everything].insert(row);
  }
  Expectations expect;
  expect(by_id.find(row.id) == row, "the row is found as it was put");
  return expect.result();
}

template <class T>
constexpr T least = std::numeric_limits<T>::lowest();
template <class T>
constexpr T greatest = std::numeric_limits<T>::max();
constexpr u128 greatest_u128 = ~u128{0};
constexpr i128 greatest_i128 = static_cast<i128>(greatest_u128 >> 1);

static Everything least_row() {
  return {
      .id = 1,
      .flag = false,
      .u8 = 0,
      .u16 = 0,
      .u32 = 0,
      .u64 = 0,
      .u128 = 0,
      .u256 = u256::min(),
      .i8 = least<int8_t>,
      .i16 = least<int16_t>,
      .i32 = least<int32_t>,
      .i64 = least<int64_t>,
      .i128 = -greatest_i128 - 1,
      .i256 = i256::min(),
      .f32 = least<float>,
      .f64 = least<double>,
      .text = "",
      .bytes = {},
      .identity = Identity{},
      .connection = ConnectionId{},
      .timestamp = Timestamp{least<int64_t>},
      .duration = TimeDuration{least<int64_t>},
      .schedule = TimeDuration{0},
      .uuid = Uuid{},
      .color = Color::Red,
      .point = {-0.5, -1e300},
      .shape = Shape::Empty(),
      .shapes = {},
      .numbers = {},
      .texts = {},
      .grid = {},
      .some_text = std::nullopt,
      .some_point = std::nullopt,
      .options = {},
      .result = Err("nothing"),
  };
}

static Everything greatest_row() {
  return {
      .id = 2,
      .flag = true,
      .u8 = greatest<uint8_t>,
      .u16 = greatest<uint16_t>,
      .u32 = greatest<uint32_t>,
      .u64 = greatest<uint64_t>,
      .u128 = greatest_u128,
      .u256 = u256::max(),
      .i8 = greatest<int8_t>,
      .i16 = greatest<int16_t>,
      .i32 = greatest<int32_t>,
      .i64 = greatest<int64_t>,
      .i128 = greatest_i128,
      .i256 = i256::max(),
      .f32 = greatest<float>,
      .f64 = greatest<double>,
      .text = "grüße, 世界 🚀",
      .bytes = {0, 127, 255},
      .identity = Identity{u256::max()},
      .connection = ConnectionId{greatest_u128},
      .timestamp = Timestamp{greatest<int64_t>},
      .duration = TimeDuration{greatest<int64_t>},
      .schedule = Timestamp{1},
      .uuid = Uuid{greatest_u128},
      .color = Color::Blue,
      .point = {0.5, 1e300},
      .shape = Shape::Polygon({{1, 2}, {3, 4}}),
      .shapes = {Shape::Empty(), Shape::Circle(1.5), Shape::Dyed(Color::Green), Shape::Dot({0, 1})},
      .numbers = {least<int32_t>, -1, 0, 1, greatest<int32_t>},
      .texts = {"", "one"},
      .grid = {{}, {1}, {2, 3}},
      .some_text = "some",
      .some_point = Point{5, 6},
      .options = {std::nullopt, greatest<uint64_t>},
      .result = Ok(greatest<uint32_t>),
  };
}

// The rows 1 and 2 have the least and the greatest value of each type.
SPACETIMEDB_REDUCER(check_types, ReducerContext ctx) {
  Everything changed = greatest_row();
  changed.result = Ok(7u);
  Expectations expect;
  for (const Everything& row : {least_row(), greatest_row(), changed, greatest_row()}) {
    expect(put_everything(ctx, row).is_ok(), "the row is found as it was put");
  }
  uint32_t found = 0;
  for (const Everything& row : ctx.db[everything]) found += row.id == 1 && row == least_row();
  expect(found == 1, "the first row is found by a scan");
  expect(ctx.db[everything].remove(greatest_row()), "a row is deleted by its value");
  expect(!ctx.db[everything].remove(greatest_row()), "a row that is gone cannot be deleted");
  ctx.db[everything].insert(greatest_row());
  return expect.result();
}
