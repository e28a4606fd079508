// How a module ends a call that cannot go on: a line in the database's log, then a trap. The host rolls the
// transaction back and makes a new instance.
#pragma once

#include <string_view>

#include "abi.h"

namespace SpacetimeDB {

/** Ends the running call: logs `message` at the level Panic and traps. The caller learns that the call failed, no more. */
[[noreturn]] inline void fatal(std::string_view message) {
  constexpr uint32_t panic = 101, no_line = UINT32_MAX;
  abi::console_log(panic, nullptr, 0, nullptr, 0, no_line, message.data(), message.size());
  __builtin_trap();
}

}  // namespace SpacetimeDB
