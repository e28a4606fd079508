export declare function datastore_clear(tableId: u32, out: usize): u32;
