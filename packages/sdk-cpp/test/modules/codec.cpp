// For each type of the golden vectors a procedure that returns what it is given.

#include <spacetimedb.h>

using namespace SpacetimeDB;

struct Position {
  int32_t x;
  int32_t y;
};
SPACETIMEDB_STRUCT(Position, x, y)

SPACETIMEDB_ENUM(Fruit, Red, GreenApple, Blue)
SPACETIMEDB_ENUM(Shape, (Circle, double), (Point, Position), (Named, std::string), Nothing)

struct Mixed {
  uint64_t id;
  std::string name;
  std::optional<uint32_t> a;
  std::optional<uint32_t> b;
  bool c;
};
SPACETIMEDB_STRUCT(Mixed, id, name, a, b, c)

struct Tree {
  std::string tag;
  std::vector<Tree> kids;
};
SPACETIMEDB_STRUCT(Tree, tag, kids)

template <class... Part>
using Vec = std::vector<Part...>;
using EitherWay = Result<uint8_t, std::string>;

#define ECHO(name, ...) \
  SPACETIMEDB_PROCEDURE(__VA_ARGS__, echo_##name, ProcedureContext, __VA_ARGS__ value) { return value; }

ECHO(bool, bool)
ECHO(i8, int8_t)
ECHO(u8, uint8_t)
ECHO(i16, int16_t)
ECHO(u16, uint16_t)
ECHO(i32, int32_t)
ECHO(u32, uint32_t)
ECHO(i64, int64_t)
ECHO(u64, uint64_t)
ECHO(i128, i128)
ECHO(u128, u128)
ECHO(i256, i256)
ECHO(u256, u256)
ECHO(f32, float)
ECHO(f64, double)
ECHO(string, std::string)
ECHO(bytes, Vec<uint8_t>)
ECHO(u16s, Vec<uint16_t>)
ECHO(strings, Vec<std::string>)
ECHO(lists_of_bytes, Vec<Vec<uint8_t>>)
ECHO(bools, Vec<bool>)
ECHO(units, Vec<Unit>)
ECHO(unit, Unit)
ECHO(optional, std::optional<uint32_t>)
ECHO(nested_optional, std::optional<std::optional<uint8_t>>)
ECHO(optional_unit, std::optional<Unit>)
ECHO(result, EitherWay)
ECHO(identity, Identity)
ECHO(connection, ConnectionId)
ECHO(timestamp, Timestamp)
ECHO(duration, TimeDuration)
ECHO(uuid, Uuid)
ECHO(schedule, ScheduleAt)
ECHO(struct, Position)
ECHO(enum, Fruit)
ECHO(union, Shape)
ECHO(mixed, Mixed)
ECHO(tree, Tree)
ECHO(enums, Vec<Fruit>)
ECHO(optional_struct, std::optional<Position>)
