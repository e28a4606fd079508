// SPACETIMEDB_REDUCER and the reducers of a database's life.
#pragma once

#include "function.h"
#include "module_definition.h"

/**
 * Defines a reducer: a transaction that clients can call.
 *
 *   SPACETIMEDB_REDUCER(add, ReducerContext ctx, std::string name) {
 *     if (name.empty()) return Err("a person needs a name");
 *     ctx.db[person].insert({0, name});
 *     return Ok();
 *   }
 */
#define SPACETIMEDB_REDUCER(name, ...) SPACETIMEDB_PP_REDUCER(name, "", None, __VA_ARGS__)
/** As SPACETIMEDB_REDUCER, with the name by which clients call it given as a text. */
#define SPACETIMEDB_REDUCER_NAMED(name, canonical_name, ...) \
  SPACETIMEDB_PP_REDUCER(name, canonical_name, None, __VA_ARGS__)

/** Runs once, when the database is made; if it fails, the database is not. */
#define SPACETIMEDB_INIT(name, ...) SPACETIMEDB_PP_REDUCER(name, "", Init, __VA_ARGS__)
/** Runs when a client has connected; if it fails, the client is turned away. */
#define SPACETIMEDB_CLIENT_CONNECTED(name, ...) SPACETIMEDB_PP_REDUCER(name, "", OnConnect, __VA_ARGS__)
/** Runs when a client has gone. */
#define SPACETIMEDB_CLIENT_DISCONNECTED(name, ...) SPACETIMEDB_PP_REDUCER(name, "", OnDisconnect, __VA_ARGS__)

#define SPACETIMEDB_PP_REDUCER(function, canonical_name, lifecycle, ...)                                              \
  ::SpacetimeDB::ReducerResult function(__VA_ARGS__);                                                                 \
  SPACETIMEDB_PP_CHECK_FUNCTION("reducer", ::SpacetimeDB::ReducerContext,                                             \
                                ::SpacetimeDB::ReducerResult (*)(__VA_ARGS__), function, __VA_ARGS__)                 \
  static const ::SpacetimeDB::detail::ReducerItem spacetimedb_reducer_##function =                                    \
      ::SpacetimeDB::detail::ReducerItem::of<static_cast<::SpacetimeDB::ReducerResult (*)(__VA_ARGS__)>(function)>(   \
          #function, canonical_name, ::SpacetimeDB::detail::Lifecycle::lifecycle, #__VA_ARGS__);                      \
  ::SpacetimeDB::ReducerResult function(__VA_ARGS__)

namespace SpacetimeDB::detail {

/** The events of a database's life, by their tags in the definition. */
enum class Lifecycle : uint8_t { Init, OnConnect, OnDisconnect, None };

/** Registers a reducer. */
class ReducerItem : public Item {
 public:
  template <auto function>
  static ReducerItem of(std::string_view name, std::string_view canonical_name, Lifecycle lifecycle,
                        std::string_view parameters) {
    using Call = Signature<ReducerContext, decltype(function)>;
    // Returned as it is made: the item's place in memory is the one that is registered.
    return ReducerItem{name, canonical_name, lifecycle, parameters,
                       [](ReducerContext& context, Reader& args) -> ReducerResult {
                         if constexpr (Call::is_valid) {
                           return Call::template call<function>(context, args);
                         } else {
                           __builtin_trap();
                         }
                       },
                       [](Typespace& types, Writer& out, std::string_view parameters) {
                         if constexpr (Call::is_valid) Call::describe(types, out, parameters);
                       }};
  }

 private:
  using DescribeParameters = void (*)(Typespace&, Writer&, std::string_view);

  ReducerItem(std::string_view name, std::string_view canonical_name, Lifecycle lifecycle, std::string_view parameters,
              ReducerFunction call, DescribeParameters describe_parameters)
      : Item(Group::Main, name, describe),
        canonical_name_(canonical_name),
        lifecycle_(lifecycle),
        parameters_(parameters),
        call_(call),
        describe_parameters_(describe_parameters) {}

  static void describe(const Item& item, ModuleDefinition& module) {
    const auto& reducer = static_cast<const ReducerItem&>(item);
    bool is_lifecycle = reducer.lifecycle_ != Lifecycle::None;
    Writer& out = module.reducers.add();
    out.text(reducer.name);
    reducer.describe_parameters_(module.types, out, reducer.parameters_);
    out.u8(is_lifecycle ? 0 : 1);  // private, or callable by clients
    write_unit(out);
    write_tag(out, TypeTag::String);
    if (is_lifecycle) {
      Writer& entry = module.lifecycle_reducers.add();
      entry.u8(static_cast<uint8_t>(reducer.lifecycle_));
      entry.text(reducer.name);
    }
    module.name(ModuleDefinition::NameKind::Function, reducer.name, reducer.canonical_name_);
    module.reducer_functions.push_back(reducer.call_);
  }

  std::string_view canonical_name_;
  Lifecycle lifecycle_;
  std::string_view parameters_;
  ReducerFunction call_;
  DescribeParameters describe_parameters_;
};

}  // namespace SpacetimeDB::detail
