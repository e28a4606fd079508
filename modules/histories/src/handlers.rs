//! A transaction of an HTTP handler, which has no caller.

use spacetimedb::http::{handler, router, Body, HandlerContext, Request, Response, Router};
use spacetimedb::sats::bsatn;

use crate::{run_transaction, Step};

#[router]
fn routes() -> Router {
    Router::new().post("/transact", transact)
}

/// The body is a transaction and its steps, the answer what they read: both in BSATN.
#[handler]
fn transact(ctx: &mut HandlerContext, request: Request) -> Response {
    let body = request.into_body().into_bytes();
    let (transaction, steps): (u64, Vec<Step>) = match bsatn::from_slice(&body) {
        Ok(asked) => asked,
        Err(error) => return Response::builder().status(400).body(Body::from(error.to_string())).expect("a response"),
    };
    let observed = ctx.with_tx(|tx| run_transaction(tx, transaction, &steps));
    Response::new(Body::from(bsatn::to_vec(&observed).expect("lists of numbers")))
}
