// What a function of the module is given: who calls, when, and the database.
#pragma once

#include <optional>
#include <utility>

#include "auth.h"
#include "database.h"
#include "http_client.h"
#include "query.h"
#include "random.h"

namespace SpacetimeDB {
namespace detail {

/** The generator of the running call. One for all copies of its context, or each would repeat the same numbers. */
inline constinit Random call_random;
/** The clock of the standard library shows this. */
inline constinit Timestamp call_time;

inline void begin_call(Timestamp timestamp) {
  call_random = Random{timestamp};
  call_time = timestamp;
}

inline Identity database_identity() {
  std::array<uint8_t, 32> bytes;
  abi::identity(bytes.data());
  return Identity::from_bytes(bytes);
}

/** Goes on from call to call. */
inline constinit uint32_t uuid_counter = 0;

inline Uuid new_uuid_v7(Timestamp timestamp) {
  auto millis = static_cast<uint64_t>(timestamp.micros_since_unix_epoch / 1000);
  return Uuid::v7(millis, uuid_counter++, call_random.bits_128());
}

}  // namespace detail

/** For views that are the same for everybody. */
struct AnonymousViewContext {
  ReadOnlyDatabase db;
  QuerySource from;
};

/** For views that depend on who asks. */
class ViewContext {
 public:
  ReadOnlyDatabase db;
  QuerySource from;

  explicit ViewContext(const Identity& sender) : sender_(sender) {}

  const Identity& sender() const { return sender_; }

 private:
  Identity sender_;
};

/** For reducers: a call that is one transaction. */
class ReducerContext {
 public:
  Database db;
  /** When the call began; the same everywhere in it. */
  Timestamp timestamp;

  ReducerContext(const Identity& sender, ConnectionId connection, Timestamp timestamp)
      : timestamp(timestamp), sender_(sender), connection_(connection) {}

  /** Who calls; the database itself in schedules. */
  const Identity& sender() const { return sender_; }
  /** The caller's connection, if the call came over one. */
  std::optional<ConnectionId> connection_id() const {
    if (connection_.is_zero()) return std::nullopt;
    return connection_;
  }
  AuthContext sender_auth() const { return AuthContext{connection_}; }
  /** The database's own identity. */
  Identity identity() const { return detail::database_identity(); }

  /** The random numbers of this call. */
  Random& rng() const { return detail::call_random; }
  Uuid new_uuid_v4() const { return Uuid::v4(rng().bits_128()); }
  /** Later ones of an instance are greater. */
  Uuid new_uuid_v7() const { return detail::new_uuid_v7(timestamp); }

  /** For calling a view from a reducer. */
  ViewContext as_read_only() const { return ViewContext{sender_}; }
  AnonymousViewContext as_anonymous_read_only() const { return {}; }

 private:
  Identity sender_;
  ConnectionId connection_;
};

/** For the body of a procedure's transaction: whatever takes a ReducerContext takes this as well. */
class TxContext : public ReducerContext {
  using ReducerContext::ReducerContext;
};

/** What procedures and HTTP handlers share: they run outside of transactions, and may take some. */
class TransactionRunner {
 public:
  /** When the call began, or the last sleep ended. */
  Timestamp timestamp;
  HttpClient http;

  TransactionRunner(const Identity& sender, ConnectionId connection, Timestamp timestamp)
      : timestamp(timestamp), sender_(sender), connection_(connection) {}

  Identity identity() const { return detail::database_identity(); }
  Random& rng() const { return detail::call_random; }
  Uuid new_uuid_v4() const { return Uuid::v4(rng().bits_128()); }
  Uuid new_uuid_v7() const { return detail::new_uuid_v7(timestamp); }

  /**
   * Runs `body(TxContext&)` in a transaction, commits, and returns what it returned. If the commit fails the body runs
   * once more. HTTP requests and sleeping have to wait until it is over.
   */
  template <class Body>
  auto with_tx(Body&& body) {
    using Value = std::invoke_result_t<Body&, TxContext&>;
    if constexpr (std::is_void_v<Value>) {
      try_with_tx([&](TxContext& tx) -> Result<Unit, Unit> {
        body(tx);
        return Ok(Unit{});
      });
    } else {
      auto outcome = try_with_tx([&](TxContext& tx) -> Result<Value, Unit> { return Ok(body(tx)); });
      return std::move(outcome).value();
    }
  }

  /** As `with_tx`; the body returns an `Outcome`, `Result` or `ReducerResult`, and an error takes back what it did. */
  template <class Body>
  auto try_with_tx(Body&& body) {
    for (bool is_retry = false;; is_retry = true) {
      TxContext tx = begin();
      auto outcome = body(tx);
      if (outcome.is_err()) {
        detail::check(abi::procedure_abort_mut_tx(), "taking back a transaction");
        return outcome;
      }
      uint32_t code = abi::procedure_commit_mut_tx();
      if (code == 0) return outcome;
      if (is_retry) detail::check(code, "committing a transaction");
    }
  }

 protected:
  Identity sender_;
  ConnectionId connection_;

 private:
  TxContext begin() const {
    int64_t now = 0;
    detail::check(abi::procedure_start_mut_tx(&now), "beginning a transaction");
    return TxContext{sender_, connection_, Timestamp{now}};
  }
};

/** For procedures: they return a value, may sleep, send HTTP requests, and take transactions. */
class ProcedureContext : public TransactionRunner {
 public:
  using TransactionRunner::TransactionRunner;

  const Identity& sender() const { return sender_; }
  std::optional<ConnectionId> connection_id() const {
    if (connection_.is_zero()) return std::nullopt;
    return connection_;
  }
  AuthContext sender_auth() const { return AuthContext{connection_}; }

  /** Waits without holding up anybody; a time that has passed is no reason to wait. Sets `timestamp`. */
  void sleep_until(Timestamp time) {
    timestamp = Timestamp{abi::procedure_sleep_until(time.micros_since_unix_epoch)};
    detail::call_time = timestamp;
  }
};

/** For HTTP handlers. Nobody is known to call; transactions have no sender. */
class HandlerContext : public TransactionRunner {
 public:
  explicit HandlerContext(Timestamp timestamp) : TransactionRunner(Identity{}, ConnectionId{}, timestamp) {}
};

}  // namespace SpacetimeDB
