// What a module reads in the payload of a token.

#include <spacetimedb.h>

using namespace SpacetimeDB;

SPACETIMEDB_PROCEDURE(std::optional<std::string>, claim, ProcedureContext, std::string payload, std::string name) {
  return JwtClaims{payload}.text(name);
}
SPACETIMEDB_PROCEDURE(std::vector<std::string>, audience, ProcedureContext, std::string payload) {
  return JwtClaims{payload}.audience();
}
