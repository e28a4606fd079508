// What is known of the caller besides the identity: the claims of the token with which it connected.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "identity.h"
#include "json_claims.h"
#include "sources.h"

namespace SpacetimeDB {

/** The claims of a JSON Web Token. The host has checked it. */
class JwtClaims {
 public:
  explicit JwtClaims(std::string payload) : payload_(std::move(payload)) {}

  std::string subject() const { return text("sub").value_or(std::string{}); }
  std::string issuer() const { return text("iss").value_or(std::string{}); }
  /** For whom the token was made; none if it does not say. */
  std::vector<std::string> audience() const { return detail::json_texts(payload_, "aud"); }
  /** A claim of the token's top level that is a string. */
  std::optional<std::string> text(std::string_view claim) const { return detail::json_text(payload_, claim); }
  /** All claims, as JSON. */
  const std::string& raw_payload() const { return payload_; }

 private:
  std::string payload_;
};

/** How the caller is known: the database itself calls without a connection, clients over one. */
class AuthContext {
 public:
  explicit AuthContext(ConnectionId connection) : connection_(connection) {}

  /** The database calls itself: a schedule, or a lifecycle event without a client. */
  bool is_internal() const { return connection_.is_zero(); }

  /** The claims of the caller's token; none for an internal call. Each call asks the host. */
  std::optional<JwtClaims> jwt() const {
    if (is_internal()) return std::nullopt;
    u128 id = connection_.to_u128();
    uint32_t source = 0;
    detail::check(abi::get_jwt(reinterpret_cast<const uint8_t*>(&id), &source), "asking for the caller's token");
    if (source == 0) return std::nullopt;
    Writer payload;
    detail::read_source(source, payload);
    return JwtClaims{std::string{reinterpret_cast<const char*>(payload.data()), payload.size()}};
  }
  bool has_jwt() const { return jwt().has_value(); }

 private:
  ConnectionId connection_;
};

}  // namespace SpacetimeDB
