//! HTTP handlers, below `/v1/database/<database>/route`. The crate has them among its unstable features.

use spacetimedb::http::{handler, router, Body, HandlerContext, Request, Response, Router};
use spacetimedb::Table;

use crate::tables::{word, Word};

#[router]
fn routes() -> Router {
    Router::new().get("/words", list_words).post("/words", add_word).any("/echo", echo_request)
}

/// All words, one a line, in alphabetical order.
#[handler]
fn list_words(ctx: &mut HandlerContext, _request: Request) -> Response {
    let mut words: Vec<String> = ctx.with_tx(|tx| tx.db.word().iter().map(|word| word.text).collect());
    words.sort();
    Response::new(Body::from(words.join("\n")))
}

/// Keeps the body as a word: 201, or 400 if it is none.
#[handler]
fn add_word(ctx: &mut HandlerContext, request: Request) -> Response {
    let text = request.into_body().into_string_lossy();
    let is_word = !text.is_empty();
    if is_word {
        ctx.with_tx(|tx| tx.db.word().insert(Word::new(text.clone())));
    }
    let response = Response::builder().status(if is_word { 201 } else { 400 }).header("x-length", text.len());
    response.body(Body::empty()).expect("a status and a header make a response")
}

/// Method, URI and the header `x-text` in a line each, then the body.
#[handler]
fn echo_request(_ctx: &mut HandlerContext, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let header = parts.headers.get("x-text").map_or("none".into(), |value| String::from_utf8_lossy(value.as_bytes()));
    let mut bytes = format!("{} {}\n{header}\n", parts.method, parts.uri.path()).into_bytes();
    bytes.extend(body.into_bytes());
    Response::new(Body::from(bytes))
}
