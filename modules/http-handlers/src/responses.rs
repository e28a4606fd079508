//! Responses of every kind, and handlers that have none.

use spacetimedb::http::{handler, Body, HandlerContext, Request, Response};
use spacetimedb::Table;

use crate::{note, Note};

#[handler]
pub fn root(_ctx: &mut HandlerContext, _request: Request) -> Response {
    Response::new(Body::from_bytes("the root"))
}

#[handler]
pub fn root_with_slash(_ctx: &mut HandlerContext, _request: Request) -> Response {
    Response::new(Body::from_bytes("the root with a slash"))
}

#[handler]
pub fn teapot(_ctx: &mut HandlerContext, _request: Request) -> Response {
    Response::builder().status(418).body(Body::from_bytes("short and stout")).expect("418 is a status")
}

/// Among them one that comes twice.
#[handler]
pub fn headers(_ctx: &mut HandlerContext, _request: Request) -> Response {
    Response::builder()
        .header("content-type", "text/css")
        .header("x-twice", "first")
        .header("x-twice", "second")
        .header("set-cookie", "a=1; HttpOnly")
        .header("set-cookie", "b=2")
        .body(Body::from_bytes("* {}"))
        .expect("these are headers")
}

/// Every byte that there is.
#[handler]
pub fn bytes(_ctx: &mut HandlerContext, _request: Request) -> Response {
    let all: Vec<u8> = (0..=255).collect();
    let response = Response::builder().header("content-type", "application/octet-stream");
    response.body(Body::from(all)).expect("this is a header")
}

#[handler]
pub fn empty(_ctx: &mut HandlerContext, _request: Request) -> Response {
    Response::builder().status(204).body(Body::empty()).expect("204 is a status")
}

#[handler]
pub fn large(_ctx: &mut HandlerContext, _request: Request) -> Response {
    Response::new(Body::from("0123456789".repeat(200_000)))
}

#[handler]
pub fn panic(_ctx: &mut HandlerContext, _request: Request) -> Response {
    panic!("this handler has no response")
}

/// The note is not kept.
#[handler]
pub fn panic_in_transaction(ctx: &mut HandlerContext, _request: Request) -> Response {
    ctx.with_tx(|tx| {
        let (name, text) = ("panicked".to_string(), "not to be kept".to_string());
        tx.db.note().insert(Note { name, text, written_at: tx.timestamp });
        panic!("this transaction has no end")
    })
}

#[handler]
pub fn loop_forever(_ctx: &mut HandlerContext, _request: Request) -> Response {
    let mut state = 1u64;
    loop {
        state = std::hint::black_box(state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1));
    }
}
