//! Outgoing HTTP. The server decides which hosts a module may reach; by default none of the private ones.

use std::time::Duration;

use spacetimedb::http::{Request, Timeout};
use spacetimedb::{procedure, ProcedureContext, SpacetimeType, TimeDuration};

use crate::write_entry;

#[derive(SpacetimeType)]
pub struct Header {
    name: String,
    value: String,
}

#[derive(SpacetimeType)]
pub struct Answer {
    status: u16,
    version: String,
    headers: Vec<Header>,
    body: Vec<u8>,
}

/// The simple way: a GET.
#[procedure]
fn fetch(ctx: &mut ProcedureContext, url: String) -> Result<String, String> {
    let response = ctx.http.get(url).map_err(|error| error.to_string())?;
    let status = response.status();
    Ok(format!("{} {}", status.as_u16(), response.into_body().into_string_lossy()))
}

/// The full way: method, headers, body, and a limit of time if `timeout_ms` is not 0.
#[procedure]
fn send(
    ctx: &mut ProcedureContext,
    method: String,
    url: String,
    headers: Vec<Header>,
    body: Vec<u8>,
    timeout_ms: u64,
) -> Result<Answer, String> {
    let mut request = Request::builder().method(method.as_str()).uri(url);
    for Header { name, value } in &headers {
        request = request.header(name, value);
    }
    if timeout_ms > 0 {
        request = request.extension(Timeout::from(TimeDuration::from(Duration::from_millis(timeout_ms))));
    }
    let request = request.body(body).map_err(|error| error.to_string())?;
    let (parts, body) = ctx.http.send(request).map_err(|error| error.to_string())?.into_parts();
    let headers = parts.headers.iter().map(|(name, value)| Header {
        name: name.to_string(),
        value: String::from_utf8_lossy(value.as_bytes()).into_owned(),
    });
    Ok(Answer {
        status: parts.status.as_u16(),
        version: format!("{:?}", parts.version),
        headers: headers.collect(),
        body: body.into_bytes().to_vec(),
    })
}

/// What procedures are for: ask somebody else, then keep the answer.
#[procedure]
fn fetch_and_keep(ctx: &mut ProcedureContext, url: String) -> Result<u64, String> {
    let response = ctx.http.get(&url).map_err(|error| error.to_string())?;
    if !response.status().is_success() {
        return Err(format!("{url} answered {}", response.status()));
    }
    let text = response.into_body().into_string().map_err(|_| "the answer is not UTF-8".to_string())?;
    Ok(ctx.with_tx(|tx| write_entry(tx, &text)))
}
