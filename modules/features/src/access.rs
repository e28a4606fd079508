//! A client visibility filter: everybody sees their own pages.

use spacetimedb::{client_visibility_filter, Filter, Identity, ReducerContext, Table};

#[spacetimedb::table(accessor = page, public)]
pub struct Page {
    #[primary_key]
    #[auto_inc]
    id: u64,
    #[index(btree)]
    owner: Identity,
    text: String,
}

#[client_visibility_filter]
const OWN_PAGES: Filter = Filter::Sql("SELECT * FROM page WHERE owner = :sender");

#[spacetimedb::reducer]
pub fn write_page(ctx: &ReducerContext, text: String) {
    ctx.db.page().insert(Page { id: 0, owner: ctx.sender(), text });
}
