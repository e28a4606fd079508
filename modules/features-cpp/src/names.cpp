// Names that clients see, given instead of derived: of a table, an index, a reducer. (A procedure's and a view's are in
// their files.)

#include <spacetimedb.h>

using namespace SpacetimeDB;

struct Label {
  uint32_t id;
  std::string text;
};
SPACETIMEDB_STRUCT(Label, id, text)
SPACETIMEDB_TABLE_NAMED(Label, label, "given_table", Public)
FIELD_PrimaryKey(label, id)
FIELD_MultiColumnIndex_NAMED(label, by_text, "given_index", text)

// Only one label may have the text.
SPACETIMEDB_REDUCER_NAMED(put_label, "given_reducer", ReducerContext ctx, uint32_t id, std::string text) {
  ctx.db[label_by_text].remove(text);
  ctx.db[label].insert({id, text});
  return Ok();
}
