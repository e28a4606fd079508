// Random numbers that follow from the call: the same call gives the same numbers.
#pragma once

#include <cstdint>
#include <limits>
#include <type_traits>

#include "fatal.h"
#include "integers.h"
#include "time.h"

namespace SpacetimeDB {

/**
 * A generator for `ctx.rng()`, seeded with the time of the call. Whoever knows that time knows the numbers: they are
 * no secrets. Also works with the distributions and `std::shuffle` of the standard library.
 * Algorithm: SplitMix64, https://doi.org/10.1145/2714064.2660195
 */
class Random {
 public:
  using result_type = uint64_t;

  constexpr Random() = default;
  explicit constexpr Random(Timestamp seed) : state_(static_cast<uint64_t>(seed.micros_since_unix_epoch)) {}

  static constexpr uint64_t min() { return 0; }
  static constexpr uint64_t max() { return std::numeric_limits<uint64_t>::max(); }

  /** All 64 bits. */
  uint64_t operator()() {
    uint64_t mixed = state_ += 0x9e3779b97f4a7c15;
    mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9;
    mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111eb;
    return mixed ^ mixed >> 31;
  }

  /** From 0 to `count` - 1, each equally likely. */
  uint64_t below(uint64_t count) {
    if (count == 0) fatal("there is no random number below 0");
    // Numbers from the last, incomplete round would come up more often.
    uint64_t rejected = -count % count;
    uint64_t number;
    do number = (*this)();
    while (number < rejected);
    return number % count;
  }

  /** From `low` to `high`, both included. */
  template <class Integer>
  Integer between(Integer low, Integer high) {
    static_assert(std::is_integral_v<Integer> && sizeof(Integer) <= 8,
                  "between takes whole numbers of at most 64 bits; see unit and bits_128 for others");
    if (high < low) fatal("a random number was asked for between bounds in the wrong order");
    uint64_t span = static_cast<uint64_t>(high) - static_cast<uint64_t>(low);
    uint64_t offset = span == max() ? (*this)() : below(span + 1);
    return static_cast<Integer>(static_cast<uint64_t>(low) + offset);
  }

  /** From 0 up to but not including 1. */
  double unit() { return static_cast<double>((*this)() >> 11) * 0x1p-53; }

  u128 bits_128() { return u128{(*this)()} << 64 | (*this)(); }

 private:
  uint64_t state_ = 0;
};

}  // namespace SpacetimeDB
