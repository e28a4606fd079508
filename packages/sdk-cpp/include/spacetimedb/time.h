// Points in time, spans of it, and when something scheduled is due. All in microseconds.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <variant>

namespace SpacetimeDB {

/** A signed span of microseconds. */
struct TimeDuration {
  int64_t micros = 0;

  constexpr TimeDuration() = default;
  explicit constexpr TimeDuration(int64_t micros) : micros(micros) {}
  /** From the spans of the standard library: `TimeDuration{std::chrono::seconds(5)}`. */
  template <class Count, class Period>
  constexpr TimeDuration(std::chrono::duration<Count, Period> span)
      : micros(std::chrono::duration_cast<std::chrono::microseconds>(span).count()) {}

  static constexpr TimeDuration from_micros(int64_t micros) { return TimeDuration{micros}; }
  static constexpr TimeDuration from_millis(int64_t millis) { return TimeDuration{millis * 1000}; }
  static constexpr TimeDuration from_seconds(int64_t seconds) { return TimeDuration{seconds * 1'000'000}; }

  constexpr int64_t to_micros() const { return micros; }
  constexpr int64_t to_millis() const { return micros / 1000; }

  friend constexpr bool operator==(const TimeDuration&, const TimeDuration&) = default;
  friend constexpr auto operator<=>(const TimeDuration&, const TimeDuration&) = default;
  friend constexpr TimeDuration operator+(TimeDuration a, TimeDuration b) { return TimeDuration{a.micros + b.micros}; }
  friend constexpr TimeDuration operator-(TimeDuration a, TimeDuration b) { return TimeDuration{a.micros - b.micros}; }
};

/** A point in time: signed microseconds since 1970-01-01T00:00:00Z. */
struct Timestamp {
  int64_t micros_since_unix_epoch = 0;

  constexpr Timestamp() = default;
  explicit constexpr Timestamp(int64_t micros_since_unix_epoch) : micros_since_unix_epoch(micros_since_unix_epoch) {}

  static constexpr Timestamp from_micros_since_unix_epoch(int64_t micros) { return Timestamp{micros}; }
  constexpr int64_t to_micros_since_unix_epoch() const { return micros_since_unix_epoch; }

  friend constexpr bool operator==(const Timestamp&, const Timestamp&) = default;
  friend constexpr auto operator<=>(const Timestamp&, const Timestamp&) = default;
  friend constexpr Timestamp operator+(Timestamp time, TimeDuration span) {
    return Timestamp{time.micros_since_unix_epoch + span.micros};
  }
  friend constexpr Timestamp operator-(Timestamp time, TimeDuration span) {
    return Timestamp{time.micros_since_unix_epoch - span.micros};
  }
  friend constexpr TimeDuration operator-(Timestamp a, Timestamp b) {
    return TimeDuration{a.micros_since_unix_epoch - b.micros_since_unix_epoch};
  }
};

/** When a row of a scheduled table is due: once at a time, or again and again. */
class ScheduleAt {
 public:
  constexpr ScheduleAt() = default;
  /** Once. */
  constexpr ScheduleAt(Timestamp time) : when_(time) {}
  /** Every `interval`. */
  constexpr ScheduleAt(TimeDuration interval) : when_(interval) {}
  template <class Count, class Period>
  constexpr ScheduleAt(std::chrono::duration<Count, Period> interval) : when_(TimeDuration{interval}) {}

  static constexpr ScheduleAt time(Timestamp time) { return ScheduleAt{time}; }
  static constexpr ScheduleAt interval(TimeDuration interval) { return ScheduleAt{interval}; }

  constexpr bool is_interval() const { return when_.index() == 0; }
  constexpr bool is_time() const { return when_.index() == 1; }
  /** The span or time; null if it is the other of the two. */
  constexpr const TimeDuration* get_interval() const { return std::get_if<0>(&when_); }
  constexpr const Timestamp* get_time() const { return std::get_if<1>(&when_); }

  friend constexpr bool operator==(const ScheduleAt&, const ScheduleAt&) = default;

 private:
  std::variant<TimeDuration, Timestamp> when_;
};

}  // namespace SpacetimeDB
