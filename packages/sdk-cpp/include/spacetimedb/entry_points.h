// The functions that the host calls, by their export names. ABI: 10.5.
#pragma once

#include <array>
#include <cstring>

#include "module_definition.h"
#include "sources.h"
#include "wasi.h"

#define SPACETIMEDB_EXPORT(name) extern "C" __attribute__((export_name(name), used)) inline

/** Runs the constructors of global objects; the linker makes it. */
extern "C" void __wasm_call_ctors();

namespace SpacetimeDB::detail {

/** Set by the first of the constructors of global objects, the sign that they have run. */
inline constinit bool has_constructed = false;
inline const bool marks_construction = has_constructed = true;

[[clang::no_destroy]] inline constinit Writer call_args;
[[clang::no_destroy]] inline constinit Writer call_result;

inline Reader read_args(uint32_t source) {
  call_args.clear();
  read_source(source, call_args);
  return Reader{call_args.data(), call_args.size()};
}

inline Identity identity_from(uint64_t word_0, uint64_t word_1, uint64_t word_2, uint64_t word_3) {
  return Identity{u256::from_words({word_0, word_1, word_2, word_3})};
}

inline ConnectionId connection_from(uint64_t low, uint64_t high) { return ConnectionId{u128{high} << 64 | low}; }

template <class Function>
Function function_at(const std::vector<Function>& functions, uint32_t id) {
  if (id >= functions.size()) fatal("the host called a function that the module does not have");
  return functions[id];
}

}  // namespace SpacetimeDB::detail

/**
 * Whether a module has an `_initialize` depends on the compiler's version and flags. Without one nobody has run the
 * constructors, on which everything that the macros register depends.
 */
SPACETIMEDB_EXPORT("__preinit__00_constructors")
void spacetimedb_run_constructors() {
  if (!SpacetimeDB::detail::has_constructed) __wasm_call_ctors();
}

SPACETIMEDB_EXPORT("__describe_module__")
void spacetimedb_describe_module(uint32_t sink) {
  using namespace SpacetimeDB::detail;
  Item::describe_all(module_definition);
  SpacetimeDB::Writer definition;
  module_definition.write(definition);
  write_sink(sink, definition);
}

SPACETIMEDB_EXPORT("__call_reducer__")
int32_t spacetimedb_call_reducer(uint32_t id, uint64_t sender_0, uint64_t sender_1, uint64_t sender_2,
                                 uint64_t sender_3, uint64_t connection_0, uint64_t connection_1, int64_t timestamp,
                                 uint32_t args, uint32_t error_sink) {
  using namespace SpacetimeDB::detail;
  SpacetimeDB::ReducerContext context{identity_from(sender_0, sender_1, sender_2, sender_3),
                                      connection_from(connection_0, connection_1), SpacetimeDB::Timestamp{timestamp}};
  begin_call(context.timestamp);
  auto function = function_at(module_definition.reducer_functions, id);
  auto reader = read_args(args);
  auto result = function(context, reader);
  if (result.is_ok()) return 0;
  write_sink(error_sink, result.error().data(), result.error().size());
  return 1;
}

SPACETIMEDB_EXPORT("__call_procedure__")
int32_t spacetimedb_call_procedure(uint32_t id, uint64_t sender_0, uint64_t sender_1, uint64_t sender_2,
                                   uint64_t sender_3, uint64_t connection_0, uint64_t connection_1, int64_t timestamp,
                                   uint32_t args, uint32_t result_sink) {
  using namespace SpacetimeDB::detail;
  SpacetimeDB::ProcedureContext context{identity_from(sender_0, sender_1, sender_2, sender_3),
                                        connection_from(connection_0, connection_1),
                                        SpacetimeDB::Timestamp{timestamp}};
  begin_call(context.timestamp);
  auto function = function_at(module_definition.procedure_functions, id);
  auto reader = read_args(args);
  // Of its own: a commit inside of the procedure lets views run.
  SpacetimeDB::Writer result;
  function(context, reader, result);
  write_sink(result_sink, result);
  return 0;
}

namespace SpacetimeDB::detail {

inline int32_t finish_view(uint32_t sink) {
  write_sink(sink, call_result);
  constexpr int32_t with_header = 2;
  return with_header;
}

}  // namespace SpacetimeDB::detail

SPACETIMEDB_EXPORT("__call_view__")
int32_t spacetimedb_call_view(uint32_t id, uint64_t sender_0, uint64_t sender_1, uint64_t sender_2, uint64_t sender_3,
                              uint32_t, uint32_t sink) {
  using namespace SpacetimeDB::detail;
  SpacetimeDB::ViewContext context{identity_from(sender_0, sender_1, sender_2, sender_3)};
  call_result.clear();
  function_at(module_definition.view_functions, id)(context, call_result);
  return finish_view(sink);
}

SPACETIMEDB_EXPORT("__call_view_anon__")
int32_t spacetimedb_call_view_anon(uint32_t id, uint32_t, uint32_t sink) {
  using namespace SpacetimeDB::detail;
  SpacetimeDB::AnonymousViewContext context;
  call_result.clear();
  function_at(module_definition.anonymous_view_functions, id)(context, call_result);
  return finish_view(sink);
}

SPACETIMEDB_EXPORT("__call_http_handler__")
int32_t spacetimedb_call_http_handler(uint32_t id, int64_t timestamp, uint32_t request_source, uint32_t body_source,
                                      uint32_t response_sink, uint32_t body_sink) {
  using namespace SpacetimeDB::detail;
  SpacetimeDB::HandlerContext context{SpacetimeDB::Timestamp{timestamp}};
  begin_call(context.timestamp);
  auto function = function_at(module_definition.http_handler_functions, id);
  auto head = read_args(request_source);
  auto request = read_request(head);
  read_args(body_source);
  request.body.assign(reinterpret_cast<const char*>(call_args.data()), call_args.size());
  auto response = function(context, std::move(request));
  SpacetimeDB::Writer out;
  write_response(out, response);
  write_sink(response_sink, out);
  write_sink(body_sink, response.body.data(), response.body.size());
  return 0;
}

#undef SPACETIMEDB_EXPORT
