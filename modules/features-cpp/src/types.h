// A column of every type.
#pragma once

#include <spacetimedb.h>

using namespace SpacetimeDB;

SPACETIMEDB_ENUM(Color, Red, Green, Blue)

struct Point {
  double x;
  double y;
  friend bool operator==(const Point&, const Point&) = default;
};
SPACETIMEDB_STRUCT(Point, x, y)

// A tagged union: without payload, and with a scalar, an enum, a struct, a list as payload.
SPACETIMEDB_ENUM(Shape, Empty, (Circle, double), (Dyed, Color), (Dot, Point), (Polygon, std::vector<Point>))

struct Everything {
  uint32_t id;
  bool flag;
  uint8_t u8;
  uint16_t u16;
  uint32_t u32;
  uint64_t u64;
  SpacetimeDB::u128 u128;
  SpacetimeDB::u256 u256;
  int8_t i8;
  int16_t i16;
  int32_t i32;
  int64_t i64;
  SpacetimeDB::i128 i128;
  SpacetimeDB::i256 i256;
  float f32;
  double f64;
  std::string text;
  std::vector<uint8_t> bytes;
  Identity identity;
  ConnectionId connection;
  Timestamp timestamp;
  TimeDuration duration;
  ScheduleAt schedule;
  Uuid uuid;
  Color color;
  Point point;
  Shape shape;
  std::vector<Shape> shapes;
  std::vector<int32_t> numbers;
  std::vector<std::string> texts;
  std::vector<std::vector<uint16_t>> grid;
  std::optional<std::string> some_text;
  std::optional<Point> some_point;
  std::vector<std::optional<uint64_t>> options;
  Result<uint32_t, std::string> result;
  friend bool operator==(const Everything&, const Everything&) = default;
};
SPACETIMEDB_STRUCT(Everything, id, flag, u8, u16, u32, u64, u128, u256, i8, i16, i32, i64, i128, i256, f32, f64, text,
                   bytes, identity, connection, timestamp, duration, schedule, uuid, color, point, shape, shapes,
                   numbers, texts, grid, some_text, some_point, options, result)
SPACETIMEDB_TABLE(Everything, everything, Public)
FIELD_PrimaryKey(everything, id)
