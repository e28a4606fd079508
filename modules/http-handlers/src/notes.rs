//! Handlers with state. Their transactions have no caller: whoever may call them is their own matter.

use spacetimedb::http::{handler, Body, HandlerContext, Request, Response};
use spacetimedb::{Table, TxContext};

use crate::{note, Note};

/// All names, one a line.
#[handler]
pub fn list(ctx: &mut HandlerContext, _request: Request) -> Response {
    let mut names: Vec<String> = ctx.with_tx(|tx| tx.db.note().iter().map(|note| note.name).collect());
    names.sort();
    Response::new(Body::from(names.join("\n")))
}

/// `?name` says which.
#[handler]
pub fn read(ctx: &mut HandlerContext, request: Request) -> Response {
    let name = name_of(&request);
    match ctx.with_tx(|tx| tx.db.note().name().find(&name)) {
        Some(note) => Response::new(Body::from(note.text)),
        None => status(404, format!("there is no note \"{name}\"")),
    }
}

/// 201 for a new note, 200 for one that was there.
#[handler]
pub fn write(ctx: &mut HandlerContext, request: Request) -> Response {
    let name = name_of(&request);
    let Ok(text) = request.into_body().into_string() else {
        return status(400, "a note is UTF-8".to_string());
    };
    let was_there = ctx.with_tx(|tx| replace(tx, &name, &text));
    status(if was_there { 200 } else { 201 }, String::new())
}

#[handler]
pub fn delete(ctx: &mut HandlerContext, request: Request) -> Response {
    let name = name_of(&request);
    let was_there = ctx.with_tx(|tx| tx.db.note().name().delete(&name));
    status(if was_there { 204 } else { 404 }, String::new())
}

/// Two lines, two notes called `first` and `second`: both or, without a second line, none.
#[handler]
pub fn write_pair(ctx: &mut HandlerContext, request: Request) -> Response {
    let text = request.into_body().into_string_lossy();
    let mut lines = text.lines();
    let (first, second) = (lines.next().unwrap_or_default(), lines.next());
    let written = ctx.try_with_tx(|tx| {
        replace(tx, "first", first);
        replace(tx, "second", second.ok_or("the second line is missing")?);
        Ok(())
    });
    match written {
        Ok(()) => status(200, String::new()),
        Err(error) => status(422, str::to_string(error)),
    }
}

fn replace(tx: &TxContext, name: &str, text: &str) -> bool {
    let was_there = tx.db.note().name().delete(name.to_string());
    tx.db.note().insert(Note { name: name.to_string(), text: text.to_string(), written_at: tx.timestamp });
    was_there
}

fn name_of(request: &Request) -> String {
    request.uri().query().unwrap_or_default().to_string()
}

fn status(code: u16, text: String) -> Response {
    Response::builder().status(code).body(Body::from(text)).expect("a status and a text make a response")
}
