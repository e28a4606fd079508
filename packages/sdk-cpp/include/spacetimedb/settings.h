// Settings of the module as a whole.
#pragma once

#include "module_definition.h"

/**
 * How names are converted: `SPACETIMEDB_SETTING_CASE_CONVERSION(CaseConversionPolicy::None)` keeps them as they are
 * written; without it they become snake_case (fields, tables, functions) or PascalCase (types).
 */
#define SPACETIMEDB_SETTING_CASE_CONVERSION(policy) \
  static const ::SpacetimeDB::detail::CaseConversionItem spacetimedb_setting_case_conversion{policy};

namespace SpacetimeDB::detail {

class CaseConversionItem : public Item {
 public:
  explicit CaseConversionItem(CaseConversionPolicy policy)
      : Item(Group::Main, "", describe), policy_(policy) {}

 private:
  static void describe(const Item& item, ModuleDefinition& module) {
    module.case_policy = static_cast<const CaseConversionItem&>(item).policy_;
  }

  CaseConversionPolicy policy_;
};

}  // namespace SpacetimeDB::detail
