// Ranges for index look-ups.
#pragma once

#include <type_traits>
#include <utility>

namespace SpacetimeDB {

/** One end of a range, by its tag in the ABI. */
enum class BoundKind : uint8_t { Included = 0, Excluded = 1, Unbounded = 2 };

/** Values from one bound to another, of the last column that a look-up names. */
template <class Value>
struct Range {
  BoundKind start_kind;
  Value start;
  BoundKind end_kind;
  Value end;
};

/** start ≤ value < end */
template <class Value>
Range<Value> range(Value start, std::type_identity_t<Value> end) {
  return {BoundKind::Included, std::move(start), BoundKind::Excluded, std::move(end)};
}
/** start ≤ value ≤ end */
template <class Value>
Range<Value> range_inclusive(Value start, std::type_identity_t<Value> end) {
  return {BoundKind::Included, std::move(start), BoundKind::Included, std::move(end)};
}
/** start ≤ value */
template <class Value>
Range<Value> range_from(Value start) {
  return {BoundKind::Included, std::move(start), BoundKind::Unbounded, Value{}};
}
/** start < value */
template <class Value>
Range<Value> range_after(Value start) {
  return {BoundKind::Excluded, std::move(start), BoundKind::Unbounded, Value{}};
}
/** value < end */
template <class Value>
Range<Value> range_to(Value end) {
  return {BoundKind::Unbounded, Value{}, BoundKind::Excluded, std::move(end)};
}
/** value ≤ end */
template <class Value>
Range<Value> range_to_inclusive(Value end) {
  return {BoundKind::Unbounded, Value{}, BoundKind::Included, std::move(end)};
}

namespace detail {
template <class T>
inline constexpr bool is_range = false;
template <class Value>
inline constexpr bool is_range<Range<Value>> = true;
}  // namespace detail

}  // namespace SpacetimeDB
