// Lines in the database's log (`spacetime logs`), with the place in the source.
#pragma once

#include <string_view>

#include "abi.h"
#include "errno_text.h"
#include "text.h"

/** Each takes any number of texts, numbers and identities: `LOG_INFO("user ", id, " came")`. */
#define LOG_ERROR(...) SPACETIMEDB_PP_LOG(Error, __VA_ARGS__)
#define LOG_WARN(...) SPACETIMEDB_PP_LOG(Warn, __VA_ARGS__)
#define LOG_INFO(...) SPACETIMEDB_PP_LOG(Info, __VA_ARGS__)
#define LOG_DEBUG(...) SPACETIMEDB_PP_LOG(Debug, __VA_ARGS__)
#define LOG_TRACE(...) SPACETIMEDB_PP_LOG(Trace, __VA_ARGS__)
/** Logs at the level Panic and ends the call. */
#define LOG_PANIC(...) (SPACETIMEDB_PP_LOG(Panic, __VA_ARGS__), __builtin_trap())

// The file's name without its folder: the same sources give the same module wherever they lie.
#define SPACETIMEDB_PP_LOG(level, ...)                                                              \
  ::SpacetimeDB::log(::SpacetimeDB::LogLevel::level, ::SpacetimeDB::text(__VA_ARGS__), __FILE_NAME__, __LINE__)

namespace SpacetimeDB {

enum class LogLevel : uint32_t { Error = 0, Warn = 1, Info = 2, Debug = 3, Trace = 4, Panic = 101 };

inline void log(LogLevel level, std::string_view message, std::string_view file = {}, uint32_t line = UINT32_MAX) {
  abi::console_log(static_cast<uint32_t>(level), nullptr, 0, file.empty() ? nullptr : file.data(), file.size(), line,
                   message.data() != nullptr ? message.data() : "", message.size());
}

/** Logs how long it lived: `LogStopwatch span{"load"};`. */
class LogStopwatch {
 public:
  explicit LogStopwatch(std::string_view name) : timer_(abi::console_timer_start(name.data(), name.size())) {}
  LogStopwatch(const LogStopwatch&) = delete;
  LogStopwatch& operator=(const LogStopwatch&) = delete;
  ~LogStopwatch() { end(); }

  /** Ends it before its time. */
  void end() {
    if (timer_ == 0) return;
    detail::check(abi::console_timer_end(timer_), "ending a stopwatch");
    timer_ = 0;
  }

 private:
  uint32_t timer_;
};

}  // namespace SpacetimeDB
