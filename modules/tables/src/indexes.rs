//! Every index kind over every type that can be looked up.

use spacetimedb::sats::{i256, u256};
use spacetimedb::spacetimedb_lib::Hash;
use spacetimedb::{ConnectionId, Identity, ReducerContext, SpacetimeType, Table, Timestamp, Uuid};

#[derive(SpacetimeType, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grade {
    Poor,
    Fair,
    Good,
    VeryGood,
    Excellent,
}

const GRADES: [Grade; 5] = [Grade::Poor, Grade::Fair, Grade::Good, Grade::VeryGood, Grade::Excellent];

#[spacetimedb::table(
    accessor = tree,
    public,
    index(accessor = by_grade_text_number, btree(columns = [grade, a_string, an_i32])),
    index(accessor = by_four, btree(columns = [a_bool, an_u8, an_i64, an_identity])),
)]
#[derive(Clone, Debug)]
pub struct Tree {
    #[primary_key]
    pub id: u32,
    #[index(btree)]
    pub a_bool: bool,
    #[index(btree)]
    pub an_u8: u8,
    #[index(btree)]
    pub an_i8: i8,
    #[index(btree)]
    pub an_u16: u16,
    #[index(btree)]
    pub an_i16: i16,
    #[index(btree)]
    pub an_u32: u32,
    #[index(btree)]
    pub an_i32: i32,
    #[index(btree)]
    pub an_u64: u64,
    #[index(btree)]
    pub an_i64: i64,
    #[index(btree)]
    pub an_u128: u128,
    #[index(btree)]
    pub an_i128: i128,
    #[index(btree)]
    pub an_u256: u256,
    #[index(btree)]
    pub an_i256: i256,
    #[index(btree)]
    pub a_string: String,
    #[index(btree)]
    pub an_identity: Identity,
    #[index(btree)]
    pub a_connection_id: ConnectionId,
    #[index(btree)]
    pub a_timestamp: Timestamp,
    #[index(btree)]
    pub a_uuid: Uuid,
    #[index(btree)]
    pub a_hash: Hash,
    #[index(btree)]
    pub grade: Grade,
}

#[spacetimedb::table(
    accessor = table_of_hashes,
    public,
    index(accessor = by_grade_text_number, hash(columns = [grade, a_string, an_i32])),
)]
#[derive(Clone, Debug)]
pub struct Hashes {
    #[primary_key]
    #[index(hash)]
    pub id: u32,
    #[index(hash)]
    pub a_bool: bool,
    #[index(hash)]
    pub an_u8: u8,
    #[index(hash)]
    pub an_i16: i16,
    #[index(hash)]
    pub an_i32: i32,
    #[index(hash)]
    pub an_u64: u64,
    #[index(hash)]
    pub an_i128: i128,
    #[index(hash)]
    pub an_u256: u256,
    #[index(hash)]
    pub a_string: String,
    #[index(hash)]
    pub an_identity: Identity,
    #[index(hash)]
    pub a_timestamp: Timestamp,
    #[index(hash)]
    pub a_uuid: Uuid,
    #[index(hash)]
    pub grade: Grade,
}

/// Direct indexes are arrays, so they are for small dense numbers and plain enums, and always unique.
#[spacetimedb::table(accessor = direct, public)]
#[derive(Clone, Debug)]
pub struct Direct {
    #[primary_key]
    #[index(direct)]
    pub id: u32,
    #[unique]
    #[index(direct)]
    pub an_u8: u8,
    #[unique]
    #[index(direct)]
    pub an_u16: u16,
    #[unique]
    #[index(direct)]
    pub an_u64: u64,
    #[unique]
    #[index(direct)]
    pub grade: Grade,
}

/// Every column is unique, with the B-tree that a unique column gets when nothing else is said.
#[spacetimedb::table(accessor = unique, public)]
#[derive(Clone, Debug)]
pub struct Unique {
    #[primary_key]
    pub id: i64,
    #[unique]
    pub an_u256: u256,
    #[unique]
    pub a_string: String,
    #[unique]
    pub an_identity: Identity,
    #[unique]
    pub a_connection_id: ConnectionId,
    #[unique]
    pub a_timestamp: Timestamp,
    #[unique]
    pub a_uuid: Uuid,
    #[unique]
    pub a_hash: Hash,
}

/// Replaces all rows by `count` ones that follow from `seed`.
#[spacetimedb::reducer]
pub fn fill_indexes(ctx: &ReducerContext, count: u32, seed: u64) {
    ctx.db.tree().clear();
    ctx.db.table_of_hashes().clear();
    ctx.db.direct().clear();
    ctx.db.unique().clear();
    let mut state = seed;
    for id in 0..count {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        // Few different values, so that equal ones are common; in the middle and at both ends of each type.
        let few = (state >> 40) % 7;
        let wide = match few {
            0 => 0,
            1 => u64::MAX,
            _ => state << 32 >> (few * 8),
        };
        let grade = GRADES[(state >> 50) as usize % GRADES.len()];
        let bytes = [few as u8; 32];
        let tree = Tree {
            id,
            a_bool: few > 3,
            an_u8: wide as u8,
            an_i8: wide as i8,
            an_u16: wide as u16,
            an_i16: wide as i16,
            an_u32: wide as u32,
            an_i32: (few as i32 - 3) * 1000,
            an_u64: wide,
            an_i64: wide as i64,
            an_u128: u128::from(wide) << few,
            an_i128: -(i128::from(wide) << few),
            an_u256: u256::from(wide) << 190,
            an_i256: i256::from(wide as i64) << 190,
            a_string: ["", "a", "a\0", "aa", "Ä", "z", "🚀"][few as usize].to_string(),
            an_identity: Identity::from_byte_array(bytes),
            a_connection_id: ConnectionId::from_u128(u128::from(few) << 100),
            a_timestamp: Timestamp::from_micros_since_unix_epoch(wide as i64),
            a_uuid: Uuid::from_u128(u128::from(wide) << 60),
            a_hash: Hash::from_byte_array(bytes),
            grade,
        };
        ctx.db.table_of_hashes().insert(Hashes {
            id,
            a_bool: tree.a_bool,
            an_u8: tree.an_u8,
            an_i16: tree.an_i16,
            an_i32: tree.an_i32,
            an_u64: tree.an_u64,
            an_i128: tree.an_i128,
            an_u256: tree.an_u256,
            a_string: tree.a_string.clone(),
            an_identity: tree.an_identity,
            a_timestamp: tree.a_timestamp,
            a_uuid: tree.a_uuid,
            grade,
        });
        ctx.db.tree().insert(tree);
        ctx.db.unique().insert(Unique {
            id: i64::from(id) - 10,
            an_u256: u256::from(id) << 200,
            a_string: format!("text {id}"),
            an_identity: Identity::from_byte_array([id as u8; 32]),
            a_connection_id: ConnectionId::from_u128(u128::from(id) << 100),
            a_timestamp: Timestamp::from_micros_since_unix_epoch(1000 - i64::from(id)),
            a_uuid: Uuid::from_u128(u128::from(id) << 60),
            a_hash: Hash::from_byte_array([id as u8; 32]),
        });
        // Excellence stays unattained.
        if let Some(&grade) = GRADES[..4].get(id as usize) {
            ctx.db.direct().insert(Direct {
                id: id * 50,
                an_u8: 255 - id as u8,
                an_u16: id as u16 * 300,
                an_u64: u64::from(id) * 7,
                grade,
            });
        }
    }
}
