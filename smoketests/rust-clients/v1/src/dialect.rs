use spacetimedb_sdk::{DbConnectionBuilder, Event, Status, Table};

use crate::client::say;
use crate::module_bindings::{DbConnection, Reducer, RemoteModule};

pub fn builder(database: &str) -> DbConnectionBuilder<RemoteModule> {
    DbConnection::builder().with_module_name(database)
}

/// Of every reducer, whoever called it: those who did not hear of it only from modules of before V10.
pub fn report_calls(connection: &DbConnection) {
    for name in ["write", "erase", "missing"] {
        connection.reducers.on_call(name, |context| {
            let outcome = match &context.event.status {
                Status::Committed => "committed".to_string(),
                Status::Failed(message) => format!("failed: {message}"),
                Status::OutOfEnergy => "ran out of energy".to_string(),
            };
            say(format!("{:?} {outcome}, {} rows", context.event.reducer, context.db.entry().count()));
        });
    }
}

pub fn call(connection: &DbConnection, reducer: Reducer) {
    connection.reducers.call(reducer).expect("it is connected");
}

pub fn cause(event: &Event<Reducer>) -> &'static str {
    match event {
        Event::Reducer(_) => "my call",
        Event::SubscribeApplied => "subscribing",
        Event::UnsubscribeApplied => "unsubscribing",
        Event::UnknownTransaction => "somebody else",
        _ => "something else",
    }
}
