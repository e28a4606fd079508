// The module's definition (RawModuleDef version 10), put together from what the macros registered, and the tables of
// functions by whose positions the host calls them.
#pragma once

#include <string_view>
#include <vector>

#include "context.h"
#include "http_message.h"
#include "sources.h"
#include "typespace.h"

namespace SpacetimeDB {

/** Whether names are turned into snake_case (the default) or kept as they are written. */
enum class CaseConversionPolicy : uint8_t { None = 0, SnakeCase = 1 };

namespace detail {

using ReducerFunction = ReducerResult (*)(ReducerContext&, Reader& args);
using ProcedureFunction = void (*)(ProcedureContext&, Reader& args, Writer& result);
using ViewFunction = void (*)(ViewContext&, Writer& result);
using AnonymousViewFunction = void (*)(AnonymousViewContext&, Writer& result);
using HttpHandlerFunction = HttpResponse (*)(HandlerContext&, HttpRequest&&);

/** A section of the definition: a number of entries. */
struct Section {
  uint32_t count = 0;
  Writer entries;

  Writer& add() {
    count++;
    return entries;
  }
};

struct ModuleDefinition {
  /** The sections by their tags. */
  enum class Tag : uint8_t {
    Typespace, Types, Tables, Reducers, Procedures, Views, Schedules, LifeCycleReducers, RowLevelSecurity,
    CaseConversionPolicy, ExplicitNames, HttpHandlers, HttpRoutes, ViewPrimaryKeys,
  };
  enum class NameKind : uint8_t { Table, Function, Index };

  Typespace types;
  Section tables, reducers, procedures, views, schedules, lifecycle_reducers, row_level_security, explicit_names,
      http_handlers, http_routes, view_primary_keys;
  SpacetimeDB::CaseConversionPolicy case_policy = SpacetimeDB::CaseConversionPolicy::SnakeCase;

  /** Tables come in the order of their names. */
  std::string_view last_table;

  std::vector<ReducerFunction> reducer_functions;
  std::vector<ProcedureFunction> procedure_functions;
  std::vector<ViewFunction> view_functions;
  std::vector<AnonymousViewFunction> anonymous_view_functions;
  std::vector<HttpHandlerFunction> http_handler_functions;

  /** Notes a canonical name, unless it is empty. */
  void name(NameKind kind, std::string_view source, std::string_view canonical) {
    if (canonical.empty()) return;
    Writer& out = explicit_names.add();
    out.u8(static_cast<uint8_t>(kind));
    out.text(source);
    out.text(canonical);
  }

  void write(Writer& out) const {
    constexpr uint8_t version_10 = 2;
    constexpr uint32_t section_count = 14;
    out.u8(version_10);
    out.u32(section_count);
    begin(out, Tag::Typespace);
    types.write_types(out);
    begin(out, Tag::Types);
    types.write_names(out);
    write(out, Tag::Tables, tables);
    write(out, Tag::Reducers, reducers);
    write(out, Tag::Procedures, procedures);
    write(out, Tag::Views, views);
    write(out, Tag::Schedules, schedules);
    write(out, Tag::LifeCycleReducers, lifecycle_reducers);
    write(out, Tag::RowLevelSecurity, row_level_security);
    begin(out, Tag::CaseConversionPolicy);
    out.u8(static_cast<uint8_t>(case_policy));
    write(out, Tag::ExplicitNames, explicit_names);
    write(out, Tag::HttpHandlers, http_handlers);
    write(out, Tag::HttpRoutes, http_routes);
    write(out, Tag::ViewPrimaryKeys, view_primary_keys);
  }

 private:
  static void begin(Writer& out, Tag tag) { out.u8(static_cast<uint8_t>(tag)); }
  static void write(Writer& out, Tag tag, const Section& section) {
    begin(out, tag);
    out.u32(section.count);
    out.bytes(section.entries.data(), section.entries.size());
  }
};

/** The definition of this module. Filled by __describe_module__, which the host calls before anything else. */
[[clang::no_destroy]] inline ModuleDefinition module_definition;

/**
 * Something that a macro registers while the module starts. Items are kept in the order of their group, then name: the
 * definition, and with it the numbers of reducers, does not depend on the order of sources.
 */
class Item {
 public:
  /** Later ones may refer to earlier ones. */
  enum class Group : uint8_t { Main, HttpHandler, RowLevelSecurity, HttpRouter, Reference };
  using Describe = void (*)(const Item&, ModuleDefinition&);

  std::string_view name;

  static void describe_all(ModuleDefinition& module) {
    for (const Item* item = all; item != nullptr; item = item->next_) item->describe_(*item, module);
  }

 protected:
  Item(Group group, std::string_view name, Describe describe) : name(name), group_(group), describe_(describe) {
    Item** at = &all;
    while (*at != nullptr && (*at)->is_before(*this)) at = &(*at)->next_;
    next_ = *at;
    *at = this;
  }

 private:
  bool is_before(const Item& other) const {
    return group_ != other.group_ ? group_ < other.group_ : name <= other.name;
  }

  Group group_;
  Describe describe_;
  Item* next_;
  static Item* all;
};
inline constinit Item* Item::all = nullptr;

}  // namespace detail
}  // namespace SpacetimeDB
