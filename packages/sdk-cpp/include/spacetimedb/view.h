// SPACETIMEDB_VIEW: read-only functions whose rows clients query and subscribe to like those of a table.
#pragma once

#include <optional>
#include <vector>

#include "function.h"
#include "module_definition.h"
#include "query.h"

/**
 * Defines a view. Its rows are given as a vector, an optional (none or one), or a query.
 *
 *   SPACETIMEDB_VIEW(std::optional<Player>, my_player, Public, ViewContext ctx) {
 *     return ctx.db[player_identity].find(ctx.sender());
 *   }
 *   SPACETIMEDB_VIEW(std::vector<Player>, beginners, Public, AnonymousViewContext ctx) {
 *     return ctx.db[player_level].filter(1u).collect();
 *   }
 *
 * With a ViewContext every caller has rows of their own; with an AnonymousViewContext all share the same.
 */
#define SPACETIMEDB_VIEW(Return, name, access, ...) SPACETIMEDB_PP_VIEW(Return, name, "", access, __VA_ARGS__)
/** As SPACETIMEDB_VIEW, with the name that clients and SQL see given as a text. */
#define SPACETIMEDB_VIEW_NAMED(Return, name, canonical_name, access, ...) \
  SPACETIMEDB_PP_VIEW(Return, name, canonical_name, access, __VA_ARGS__)

/** The column by which clients tell a view's rows apart, so that a changed row is an update for them. */
#define VIEW_PrimaryKey(view, field)                                                                                \
  static_assert(::SpacetimeDB::detail::has_field<spacetimedb_view_row_##view>(#field),                              \
                "VIEW_PrimaryKey(" #view ", " #field "): the row of the view has no such field");                   \
  static const ::SpacetimeDB::detail::ViewPrimaryKeyItem spacetimedb_view_primary_key_##view{#view, #field};

#define SPACETIMEDB_PP_VIEW(Return, function, canonical_name, access, ...)                                          \
  Return function(__VA_ARGS__);                                                                                     \
  using spacetimedb_view_row_##function = typename ::SpacetimeDB::detail::ViewReturn<Return>::Row;                  \
  static_assert(::SpacetimeDB::detail::ViewReturn<Return>::is_valid,                                                \
                "the view " #function " has a wrong return type: a view returns a std::vector, std::optional or "   \
                "Query of a struct of SPACETIMEDB_STRUCT");                                                         \
  static_assert(::SpacetimeDB::detail::is_view_function<Return (*)(__VA_ARGS__)>,                                   \
                "the view " #function " has a wrong signature: its only parameter must be a ViewContext or an "     \
                "AnonymousViewContext");                                                                            \
  static const ::SpacetimeDB::detail::ViewItem spacetimedb_view_##function =                                        \
      ::SpacetimeDB::detail::ViewItem::of<static_cast<Return (*)(__VA_ARGS__)>(function)>(                          \
          #function, canonical_name, ::SpacetimeDB::TableAccess::access);                                           \
  Return function(__VA_ARGS__)

namespace SpacetimeDB::detail {

/** How a view's result is sent, by the tag of ViewResultHeader. */
enum class ViewResult : uint8_t { RowData, RawSql };

template <class Return>
struct ViewReturn {
  static constexpr bool is_valid = false;
  using Row = void;
};

template <RegisteredStruct RowType>
struct ViewReturn<std::vector<RowType>> {
  static constexpr bool is_valid = true;
  using Row = RowType;
  static void write(Writer& out, const std::vector<Row>& rows) {
    out.u8(static_cast<uint8_t>(ViewResult::RowData));
    write_value(out, rows);
  }
  static void describe(Typespace& types, Writer& out) { describe_type<std::vector<Row>>(types, out); }
};

template <RegisteredStruct RowType>
struct ViewReturn<std::optional<RowType>> {
  static constexpr bool is_valid = true;
  using Row = RowType;
  static void write(Writer& out, const std::optional<Row>& row) {
    out.u8(static_cast<uint8_t>(ViewResult::RowData));
    out.u32(row.has_value() ? 1 : 0);
    if (row.has_value()) write_value(out, *row);
  }
  static void describe(Typespace& types, Writer& out) { describe_type<std::optional<Row>>(types, out); }
};

template <RegisteredStruct RowType>
struct ViewReturn<Query<RowType>> {
  static constexpr bool is_valid = true;
  using Row = RowType;
  static void write(Writer& out, const Query<Row>& query) {
    out.u8(static_cast<uint8_t>(ViewResult::RawSql));
    out.text(query.sql());
  }
  static void describe(Typespace& types, Writer& out) {
    write_members(out, TypeTag::Product, 1);
    write_member_name(out, "__query__");
    describe_type<Row>(types, out);
  }
};

template <class Function>
inline constexpr bool is_anonymous_view = Signature<AnonymousViewContext, Function>::is_valid;

template <class Function>
inline constexpr bool is_view_function =
    (is_anonymous_view<Function> || Signature<ViewContext, Function>::is_valid) &&
    Signature<AnonymousViewContext, Function>::parameter_count == 1;

/** Registers a view. */
class ViewItem : public Item {
 public:
  template <auto function>
  static ViewItem of(std::string_view name, std::string_view canonical_name, TableAccess access) {
    using Function = decltype(function);
    using Return = typename ReturnOf<Function>::type;
    if constexpr (!is_view_function<Function> || !ViewReturn<Return>::is_valid) {
      return ViewItem{name, canonical_name, access, nullptr, nullptr, nullptr};
    } else if constexpr (is_anonymous_view<Function>) {
      return ViewItem{name, canonical_name, access, ViewReturn<Return>::describe, nullptr,
                      [](AnonymousViewContext& context, Writer& out) {
                        ViewReturn<Return>::write(out, function(context));
                      }};
    } else {
      return ViewItem{name, canonical_name, access, ViewReturn<Return>::describe,
                      [](ViewContext& context, Writer& out) { ViewReturn<Return>::write(out, function(context)); },
                      nullptr};
    }
  }

 private:
  template <class Function>
  struct ReturnOf;
  template <class Return, class... Args>
  struct ReturnOf<Return (*)(Args...)> {
    using type = Return;
  };

  ViewItem(std::string_view name, std::string_view canonical_name, TableAccess access, Typespace::Describe describe_row,
           ViewFunction call, AnonymousViewFunction call_anonymous)
      : Item(Group::Main, name, describe),
        canonical_name_(canonical_name),
        access_(access),
        describe_return_(describe_row),
        call_(call),
        call_anonymous_(call_anonymous) {}

  static void describe(const Item& item, ModuleDefinition& module) {
    const auto& view = static_cast<const ViewItem&>(item);
    bool is_anonymous = view.call_anonymous_ != nullptr;
    Writer& out = module.views.add();
    out.text(view.name);
    out.u32(is_anonymous ? module.anonymous_view_functions.size() : module.view_functions.size());
    out.u8(view.access_ == TableAccess::Public ? 1 : 0);
    out.u8(is_anonymous ? 1 : 0);
    out.u32(0);  // no parameters
    view.describe_return_(module.types, out);
    module.name(ModuleDefinition::NameKind::Function, view.name, view.canonical_name_);
    if (is_anonymous) {
      module.anonymous_view_functions.push_back(view.call_anonymous_);
    } else {
      module.view_functions.push_back(view.call_);
    }
  }

  std::string_view canonical_name_;
  TableAccess access_;
  Typespace::Describe describe_return_;
  ViewFunction call_;
  AnonymousViewFunction call_anonymous_;
};

/** Registers what VIEW_PrimaryKey says. */
class ViewPrimaryKeyItem : public Item {
 public:
  ViewPrimaryKeyItem(std::string_view view, std::string_view field)
      : Item(Group::Reference, view, describe), field_(field) {}

 private:
  static void describe(const Item& item, ModuleDefinition& module) {
    Writer& out = module.view_primary_keys.add();
    out.text(item.name);
    out.u32(1);
    out.text(static_cast<const ViewPrimaryKeyItem&>(item).field_);
  }

  std::string_view field_;
};

}  // namespace SpacetimeDB::detail
