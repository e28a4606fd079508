// SPACETIMEDB_CLIENT_VISIBILITY_FILTER: which rows of a table a client may see.
#pragma once

#include "module_definition.h"

/**
 * A SQL query whose rows, of one table, are those that the asking client (`:sender`) may see. Of several for one table
 * a row needs to meet one.
 *
 *   SPACETIMEDB_CLIENT_VISIBILITY_FILTER(own_notes, "SELECT * FROM note WHERE note.author = :sender")
 */
#define SPACETIMEDB_CLIENT_VISIBILITY_FILTER(name, sql) \
  static const ::SpacetimeDB::detail::ClientVisibilityFilterItem spacetimedb_visibility_filter_##name{#name, sql};

namespace SpacetimeDB::detail {

class ClientVisibilityFilterItem : public Item {
 public:
  ClientVisibilityFilterItem(std::string_view name, std::string_view sql)
      : Item(Group::RowLevelSecurity, name, describe), sql_(sql) {}

 private:
  static void describe(const Item& item, ModuleDefinition& module) {
    module.row_level_security.add().text(static_cast<const ClientVisibilityFilterItem&>(item).sql_);
  }

  std::string_view sql_;
};

}  // namespace SpacetimeDB::detail
