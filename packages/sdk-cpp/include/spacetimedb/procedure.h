// SPACETIMEDB_PROCEDURE: functions outside of transactions that return a value to their caller, may sleep, send HTTP
// requests, and take as many transactions as they need.
#pragma once

#include "function.h"
#include "module_definition.h"

/**
 * Defines a procedure. What returns nothing has the type `Unit` and returns `{}`.
 *
 *   SPACETIMEDB_PROCEDURE(uint64_t, count_people, ProcedureContext ctx) {
 *     return ctx.with_tx([](TxContext& tx) { return tx.db[person].count(); });
 *   }
 */
#define SPACETIMEDB_PROCEDURE(Return, name, ...) SPACETIMEDB_PP_PROCEDURE(Return, name, "", __VA_ARGS__)
/** As SPACETIMEDB_PROCEDURE, with the name by which clients call it given as a text. */
#define SPACETIMEDB_PROCEDURE_NAMED(Return, name, canonical_name, ...) \
  SPACETIMEDB_PP_PROCEDURE(Return, name, canonical_name, __VA_ARGS__)

#define SPACETIMEDB_PP_PROCEDURE(Return, function, canonical_name, ...)                                               \
  Return function(__VA_ARGS__);                                                                                       \
  SPACETIMEDB_PP_CHECK_FUNCTION("procedure", ::SpacetimeDB::ProcedureContext, Return (*)(__VA_ARGS__), function,      \
                                __VA_ARGS__)                                                                          \
  static const ::SpacetimeDB::detail::ProcedureItem spacetimedb_procedure_##function =                                \
      ::SpacetimeDB::detail::ProcedureItem::of<Return, static_cast<Return (*)(__VA_ARGS__)>(function)>(               \
          #function, canonical_name, #__VA_ARGS__);                                                                   \
  Return function(__VA_ARGS__)

namespace SpacetimeDB::detail {

/** Registers a procedure. */
class ProcedureItem : public Item {
 public:
  template <class Return, auto function>
  static ProcedureItem of(std::string_view name, std::string_view canonical_name, std::string_view parameters) {
    static_assert(!std::is_void_v<Return>, "a procedure returns a value; what has none to return has the type Unit");
    using Call = Signature<ProcedureContext, decltype(function)>;
    return ProcedureItem{name, canonical_name, parameters,
                         [](ProcedureContext& context, Reader& args, Writer& result) {
                           if constexpr (Call::is_valid) {
                             write_value<Return>(result, Call::template call<function>(context, args));
                           }
                         },
                         [](Typespace& types, Writer& out, std::string_view parameters) {
                           if constexpr (Call::is_valid) Call::describe(types, out, parameters);
                           describe_type<Return>(types, out);
                         }};
  }

 private:
  using DescribeSignature = void (*)(Typespace&, Writer&, std::string_view);

  ProcedureItem(std::string_view name, std::string_view canonical_name, std::string_view parameters,
                ProcedureFunction call, DescribeSignature describe_signature)
      : Item(Group::Main, name, describe),
        canonical_name_(canonical_name),
        parameters_(parameters),
        call_(call),
        describe_signature_(describe_signature) {}

  static void describe(const Item& item, ModuleDefinition& module) {
    const auto& procedure = static_cast<const ProcedureItem&>(item);
    Writer& out = module.procedures.add();
    out.text(procedure.name);
    procedure.describe_signature_(module.types, out, procedure.parameters_);
    constexpr uint8_t client_callable = 1;
    out.u8(client_callable);
    module.name(ModuleDefinition::NameKind::Function, procedure.name, procedure.canonical_name_);
    module.procedure_functions.push_back(procedure.call_);
  }

  std::string_view canonical_name_;
  std::string_view parameters_;
  ProcedureFunction call_;
  DescribeSignature describe_signature_;
};

}  // namespace SpacetimeDB::detail
