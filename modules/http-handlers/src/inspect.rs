//! What a handler learns about the request and its own context.

use spacetimedb::http::{handler, Body, HandlerContext, Request, Response};

/// The request as the handler sees it: a line each for method, URI, version and headers, an empty one, then the body.
#[handler]
pub fn echo(_ctx: &mut HandlerContext, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let mut lines = vec![format!("{} {} {:?}", parts.method, parts.uri, parts.version)];
    for (name, value) in &parts.headers {
        lines.push(format!("{name}: {}", String::from_utf8_lossy(value.as_bytes())));
    }
    let mut bytes = lines.join("\n").into_bytes();
    bytes.extend(b"\n\n");
    bytes.extend(body.into_bytes());
    Response::new(Body::from(bytes))
}

/// Lines of `database`, `timestamp`, `sender` and `internal` of its transaction, and a `uuid`.
#[handler]
pub fn context(ctx: &mut HandlerContext, _request: Request) -> Response {
    let (sender, connection, is_internal) =
        ctx.with_tx(|tx| (tx.sender(), tx.connection_id(), tx.sender_auth().is_internal()));
    let lines = [
        format!("database {}", ctx.database_identity()),
        format!("timestamp {}", ctx.timestamp.to_micros_since_unix_epoch()),
        format!("sender {sender}"),
        format!("connection {}", if connection.is_some() { "some" } else { "none" }),
        format!("internal {is_internal}"),
        format!("uuid {}", ctx.new_uuid_v7().expect("random bytes are always at hand")),
        format!("random {}", ctx.random::<u32>()),
    ];
    Response::new(Body::from(lines.join("\n")))
}

/// Fetches the URL in its body: 502 with the reason when that does not work.
#[handler]
pub fn fetch(ctx: &mut HandlerContext, request: Request) -> Response {
    let url = request.into_body().into_string_lossy();
    ctx.http.get(url).unwrap_or_else(|error| {
        let response = Response::builder().status(502).body(Body::from(error.to_string()));
        response.expect("a status and a text make a response")
    })
}
