// ctx.db: from the names of tables and indexes to what can be done with them.
#pragma once

#include <type_traits>

#include "index_handle.h"
#include "table_handle.h"

namespace SpacetimeDB {

/** The database in a call. A view's is read-only. */
template <bool IsWritable>
class DatabaseOf {
 public:
  template <class Table>
  TableHandle<Table, IsWritable> operator[](TableTag<Table>) const {
    return {};
  }

  template <class Index>
  auto operator[](IndexTag<Index>) const {
    return std::conditional_t<Index::is_unique, UniqueIndexHandle<Index, IsWritable>,
                              IndexHandle<Index, IsWritable>>{};
  }

  template <class Other>
  void operator[](const Other&) const {
    static_assert(detail::always_false<Other>,
                  "ctx.db[...] takes a table of SPACETIMEDB_TABLE or a column of a FIELD_ macro; "
                  "perhaps a local variable of the same name hides it");
  }
};

using Database = DatabaseOf<true>;
using ReadOnlyDatabase = DatabaseOf<false>;

}  // namespace SpacetimeDB
