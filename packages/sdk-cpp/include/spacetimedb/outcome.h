// Results without exceptions: a value or an error.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "fatal.h"

namespace SpacetimeDB {

namespace detail {

template <class...>
inline constexpr bool always_false = false;

template <class Value>
struct OkValue {
  Value value;
};
template <class Error>
struct ErrValue {
  Error error;
};

}  // namespace detail

/** The success of a function that returns `Outcome<Value>` or `Result<Value, …>`. */
template <class Value>
detail::OkValue<std::decay_t<Value>> Ok(Value&& value) {
  return {std::forward<Value>(value)};
}
inline detail::OkValue<std::monostate> Ok() { return {}; }

/** The failure; texts become strings. */
template <class Error>
auto Err(Error&& error) {
  if constexpr (std::is_convertible_v<Error, std::string_view> && !std::is_same_v<std::decay_t<Error>, std::string>) {
    return detail::ErrValue<std::string>{std::string{std::string_view{error}}};
  } else {
    return detail::ErrValue<std::decay_t<Error>>{std::forward<Error>(error)};
  }
}

/**
 * A value or an error. `value()` of an error, and `error()` of a value, end the call.
 * As a type of columns, parameters and return values it is the database's `Result<Value, Error>`.
 */
template <class Value, class Error = std::string>
class Result {
 public:
  using value_type = Value;
  using error_type = Error;

  /** The value's default, so that a row with a result in it has one. */
  Result() = default;
  template <class From>
  Result(detail::OkValue<From>&& ok) : either_(std::in_place_index<0>, std::move(ok.value)) {}
  template <class From>
  Result(detail::ErrValue<From>&& err) : either_(std::in_place_index<1>, std::move(err.error)) {}

  bool is_ok() const { return either_.index() == 0; }
  bool is_err() const { return either_.index() == 1; }
  explicit operator bool() const { return is_ok(); }

  Value& value() & { return *must(std::get_if<0>(&either_)); }
  const Value& value() const& { return *must(std::get_if<0>(&either_)); }
  Value&& value() && { return std::move(*must(std::get_if<0>(&either_))); }
  Value& operator*() & { return value(); }
  const Value& operator*() const& { return value(); }
  Value* operator->() { return &value(); }
  const Value* operator->() const { return &value(); }

  Error& error() & { return *must(std::get_if<1>(&either_)); }
  const Error& error() const& { return *must(std::get_if<1>(&either_)); }
  Error&& error() && { return std::move(*must(std::get_if<1>(&either_))); }

  Value value_or(Value otherwise) const { return is_ok() ? value() : std::move(otherwise); }

  friend bool operator==(const Result&, const Result&) = default;

 private:
  template <class T>
  static T* must(T* present) {
    if (present == nullptr) fatal("the value of a failed outcome was used, or the error of a successful one");
    return present;
  }

  std::variant<Value, Error> either_;
};

/** The outcome of something that can fail with a text. */
template <class Value>
using Outcome = Result<Value, std::string>;

/** What a reducer returns: `Ok()` commits; `Err(message)` takes back what it did and tells its caller why. */
class ReducerResult {
 public:
  ReducerResult(detail::OkValue<std::monostate>&&) {}
  ReducerResult(detail::ErrValue<std::string>&& err) : error_(std::move(err.error)) {}
  template <class Other>
  ReducerResult(Other&&) {
    static_assert(detail::always_false<Other>, "a reducer returns Ok() or Err(\"why it failed\")");
  }
  ReducerResult(const ReducerResult&) = default;
  ReducerResult(ReducerResult&&) = default;
  ReducerResult(ReducerResult& other) : ReducerResult(std::as_const(other)) {}

  bool is_ok() const { return !error_.has_value(); }
  bool is_err() const { return error_.has_value(); }
  explicit operator bool() const { return is_ok(); }
  /** The message of a failure; empty for a success. */
  std::string_view error() const { return error_.has_value() ? std::string_view{*error_} : std::string_view{}; }

 private:
  std::optional<std::string> error_;
};

}  // namespace SpacetimeDB
