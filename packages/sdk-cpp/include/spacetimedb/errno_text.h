// Errnos in words, for log lines and error messages.
#pragma once

#include <string>
#include <string_view>

#include "abi.h"
#include "fatal.h"

namespace SpacetimeDB {

/** What an errno means, as a sentence without full stop. */
inline std::string_view errno_text(Errno code) {
  switch (code) {
    case Errno::HostCallFailure: return "the call failed";
    case Errno::NotInTransaction: return "there is no transaction here: tables can be used in reducers, views and with_tx";
    case Errno::BsatnDecodeError: return "the host could not decode what the module sent";
    case Errno::NoSuchTable: return "there is no such table";
    case Errno::NoSuchIndex: return "there is no such index";
    case Errno::NoSuchIter: return "there is no such row iterator";
    case Errno::NoSuchConsoleTimer: return "there is no such timer";
    case Errno::NoSuchBytes: return "there is no such source or sink of bytes";
    case Errno::NoSpace: return "there is no space left";
    case Errno::WrongIndexAlgorithm: return "this index finds whole keys only, no ranges";
    case Errno::BufferTooSmall: return "the buffer is too small";
    case Errno::UniqueAlreadyExists: return "a row with the same value in a unique column exists already";
    case Errno::ScheduleAtDelayTooLong: return "the time of the schedule lies too far ahead";
    case Errno::IndexNotUnique: return "the index is not unique";
    case Errno::NoSuchRow: return "there is no row with this key";
    case Errno::AutoIncOverflow: return "the counter of an auto-increment column is used up";
    case Errno::WouldBlockTransaction: return "this would block, which a transaction must not";
    case Errno::TransactionNotAnonymous: return "there is no transaction of this procedure";
    case Errno::TransactionIsReadOnly: return "the transaction is read-only";
    case Errno::TransactionIsMutable: return "the transaction is no read-only one";
    case Errno::HttpError: return "the HTTP request failed";
  }
  return "the host answered with an unknown error";
}

namespace detail {

/** Ends the call unless `code` is 0. `what` says what was tried, `on` names the table or index. */
inline void check(uint32_t code, std::string_view what, std::string_view on = {}) {
  if (__builtin_expect(code == 0, 1)) return;
  std::string message{what};
  if (!on.empty()) message.append(" ").append(on);
  message.append(": ").append(errno_text(static_cast<Errno>(code)));
  fatal(message);
}

}  // namespace detail
}  // namespace SpacetimeDB
