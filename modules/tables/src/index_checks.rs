//! Looks everything up in every index and compares the answers with plain scans: a difference is a panic.

use std::fmt::Debug;

use spacetimedb::{ReducerContext, Table};

use crate::indexes::{direct, table_of_hashes, tree, unique, Direct, Grade, Hashes, Tree, Unique};

/// Points and ranges, open and closed, of each B-tree.
#[spacetimedb::reducer]
pub fn check_trees(ctx: &ReducerContext) {
    let rows: Vec<Tree> = ctx.db.tree().iter().collect();
    macro_rules! check {
        ($($column:ident),*) => { $(
            let index = ctx.db.tree().$column();
            for Tree { $column: key, .. } in &rows {
                let check = |found, is_meant: &dyn Fn(&Tree) -> bool| same(stringify!($column), key, found, &rows, is_meant);
                check(ids(index.filter(key)), &|row| row.$column == *key);
                check(ids(index.filter(key..)), &|row| row.$column >= *key);
                check(ids(index.filter(..key)), &|row| row.$column < *key);
                check(ids(index.filter(..=key)), &|row| row.$column <= *key);
                check(ids(index.filter(key..key)), &|_| false);
            }
        )* };
    }
    check!(an_u8, an_i8, an_u16, an_i16, an_u32, an_i32, an_u64, an_i64, an_u128, an_i128, an_u256, an_i256);
    check!(a_bool, a_string, an_identity, a_connection_id, a_timestamp, a_uuid, a_hash, grade);
}

/// Prefixes of several columns, with or without a range behind them.
#[spacetimedb::reducer]
pub fn check_prefixes(ctx: &ReducerContext) {
    let rows: Vec<Tree> = ctx.db.tree().iter().collect();
    let (by_three, by_four) = (ctx.db.tree().by_grade_text_number(), ctx.db.tree().by_four());
    for key in &rows {
        let check = |what, found, is_meant: &dyn Fn(&Tree) -> bool| same(what, key, found, &rows, is_meant);
        let has_grade = |row: &Tree| row.grade == key.grade;
        let has_text = |row: &Tree| has_grade(row) && row.a_string == key.a_string;
        check("grade", ids(by_three.filter(key.grade)), &has_grade);
        check("grade..", ids(by_three.filter(key.grade..)), &|row| row.grade >= key.grade);
        check("grade, text", ids(by_three.filter((key.grade, &key.a_string))), &has_text);
        let found = ids(by_three.filter((key.grade, &key.a_string..)));
        check("grade, text..", found, &|row| has_grade(row) && row.a_string >= key.a_string);
        let found = ids(by_three.filter((key.grade, &key.a_string, ..=key.an_i32)));
        check("grade, text, ..=number", found, &|row| has_text(row) && row.an_i32 <= key.an_i32);
        let found = ids(by_three.filter((key.grade, &key.a_string, key.an_i32)));
        check("grade, text, number", found, &|row| has_text(row) && row.an_i32 == key.an_i32);

        let has_two = |row: &Tree| row.a_bool == key.a_bool && row.an_u8 == key.an_u8;
        let found = ids(by_four.filter((key.a_bool, key.an_u8, key.an_i64..)));
        check("bool, u8, i64..", found, &|row| has_two(row) && row.an_i64 >= key.an_i64);
        let found = ids(by_four.filter((key.a_bool, key.an_u8, key.an_i64, ..key.an_identity)));
        let is_meant = |row: &Tree| has_two(row) && row.an_i64 == key.an_i64 && row.an_identity < key.an_identity;
        check("bool, u8, i64, ..identity", found, &is_meant);
    }
}

/// A hash index finds points only.
#[spacetimedb::reducer]
pub fn check_hashes(ctx: &ReducerContext) {
    let rows: Vec<Hashes> = ctx.db.table_of_hashes().iter().collect();
    macro_rules! check {
        ($($column:ident),*) => { $(
            let index = ctx.db.table_of_hashes().$column();
            for Hashes { $column: key, .. } in &rows {
                same(stringify!($column), key, ids(index.filter(key)), &rows, &|row| row.$column == *key);
            }
        )* };
    }
    check!(a_bool, an_u8, an_i16, an_i32, an_u64, an_i128, an_u256, a_string, an_identity, a_timestamp, a_uuid, grade);
    let by_three = ctx.db.table_of_hashes().by_grade_text_number();
    for key in &rows {
        let found = ids(by_three.filter((key.grade, &key.a_string, key.an_i32)));
        let is_meant = |row: &Hashes| (row.grade, &row.a_string, row.an_i32) == (key.grade, &key.a_string, key.an_i32);
        same("grade, text, number", key, found, &rows, &is_meant);
        assert_eq!(ctx.db.table_of_hashes().id().find(key.id).map(|row| row.id), Some(key.id));
    }
}

/// Unique columns of every type and index kind: `find` and `delete` by each, and a second row with any one of a row's
/// values is refused.
#[spacetimedb::reducer]
pub fn check_uniques(ctx: &ReducerContext) {
    let rows: Vec<Unique> = ctx.db.unique().iter().collect();
    let fresh = |id: i64| Unique {
        id,
        an_u256: u128::MAX.into(),
        a_string: "fresh".to_string(),
        an_identity: spacetimedb::Identity::ONE,
        a_connection_id: spacetimedb::ConnectionId::from_u128(u128::MAX),
        a_timestamp: spacetimedb::Timestamp::UNIX_EPOCH,
        a_uuid: spacetimedb::Uuid::MAX,
        a_hash: spacetimedb::spacetimedb_lib::Hash::from_byte_array([255; 32]),
    };
    macro_rules! check {
        ($($column:ident),*) => { $(
            for row in &rows {
                let found = ctx.db.unique().$column().find(&row.$column);
                assert_eq!(found.map(|row| row.id), Some(row.id), "{}", stringify!($column));
                let second = Unique { $column: row.$column.clone(), ..fresh(i64::MAX) };
                assert!(ctx.db.unique().try_insert(second).is_err(), "two rows with one {}", stringify!($column));
            }
            if let Some(row) = rows.first() {
                assert!(ctx.db.unique().$column().delete(&row.$column));
                assert!(!ctx.db.unique().$column().delete(&row.$column));
                ctx.db.unique().insert(row.clone());
            }
        )* };
    }
    check!(id, an_u256, a_string, an_identity, a_connection_id, a_timestamp, a_uuid, a_hash);
    let rows: Vec<Direct> = ctx.db.direct().iter().collect();
    let fresh = Direct { id: 999, an_u8: 1, an_u16: 999, an_u64: 999, grade: Grade::Excellent };
    macro_rules! check_direct {
        ($($column:ident),*) => { $(
            for row in &rows {
                let found = ctx.db.direct().$column().find(&row.$column);
                assert_eq!(found.map(|row| row.id), Some(row.id), "{}", stringify!($column));
                let second = Direct { $column: row.$column, ..fresh.clone() };
                assert!(ctx.db.direct().try_insert(second).is_err(), "two rows with one {}", stringify!($column));
            }
        )* };
    }
    check_direct!(id, an_u8, an_u16, an_u64, grade);
}

/// Deletes by ranges and points leave what a scan would leave.
#[spacetimedb::reducer]
pub fn check_deletes(ctx: &ReducerContext, number: i32, text: String) {
    let (trees, hashes) = (ctx.db.tree(), ctx.db.table_of_hashes());
    let count_before = trees.count();
    let meant = trees.iter().filter(|row| row.an_i32 > number).count() as u64;
    assert_eq!(trees.an_i32().delete(number + 1..), meant);
    assert_eq!(trees.count(), count_before - meant);
    assert!(trees.iter().all(|row| row.an_i32 <= number));
    let meant = hashes.iter().filter(|row| row.a_string == text).count() as u64;
    assert_eq!(hashes.a_string().delete(&text), meant);
    assert!(hashes.iter().all(|row| row.a_string != text));
}

trait HasId {
    fn id(&self) -> u32;
}

impl HasId for Tree {
    fn id(&self) -> u32 {
        self.id
    }
}

impl HasId for Hashes {
    fn id(&self) -> u32 {
        self.id
    }
}

/// The order of equal keys is the host's own matter, so the ids are sorted.
fn ids(rows: impl Iterator<Item = impl HasId>) -> Vec<u32> {
    let mut ids: Vec<u32> = rows.map(|row| row.id()).collect();
    ids.sort();
    ids
}

fn same<Row: HasId>(index: &str, key: &impl Debug, found: Vec<u32>, rows: &[Row], is_meant: &dyn Fn(&Row) -> bool) {
    let mut expected: Vec<u32> = rows.iter().filter(|row| is_meant(row)).map(HasId::id).collect();
    expected.sort();
    assert_eq!(found, expected, "index {index}, key {key:?}");
}
