//! Names that clients see, given instead of derived: of a table, an index, a reducer. (A procedure's and a view's are in
//! their files.)

use spacetimedb::{ReducerContext, Table};

#[spacetimedb::table(
    accessor = label,
    name = "given_table",
    public,
    index(accessor = by_text, name = "given_index", btree(columns = [text])),
)]
pub struct Label {
    #[primary_key]
    id: u32,
    text: String,
}

/// Only one label may have the text.
#[spacetimedb::reducer(name = "given_reducer")]
pub fn put_label(ctx: &ReducerContext, id: u32, text: String) {
    ctx.db.label().by_text().delete(&text);
    ctx.db.label().insert(Label { id, text });
}
