use spacetimedb_sdk::{DbConnectionBuilder, Event, Table};

use crate::client::say;
use crate::module_bindings::{DbConnection, Reducer, RemoteModule};

pub fn builder(database: &str) -> DbConnectionBuilder<RemoteModule> {
    DbConnection::builder().with_database_name(database)
}

/// Each call has a callback of its own.
pub fn report_calls(_connection: &DbConnection) {}

pub fn call(connection: &DbConnection, reducer: Reducer) {
    let called = connection.reducers.call_then(reducer, |context, result| {
        let outcome = match result {
            Ok(Ok(())) => "committed".to_string(),
            Ok(Err(message)) => format!("failed: {message}"),
            Err(error) => format!("aborted: {error}"),
        };
        say(format!("{:?} {outcome}, {} rows", context.event.reducer, context.db.entry().count()));
    });
    called.expect("it is connected");
}

pub fn cause(event: &Event<Reducer>) -> &'static str {
    match event {
        Event::Reducer(_) => "my call",
        Event::SubscribeApplied => "subscribing",
        Event::UnsubscribeApplied => "unsubscribing",
        Event::Transaction => "somebody else",
        _ => "something else",
    }
}
