//! A client with the official SDK that does what it reads, one command a line, and prints what it is told, one event
//! a line. `smoketests/test/rust-client.test.ts` talks to it.
//!
//! ```text
//! rust-client-v2 http://127.0.0.1:3000 <database> <None|Gzip|Brotli> <default|confirmed|unconfirmed> [<token>]
//! ```
//!
//! The same for every version of the SDK; what differs between them is in their `dialect` and `module_bindings`.

use std::io::{stdin, stdout, Write};

use spacetimedb_sdk::{Compression, SubscriptionHandle as _, Table, TableWithPrimaryKey};

use crate::dialect;
use crate::module_bindings::{DbConnection, Entry, EventContext, Reducer, SubscriptionHandle};

pub fn run() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [url, database, compression, reads, token @ ..] = &arguments[..] else {
        panic!("expected a URL, a database, a compression, what reads are wanted, and perhaps a token");
    };
    let builder = dialect::builder(database)
        .with_uri(url.as_str())
        .with_token(token.first())
        .with_compression(match compression.as_str() {
            "None" => Compression::None,
            "Gzip" => Compression::Gzip,
            "Brotli" => Compression::Brotli,
            other => panic!("no such compression: {other}"),
        })
        .on_connect(|_connection, identity, token| say(format!("connected {identity} {token}")))
        .on_connect_error(|_context, error| say(format!("not connected: {error}")))
        .on_disconnect(|context, error| {
            let rows = context.db.entry().count();
            say(format!(
                "disconnected with {rows} rows: {}",
                error.map_or("as asked".into(), |error| error.to_string())
            ))
        });
    let builder = match reads.as_str() {
        "default" => builder,
        "confirmed" => builder.with_confirmed_reads(true),
        "unconfirmed" => builder.with_confirmed_reads(false),
        other => panic!("no such reads: {other}"),
    };
    let connection = match builder.build() {
        Ok(connection) => connection,
        Err(error) => return say(format!("refused: {error}")),
    };
    report_rows(&connection);
    dialect::report_calls(&connection);
    let thread = connection.run_threaded();
    let mut subscriptions = Vec::new();
    for line in stdin().lines() {
        let line = line.expect("commands are UTF-8");
        let (command, rest) = line.split_once(' ').unwrap_or((&line, ""));
        obey(&connection, &mut subscriptions, command, rest);
    }
    // Ends when the connection has.
    thread.join().expect("the SDK's thread panicked");
}

fn obey(connection: &DbConnection, subscriptions: &mut Vec<SubscriptionHandle>, command: &str, rest: &str) {
    let text = rest.to_string();
    match command {
        "subscribe" => {
            let queries: Vec<String> = rest.split("; ").map(String::from).collect();
            let builder = connection
                .subscription_builder()
                .on_applied(|context| say(format!("applied with {} rows", context.db.entry().count())))
                .on_error(|_context, error| say(format!("subscription error: {error}")));
            subscriptions.push(builder.subscribe(queries));
        }
        "unsubscribe" => {
            let last = subscriptions.pop().expect("there is a subscription");
            let ended = last.unsubscribe_then(Box::new(|context| {
                say(format!("ended with {} rows", context.db.entry().count()));
            }));
            ended.expect("the subscription is live");
        }
        "write" => dialect::call(connection, Reducer::Write { text }),
        "write-long" => dialect::call(connection, Reducer::Write { text: text.repeat(1000) }),
        "erase" => dialect::call(connection, Reducer::Erase { text }),
        "missing" => dialect::call(connection, Reducer::Missing),
        "find" => {
            let found = connection.db.entry().text().find(&text);
            say(format!("found {:?}", found.map(|entry| entry.text)));
        }
        "divide" => {
            let (dividend, divisor) = rest.split_once(' ').expect("two numbers");
            connection.procedures.divide_then(
                dividend.parse().expect("a number"),
                divisor.parse().expect("a number"),
                |_context, quotient| say(format!("divided: {quotient:?}")),
            );
        }
        "many-bytes" => connection.procedures.many_bytes_then(rest.parse().expect("a number"), |_context, bytes| {
            let bytes = bytes.expect("it returns");
            let are_right = bytes.iter().enumerate().all(|(index, byte)| *byte == index as u8);
            say(format!("{} bytes, {}", bytes.len(), if are_right { "right" } else { "wrong" }));
        }),
        "panic" => connection.procedures.panic_with_then(text, |_context, result| say(format!("panicked: {result:?}"))),
        "write-in-transaction" => connection.procedures.write_in_transaction_then(text, |context, id| {
            let text =
                id.ok().and_then(|id| context.db.entry().iter().find(|entry| entry.id == id)).map(|entry| entry.text);
            say(format!("written in a transaction: {text:?}"));
        }),
        "disconnect" => connection.disconnect().expect("it is connected"),
        other => panic!("no such command: {other}"),
    }
}

fn report_rows(connection: &DbConnection) {
    let table = connection.db.entry();
    table.on_insert(|context, row| tell(context, format!("inserted {}", shown(row))));
    table.on_delete(|context, row| tell(context, format!("deleted {}", shown(row))));
    table.on_update(|context, old, new| tell(context, format!("updated {} to {}", shown(old), shown(new))));
}

fn tell(context: &EventContext, what: String) {
    say(format!("{what} by {}, {} rows", dialect::cause(&context.event), context.db.entry().count()));
}

fn shown(row: &Entry) -> String {
    if row.text.len() > 100 {
        format!("{} bytes", row.text.len())
    } else {
        format!("{:?}", row.text)
    }
}

/// A pipe is no terminal: without a flush the reader would wait for a full buffer.
pub fn say(event: String) {
    let mut out = stdout().lock();
    // Whoever started this may have stopped listening, at its end.
    let _ = writeln!(out, "{event}").and_then(|()| out.flush());
}
