//! The table `entry`, with its primary key and its unique column.

use spacetimedb_sdk::__codegen::{self as sdk, __lib, CallbackId, TableHandle, UniqueConstraintHandle};
use spacetimedb_sdk::{Identity, Table, TableWithPrimaryKey, Timestamp};

use super::{EventContext, RemoteModule};

#[derive(__lib::ser::Serialize, __lib::de::Deserialize, Clone, PartialEq, Debug)]
#[sats(crate = __lib)]
pub struct Entry {
    pub id: u64,
    pub text: String,
    pub author: Identity,
    pub written_at: Timestamp,
}

impl sdk::InModule for Entry {
    type Module = RemoteModule;
}

pub fn register(cache: &mut sdk::ClientCache<RemoteModule>) {
    let table = cache.get_or_make_table::<Entry>("entry");
    table.add_unique_constraint("id", |row| &row.id);
    table.add_unique_constraint("text", |row| &row.text);
}

pub struct EntryTable {
    imp: TableHandle<Entry>,
}

impl EntryTable {
    pub fn new(imp: TableHandle<Entry>) -> Self {
        Self { imp }
    }

    pub fn text(&self) -> UniqueConstraintHandle<Entry, String> {
        self.imp.get_unique_constraint("text")
    }
}

impl Table for EntryTable {
    type Row = Entry;
    type EventContext = EventContext;

    fn count(&self) -> u64 {
        self.imp.count()
    }

    fn iter(&self) -> impl Iterator<Item = Entry> + '_ {
        self.imp.iter()
    }

    type InsertCallbackId = CallbackId;

    fn on_insert(&self, callback: impl FnMut(&EventContext, &Entry) + Send + 'static) -> CallbackId {
        self.imp.on_insert(callback)
    }

    fn remove_on_insert(&self, callback: CallbackId) {
        self.imp.remove_on_insert(callback);
    }

    type DeleteCallbackId = CallbackId;

    fn on_delete(&self, callback: impl FnMut(&EventContext, &Entry) + Send + 'static) -> CallbackId {
        self.imp.on_delete(callback)
    }

    fn remove_on_delete(&self, callback: CallbackId) {
        self.imp.remove_on_delete(callback);
    }
}

impl TableWithPrimaryKey for EntryTable {
    type UpdateCallbackId = CallbackId;

    fn on_update(&self, callback: impl FnMut(&EventContext, &Entry, &Entry) + Send + 'static) -> CallbackId {
        self.imp.on_update(callback)
    }

    fn remove_on_update(&self, callback: CallbackId) {
        self.imp.remove_on_update(callback);
    }
}
