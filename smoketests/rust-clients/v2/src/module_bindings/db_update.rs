//! What a message from the server changes in the tables, and what of that is news to the client.

use spacetimedb_sdk::__codegen::__ws::v2;
use spacetimedb_sdk::__codegen::{self as sdk, DbCallbacks, InternalError, TableAppliedDiff, TableUpdate};

use super::{Entry, EventContext, RemoteModule};

#[derive(Default, Debug)]
pub struct DbUpdate {
    entry: TableUpdate<Entry>,
}

impl sdk::InModule for DbUpdate {
    type Module = RemoteModule;
}

impl TryFrom<v2::TransactionUpdate> for DbUpdate {
    type Error = sdk::Error;

    fn try_from(update: v2::TransactionUpdate) -> Result<Self, Self::Error> {
        let mut result = Self::default();
        for table in sdk::transaction_update_iter_table_updates(update) {
            match &table.table_name[..] {
                "entry" => result.entry.append(TableUpdate::parse_table_update(table)?),
                unknown => return Err(InternalError::unknown_name("table", unknown, "TransactionUpdate").into()),
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

    fn parse_initial_rows(rows: v2::QueryRows) -> sdk::Result<Self> {
        parse(rows, sdk::parse_row_list_as_inserts)
    }

    fn parse_unsubscribe_rows(rows: v2::QueryRows) -> sdk::Result<Self> {
        parse(rows, sdk::parse_row_list_as_deletes)
    }
}

fn parse(
    rows: v2::QueryRows,
    parse_list: fn(sdk::__ws::v2::BsatnRowList) -> sdk::Result<TableUpdate<Entry>>,
) -> sdk::Result<DbUpdate> {
    let mut result = DbUpdate::default();
    for table in rows.tables {
        match &table.table[..] {
            "entry" => result.entry.append(parse_list(table.rows)?),
            unknown => return Err(InternalError::unknown_name("table", unknown, "QueryRows").into()),
        }
    }
    Ok(result)
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
