//! A small web service inside the database: notes under paths, read and written over HTTP. The crate has handlers among
//! its unstable features. The routes hang below `/v1/database/<database>/route`.

mod inspect;
mod notes;
mod responses;

use spacetimedb::http::{router, Router};
use spacetimedb::{ReducerContext, Table, Timestamp};

#[spacetimedb::table(accessor = note, public)]
pub struct Note {
    #[primary_key]
    name: String,
    text: String,
    written_at: Timestamp,
}

/// The same state over the ordinary way.
#[spacetimedb::reducer]
pub fn write_note(ctx: &ReducerContext, name: String, text: String) {
    ctx.db.note().name().delete(&name);
    ctx.db.note().insert(Note { name, text, written_at: ctx.timestamp });
}

#[router]
fn routes() -> Router {
    let notes = Router::new()
        .get("/", notes::list)
        .get("/one", notes::read)
        .put("/one", notes::write)
        .delete("/one", notes::delete)
        .post("/pair", notes::write_pair);
    let methods = Router::new()
        .get("/get", inspect::echo)
        .head("/head", inspect::echo)
        .put("/put", inspect::echo)
        .post("/post", inspect::echo)
        .patch("/patch", inspect::echo)
        .delete("/delete", inspect::echo)
        .options("/options", inspect::echo)
        .any("/any", inspect::echo);
    let responses = Router::new()
        .get("/teapot", responses::teapot)
        .get("/headers", responses::headers)
        .get("/bytes", responses::bytes)
        .get("/empty", responses::empty)
        .get("/large", responses::large)
        .get("/panic", responses::panic)
        .get("/panic-in-transaction", responses::panic_in_transaction)
        .get("/loop", responses::loop_forever);
    Router::new()
        .get("", responses::root)
        .get("/", responses::root_with_slash)
        .get("/~strict_paths-1", inspect::echo)
        .get("/context", inspect::context)
        .post("/fetch", inspect::fetch)
        .nest("/notes", notes)
        .nest("/methods", methods)
        .merge(responses)
}
