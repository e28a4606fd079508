//! Bindings for `modules/procedures`: what the official generator writes for one table, two reducers and three
//! procedures of it, by hand. `spacetimedb_sdk::__codegen` is made for such code and for nobody else.

#[path = "../../../shared/contexts.rs"]
mod contexts;
mod db_update;
#[path = "../../../shared/entry_table.rs"]
mod entry_table;
#[path = "../../../shared/procedures.rs"]
mod procedures;
mod reducers;

use spacetimedb_sdk::__codegen as sdk;

pub use contexts::{DbConnection, ErrorContext, EventContext, ProcedureEventContext, ReducerEventContext};
pub use contexts::{SubscriptionEventContext, SubscriptionHandle};
pub use db_update::{AppliedDiff, DbUpdate};
pub use entry_table::{Entry, EntryTable};
pub use procedures::RemoteProcedures;
pub use reducers::{Reducer, RemoteReducers};

/// The module, as a type.
#[derive(Debug)]
pub struct RemoteModule;

impl sdk::InModule for RemoteModule {
    type Module = Self;
}

impl sdk::SpacetimeModule for RemoteModule {
    type DbConnection = DbConnection;
    type EventContext = EventContext;
    type ReducerEventContext = ReducerEventContext;
    type ProcedureEventContext = ProcedureEventContext;
    type SubscriptionEventContext = SubscriptionEventContext;
    type ErrorContext = ErrorContext;
    type Reducer = Reducer;
    type DbView = RemoteTables;
    type Reducers = RemoteReducers;
    type Procedures = RemoteProcedures;
    type DbUpdate = DbUpdate;
    type AppliedDiff<'r> = AppliedDiff<'r>;
    type SubscriptionHandle = SubscriptionHandle;
    type QueryBuilder = sdk::QueryBuilder;

    fn register_tables(cache: &mut sdk::ClientCache<Self>) {
        entry_table::register(cache);
    }

    const ALL_TABLE_NAMES: &'static [&'static str] = &["entry"];
}

/// The tables in the client's cache.
pub struct RemoteTables {
    imp: sdk::DbContextImpl<RemoteModule>,
}

impl sdk::InModule for RemoteTables {
    type Module = RemoteModule;
}

impl RemoteTables {
    pub fn entry(&self) -> EntryTable {
        EntryTable::new(self.imp.get_table("entry"))
    }
}
