//! What a message from the server changes in the tables, and what of that is news to the client.

use spacetimedb_sdk::__codegen::__ws::{BsatnFormat, DatabaseUpdate};
use spacetimedb_sdk::__codegen::{self as sdk, DbCallbacks, InternalError, TableAppliedDiff, TableUpdate};

use super::{Entry, EventContext, RemoteModule};

#[derive(Default)]
pub struct DbUpdate {
    entry: TableUpdate<Entry>,
}

impl sdk::InModule for DbUpdate {
    type Module = RemoteModule;
}

impl TryFrom<DatabaseUpdate<BsatnFormat>> for DbUpdate {
    type Error = sdk::Error;

    fn try_from(update: DatabaseUpdate<BsatnFormat>) -> Result<Self, Self::Error> {
        let mut result = Self::default();
        for table in update.tables {
            match &table.table_name[..] {
                "entry" => result.entry.append(TableUpdate::parse_table_update(table)?),
                unknown => return Err(InternalError::unknown_name("table", unknown, "DatabaseUpdate").into()),
            }
        }
        Ok(result)
    }
}

impl sdk::DbUpdate for DbUpdate {
    fn apply_to_client_cache(&self, cache: &mut sdk::ClientCache<RemoteModule>) -> AppliedDiff<'_> {
        let entry = cache.apply_diff_to_table("entry", &self.entry).with_updates_by_pk(|row: &Entry| &row.id);
        AppliedDiff { entry }
    }
}

pub struct AppliedDiff<'r> {
    entry: TableAppliedDiff<'r, Entry>,
}

impl sdk::InModule for AppliedDiff<'_> {
    type Module = RemoteModule;
}

impl<'r> sdk::AppliedDiff<'r> for AppliedDiff<'r> {
    fn invoke_row_callbacks(&self, event: &EventContext, callbacks: &mut DbCallbacks<RemoteModule>) {
        callbacks.invoke_table_row_callbacks::<Entry>("entry", &self.entry, event);
    }
}
